"""The jobs of a sweep: configurations, and their status according to the run folders."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from omegaconf import DictConfig

from experiments.run.folder import RunFolder
from experiments.run.parts import RunParts

LOST = "its process ended without an error message; the same command resumes it"


class Status(StrEnum):
    """The status of a job at the end of a sweep."""

    DONE = "done"
    SKIPPED = "skipped"  # it was done before
    FAILED = "failed"
    STOPPED = "stopped"  # by Ctrl-C or SIGTERM


@dataclass
class Job:
    """One configuration of a sweep.

    Attributes:
        overrides: the line of overrides.
        folder: the run folder, or None if the overrides are refused.
        config_hash: the hash of the configuration, as in its tables.
        error: the reason for a failure, or "".
        was_done: whether the run was complete when the sweep began.
        was_stopped: whether the sweep was stopped before the run was complete.
    """

    overrides: list[str]
    folder: RunFolder | None = None
    config_hash: str = ""
    error: str = ""
    was_done: bool = False
    was_stopped: bool = False

    @classmethod
    def of(cls, overrides: list[str], config: DictConfig) -> "Job":
        """Build the job of a configuration.

        Raises:
            UserError: a value of the configuration is not allowed.
        """
        study = RunParts(config)
        folder = RunFolder.of(study.config)
        return cls(overrides, folder, study.run_hash, was_done=folder.is_done)

    @property
    def name(self) -> str:
        """The name of the run folder, or the overrides if they are refused."""
        return self.folder.path.name if self.folder else " ".join(self.overrides)

    @property
    def is_done(self) -> bool:
        """True if the run is complete."""
        return self.folder is not None and self.folder.is_done

    @property
    def is_open(self) -> bool:
        """True if the run is not complete and has no error yet."""
        return not self.is_done and not self.error

    @property
    def status(self) -> Status:
        """The status at the end of the sweep; a job that is still open was lost."""
        if self.was_done:
            return Status.SKIPPED
        if self.is_done:
            return Status.DONE
        return Status.STOPPED if self.was_stopped else Status.FAILED


def outcome_table(jobs: list[Job]) -> str:
    """Return the numbers of done, skipped, failed and stopped jobs, with what ended the last."""
    number = Counter(job.status for job in jobs)
    told = [status for status in Status if number[status] or status != Status.STOPPED]
    counts = ", ".join(f"{number[status]} {status}" for status in told)
    ended = [job for job in jobs if job.status in (Status.FAILED, Status.STOPPED)]
    width = max((len(job.name) for job in ended), default=0)
    lines = [f"{job.status}  {job.name.ljust(width)}  {job.error or LOST}" for job in ended]
    return "\n".join([f"{number_of(jobs)}: {counts}", *lines])


def number_of(jobs: list[Job]) -> str:
    """Return the number of jobs in words: `1 job`, `2 jobs`."""
    return f"{len(jobs)} job{'' if len(jobs) == 1 else 's'}"
