"""A sweep: every configuration once, whatever becomes of the others, by any of Hydra's launchers.

The run folders are its memory: a sweep that was killed goes on by the same command, which skips
what is done and resumes what is half done.
"""

import copy
import logging
import sys
from contextlib import suppress

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from experiments.processes.world import World
from experiments.settings.errors import USER_ERRORS, UserError, one_line
from experiments.settings.labels import labelled
from experiments.study.join import join_study
from experiments.sweep.job import Job, Status, number_of, outcome_table
from experiments.sweep.progress import shown_progress
from experiments.tracking.mirrors import Tracker, tracker_of

LOG = logging.getLogger(__name__)
UNTOLD = ("experiment", "machine.", "tracking")  # arms name themselves; the others are no method
NAMED = {"seed", "model", "label", "task", "task_label", "study"}  # tables tell these apart


class StudySweeper(Sweeper):
    """Sweeps as Hydra's basic sweeper does, with a job for every run folder.

    Args:
        params: what is swept over where the command line does not say.
        join: whether the tables of the runs are joined, and the figures drawn, at the end.
    """

    def __init__(self, params: dict[str, str] | None, join: bool) -> None:
        self.params, self.join = params or {}, join

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra gives, and its launcher."""
        self._loader, self._config = hydra_context.config_loader, config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run what is not done, join the tables; raises UserError if a job failed."""
        is_first = World.here().is_first  # of the processes that share each training
        tracker = tracker_of(self._config) if is_first else None
        jobs = self._jobs(arguments)
        with shown_progress(jobs):
            self._launch([job for job in jobs if job.is_open])
        try:
            if self.join and is_first:
                join_studies(jobs, tracker)
        finally:
            LOG.info("%s", outcome_table(jobs))
        failed = sum(job.status == Status.FAILED for job in jobs)
        if failed:
            raise UserError(f"{failed} of {number_of(jobs)} failed, the same command tries again")

    def _jobs(self, arguments: list[str]) -> list[Job]:
        """In order; of those with the same run folder, the first."""
        parser = OverridesParser.create(config_loader=self._loader)
        lines = [*(f"{key}={value}" for key, value in self.params.items()), *arguments]
        parsed = parser.parse_overrides(lines)
        keys = {o.get_key_element() for o in parsed if o.is_sweep_override()} - NAMED
        keys = {key for key in keys if not key.startswith(UNTOLD)}
        (batch,) = BasicSweeper.split_arguments(parsed, None)
        jobs: dict[str, Job] = {}
        for overrides in batch:
            job = self._job(overrides, keys)
            jobs.setdefault(job.name, job)
        return list(jobs.values())

    def _job(self, overrides: list[str], keys: set[str]) -> Job:
        """Composed as its launcher will; with an error if the configuration is refused.

        What is swept over by one of the keys is added to the label: a table tells them apart.
        """
        try:
            pairs = [line.partition("=") for line in overrides]
            settings = {key: value for key, _, value in pairs if key in keys}
            if settings:
                label = labelled(self._composed(overrides).label, settings)
                overrides = [*overrides, f"label={label}"]
            return Job.of(overrides, self._composed(overrides))
        except USER_ERRORS as error:
            return Job(overrides, error=one_line(error))

    def _composed(self, overrides: list[str]) -> DictConfig:
        """The configuration of a job."""
        before = HydraConfig.instance().cfg
        try:
            config = self._loader.load_sweep_config(self._config, list(overrides))
            HydraConfig.instance().set_config(config)  # labels are read from it
            config = copy.deepcopy(config)
            with open_dict(config):
                del config["hydra"]
            OmegaConf.resolve(config)
            return config
        finally:
            HydraConfig.instance().cfg = before

    def _launch(self, jobs: list[Job]) -> None:
        """Run jobs; where a lost process took others along, halves of what is left, and so on.

        A job that kills its process each time is in the end alone.
        """
        if not jobs:
            return
        try:
            returns = self._launcher.launch([job.overrides for job in jobs], 0)
        except Exception as error:  # every engine has its own for a process that was lost
            _end_ray()
            if len(jobs) == 1:
                jobs[0].error = one_line(error)
                return
            LOG.warning("%s; the jobs that are left are started again, in halves", one_line(error))
            left = [job for job in jobs if job.is_open]
            self._launch(left[: len(left) // 2])
            self._launch(left[len(left) // 2 :])
        else:
            for job, done in zip(jobs, returns, strict=True):
                job.error = done.return_value or ""


def join_studies(jobs: list[Job], tracker: Tracker | None) -> None:
    """Join the tables of every study with a run that is done, of the configurations of the jobs."""
    studies = {job.folder.path.parent for job in jobs if job.folder and job.is_done}
    for study in sorted(studies):
        join_study(study, {job.config_hash for job in jobs}, tracker)


def register_plugins() -> None:
    """Make Hydra know ours: it takes the name of a plugin only if that begins as its own do."""
    plugins: list[type] = [StudySweeper]
    with suppress(ImportError):  # requirements-slurm.txt
        from experiments.sweep.queues import LocalQueue, SlurmQueue

        plugins += [LocalQueue, SlurmQueue]
    for plugin in plugins:
        Plugins.instance().class_name_to_class[f"hydra_plugins.{plugin.__name__}"] = plugin


def _end_ray() -> None:
    """So that none of its jobs runs on when they are started again."""
    ray = sys.modules.get("ray")
    if ray is not None:
        ray.shutdown()
