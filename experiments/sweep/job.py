"""The jobs of a sweep: configurations, and their status according to the run folders."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from textwrap import shorten

from omegaconf import DictConfig

from experiments.run.folder import RunFolder
from experiments.run.parts import RunParts
from experiments.settings.errors import UserError

MAX_NAME = 100  # characters of the name of a refused job
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
        method: the labels of study, task and model, which name the method in the tables.
    """

    overrides: list[str]
    folder: RunFolder | None = None
    config_hash: str = ""
    error: str = ""
    was_done: bool = False
    was_stopped: bool = False
    method: tuple[str, str, str] = ("", "", "")

    @classmethod
    def of(cls, overrides: list[str], config: DictConfig) -> "Job":
        """Build the job of a configuration.

        Raises:
            UserError: a value of the configuration is not allowed.
        """
        study = RunParts(config)
        folder, named = RunFolder.of(study.config), study.settings
        method = named.study, named.task_label, named.label
        return cls(overrides, folder, study.run_hash, was_done=folder.is_done, method=method)

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
    shared = set.intersection(*(set(job.overrides) for job in jobs)) if jobs[1:] else set()
    number = Counter(job.status for job in jobs)
    told = [status for status in Status if number[status] or status != Status.STOPPED]
    counts = ", ".join(f"{number[status]} {status}" for status in told)
    ended = [job for job in jobs if job.status in (Status.FAILED, Status.STOPPED)]
    names = [_short_name(job, shared) for job in ended]
    width = max(map(len, names), default=0)
    lines = [
        f"{job.status}  {name.ljust(width)}  {job.error or LOST}"
        for job, name in zip(ended, names, strict=True)
    ]
    return "\n".join([f"{number_of(jobs)}: {counts}", *lines])


def _short_name(job: Job, shared: Collection[str]) -> str:
    """Return the name of a job; of a refused one, the beginning of what sets it apart."""
    if job.folder:
        return job.name
    return shorten(" ".join(told_apart(job, shared)), MAX_NAME, placeholder=" ...")


def told_apart(job: Job, shared: Collection[str]) -> list[str]:
    """Return the overrides of a job that are not shared with others, or all if there are none."""
    return [line for line in job.overrides if line not in shared] or job.overrides


def check_labels(jobs: Iterable[Job]) -> None:
    """Raise UserError for two methods of one label: a table could have only one of them."""
    first: dict[tuple[str, str, str], Job] = {}
    for job in jobs:
        other = first.setdefault(job.method, job)
        if job.folder and job.config_hash != other.config_hash:
            apart = [told_apart(*pair) for pair in ((other, job.overrides), (job, other.overrides))]
            raise UserError(
                "label must be another one for each method of a sweep,"
                f" got {job.method[-1]!r} for {' and '.join(map(' '.join, apart))}"
            )


def number_of(jobs: list[Job]) -> str:
    """Return the number of jobs in words: `1 job`, `2 jobs`."""
    return f"{len(jobs)} job{'' if len(jobs) == 1 else 's'}"
