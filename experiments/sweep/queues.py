"""Launch the jobs of a sweep with submitit, in Slurm's queue or in local processes.

Hydra's launchers for both give up at the first lost job while other jobs still run; these wait for
all jobs.
"""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus
from hydra_plugins.hydra_submitit_launcher.config import BaseQueueConf
from hydra_plugins.hydra_submitit_launcher.submitit_launcher import LocalLauncher, SlurmLauncher
from omegaconf import OmegaConf

from experiments.processes.interrupt import NOT_BEGUN, is_stopping

LOG = logging.getLogger(__name__)
SECONDS = 0.2  # between two checks of local processes
SLURM_SECONDS = 5  # between two checks of Slurm's queue


class SlurmQueue(SlurmLauncher):
    """An array of Slurm jobs. A job that is preempted or out of time saves and is requeued."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        """Queue all jobs and wait for all; raises submitit's error if there is no Slurm."""
        calls = _calls(job_overrides, initial_job_idx)
        jobs = _executor(self, self.params).map_array(self, *zip(*calls, strict=True))
        waiting = jobs
        while waiting:
            queued = _queued()
            time.sleep(SLURM_SECONDS)  # a job that has left the queue has time to write its result
            waiting = [job for job in waiting if job.job_id in queued and not _has_result(job)]
        return [_outcome(job) for job in jobs]


class LocalQueue(LocalLauncher):
    """One local process for each job, as many at once as there are cores; losses are isolated."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        """Start jobs as others end, and wait for all of them; start none once Ctrl-C is pressed."""
        cores = (self.params["cpus_per_task"] or 1) * self.params["tasks_per_node"]
        at_once = max(1, len(os.sched_getaffinity(0)) // cores)
        executor = _executor(self, self.params)
        assert self.config is not None  # Hydra has set it
        study_folder = Path(self.config.hydra.sweep.dir)
        jobs = []
        try:
            for call in _calls(job_overrides, initial_job_idx):
                while sum(not job.done() for job in jobs) >= at_once:
                    time.sleep(SECONDS)
                if is_stopping(study_folder):
                    break
                jobs.append(executor.submit(self, *call))
            while not all(job.done() for job in jobs):
                time.sleep(SECONDS)
        except KeyboardInterrupt:  # a second Ctrl-C
            for job in jobs:
                _kill(int(job.job_id))  # of a local job: the process that watches it
            raise
        left = len(job_overrides) - len(jobs)
        return [*map(_outcome, jobs), *[_ended(NOT_BEGUN)] * left]


def _kill(pid: int) -> None:
    """Kill a process and what it has started; Linux tells the children of a process."""
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            _kill(int(child))
        os.kill(pid, signal.SIGKILL)


def _calls(job_overrides: Sequence[Sequence[str]], first: int) -> list[tuple[Any, ...]]:
    """Return the arguments of the launcher's `__call__` for each job."""
    state = Singleton.get_state()
    return [
        (list(overrides), "hydra.sweep.dir", number, f"job_id_for_{number}", state)
        for number, overrides in enumerate(job_overrides, start=first)
    ]


def _executor(launcher: SlurmLauncher | LocalLauncher, params: dict[str, Any]) -> Any:  # noqa: ANN401
    """Return submitit's executor, with the yaml's parameters under submitit's names for them."""
    from submitit import AutoExecutor

    cluster = launcher._EXECUTOR
    made_with = {"submitit_folder", "max_num_timeout"}
    limit = {f"{cluster}_{name}": params[name] for name in made_with - {"submitit_folder"}
             if name in params}  # fmt: skip
    executor = AutoExecutor(params["submitit_folder"], cluster=cluster, **limit)
    shared = set(OmegaConf.structured(BaseQueueConf))
    executor.update_parameters(**{
        name if name in shared else f"{cluster}_{name}": value
        for name, value in params.items() if name not in made_with
    })  # fmt: skip
    return executor


def _queued() -> set[str]:
    """Return the user's jobs in Slurm's queue; unlike submitit, without Slurm's accounting."""
    words = ["squeue", "--noheader", "--array", "--me", "--format=%i"]
    while True:
        answer = subprocess.run(words, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return set(answer.stdout.split())
        LOG.warning("squeue does not answer: %s", answer.stderr.strip())
        time.sleep(SLURM_SECONDS)


def _has_result(job: Any) -> bool:  # noqa: ANN401
    return job.paths.result_pickle.exists()


def _outcome(job: Any) -> JobReturn:  # noqa: ANN401
    """Return the result of a job's first task, or for a lost job a line that says so."""
    if _has_result(job):
        return (job.task(0) if job.num_tasks > 1 else job).result()
    return _ended(f"lost, the end of its log is in {job.paths.stderr}")


def _ended(line: str) -> JobReturn:
    """Return the result of a job that was not run to its end, with the reason."""
    return JobReturn(status=JobStatus.COMPLETED, _return_value=line)
