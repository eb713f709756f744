"""One configuration of a sweep, and what became of it: its run folder tells."""

from dataclasses import dataclass
from enum import StrEnum

from omegaconf import DictConfig

from experiments.run.folder import RunFolder
from experiments.run.parts import RunParts

LOST = "its process ended without a word; the same command resumes it"


class Status(StrEnum):
    """Of a job at the end of a sweep."""

    DONE = "done"
    SKIPPED = "skipped"  # was done before
    FAILED = "failed"


@dataclass
class Job:
    """A line of overrides; `folder` is None if they are refused, `error` is the line that says why.

    `config_hash`: of its configuration, as its tables have it.
    `was_done`: when the sweep began.
    """

    overrides: list[str]
    folder: RunFolder | None = None
    config_hash: str = ""
    error: str = ""
    was_done: bool = False

    @classmethod
    def of(cls, overrides: list[str], config: DictConfig) -> "Job":
        """The job of a configuration; raises UserError if that is not allowed."""
        study = RunParts(config)
        folder = RunFolder.of(study.config)
        return cls(overrides, folder, study.run_hash, was_done=folder.is_done)

    @property
    def name(self) -> str:
        """Its run folder's, or what was asked for."""
        return self.folder.path.name if self.folder else " ".join(self.overrides)

    @property
    def is_done(self) -> bool:
        """Whether its run is complete."""
        return self.folder is not None and self.folder.is_done

    @property
    def is_open(self) -> bool:
        """Whether it is not done, and nothing has gone wrong yet."""
        return not self.is_done and not self.error

    @property
    def status(self) -> Status:
        """What became of it; one that is open was lost."""
        if self.was_done:
            return Status.SKIPPED
        return Status.DONE if self.is_done else Status.FAILED


def outcome_table(jobs: list[Job]) -> str:
    """The numbers of done, skipped and failed jobs, and why each of those failed."""
    counts = ", ".join(f"{sum(j.status == s for j in jobs)} {s}" for s in Status)
    failed = [job for job in jobs if job.status == Status.FAILED]
    width = max((len(job.name) for job in failed), default=0)
    lines = [f"failed  {job.name.ljust(width)}  {job.error or LOST}" for job in failed]
    return "\n".join([f"{number_of(jobs)}: {counts}", *lines])


def number_of(jobs: list[Job]) -> str:
    """Of jobs, in words: `1 job`, `2 jobs`."""
    return f"{len(jobs)} job{'' if len(jobs) == 1 else 's'}"
