"""A sweep: run every configuration once, with any of Hydra's launchers; failures are isolated.

The run folders are the memory of a sweep. After a sweep was killed, the same command continues it:
it skips complete runs and resumes incomplete ones.
"""

import copy
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from experiments.processes.interrupt import SweepInterrupt
from experiments.processes.world import World
from experiments.settings.errors import USER_ERRORS, UserError, one_line
from experiments.settings.labels import labelled
from experiments.study.join import join_study
from experiments.sweep.job import Job, Status, check_labels, number_of, outcome_table
from experiments.sweep.progress import shown_progress
from experiments.tracking.mirrors import Tracker, tracker_of

LOG = logging.getLogger(__name__)
# Keys that are not added to labels: arms have their own labels, the others do not change a method.
UNTOLD = ("experiment", "machine.", "tracking")
NAMED = {"seed", "model", "label", "task", "task_label", "study"}  # already columns of the tables


class StudySweeper(Sweeper):
    """Sweep like Hydra's basic sweeper, with one job for every run folder.

    Args:
        params: default overrides of the sweep, before those of the command line.
        join: whether to join the tables of the runs and draw the figures at the end.
    """

    def __init__(self, params: dict[str, str] | None, join: bool) -> None:
        self.params, self.join = params or {}, join
        self._interrupt: SweepInterrupt | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep Hydra's configuration and loader, and instantiate its launcher."""
        self._loader, self._config = hydra_context.config_loader, config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run the jobs that are not done, then join the tables.

        Raises:
            UserError: two methods have the same label, or a job failed.
            KeyboardInterrupt: the sweep was stopped; jobs in other processes saved their states.
        """
        is_first = World.here().is_first  # several processes may share each training
        tracker = tracker_of(self._config) if is_first else None
        jobs = self._jobs(arguments)
        begun = [job for job in jobs if job.is_open]
        with shown_progress(jobs), self._interruptible(jobs):
            self._launch(begun)
        if self._is_stopped:
            for job in begun:
                job.was_stopped = not job.is_done
            LOG.info("%s", outcome_table(jobs))
            raise KeyboardInterrupt
        try:
            if self.join and is_first:
                join_studies(jobs, tracker)
        finally:
            LOG.info("%s", outcome_table(jobs))
        failed = sum(job.status == Status.FAILED for job in jobs)
        if failed:
            raise UserError(f"{failed} of {number_of(jobs)} failed, the same command tries again")

    def _jobs(self, arguments: list[str]) -> list[Job]:
        """Return the jobs in order; of several with one run folder, only the first.

        Raises:
            UserError: two methods have the same label.
        """
        lines = [*(f"{key}={value}" for key, value in self.params.items()), *arguments]
        parsed = parsed_overrides(lines, self._loader)
        keys = {o.get_key_element() for o in parsed if o.is_sweep_override()} - NAMED
        keys = {key for key in keys if not key.startswith(UNTOLD)}
        (batch,) = BasicSweeper.split_arguments(parsed, None)
        jobs: dict[str, Job] = {}
        for overrides in batch:
            job = self._job(overrides, keys)
            jobs.setdefault(job.name, job)
        check_labels(jobs.values())
        return list(jobs.values())

    def _job(self, overrides: list[str], keys: set[str]) -> Job:
        """Build a job, composed as its launcher will; with an error if it is refused.

        The swept values of `keys` are added to the label, so that tables distinguish them.
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
        """Compose the configuration of a job."""
        before = HydraConfig.instance().cfg
        try:
            config = self._loader.load_sweep_config(self._config, list(overrides))
            HydraConfig.instance().set_config(config)  # labels interpolate it
            config = copy.deepcopy(config)
            with open_dict(config):
                del config["hydra"]
            OmegaConf.resolve(config)
            return config
        finally:
            HydraConfig.instance().cfg = before

    @contextmanager
    def _interruptible(self, jobs: list[Job]) -> Iterator[None]:
        """While entered, Ctrl-C stops jobs in other processes, except those in Slurm's queue."""
        if self._config.hydra.launcher["_target_"].endswith(("BasicLauncher", "SlurmQueue")):
            yield
            return
        with SweepInterrupt({job.folder.path.parent for job in jobs if job.folder}) as interrupt:
            self._interrupt = interrupt
            yield

    @property
    def _is_stopped(self) -> bool:
        return self._interrupt is not None and self._interrupt.is_requested

    def _launch(self, jobs: list[Job]) -> None:
        """Run jobs; if a lost process took others along, run the rest in halves, recursively.

        A job that always kills its process is finally launched alone.
        """
        if not jobs or self._is_stopped:
            return
        try:
            returns = self._launcher.launch([job.overrides for job in jobs], 0)
        except Exception as error:  # every launcher has its own error for a lost process
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


def parsed_overrides(lines: list[str], loader: ConfigLoader) -> list[Override]:
    """Parse overrides; a pattern of files, as in `experiment=glob(*)`, matches no hidden file."""
    parsed = OverridesParser.create(config_loader=loader).parse_overrides(lines)
    for override in parsed:
        if isinstance(choices := override.value(), Glob):
            choices.exclude.append(".*")
    return parsed


def join_studies(jobs: list[Job], tracker: Tracker | None) -> None:
    """Join the tables of every study with a complete run, for the configurations of the jobs."""
    studies = {job.folder.path.parent for job in jobs if job.folder and job.is_done}
    for study in sorted(studies):
        join_study(study, {job.config_hash for job in jobs}, tracker)


def register_plugins() -> None:
    """Register the project's plugins; Hydra accepts only names that begin with hydra_plugins."""
    plugins: list[type] = [StudySweeper]
    with suppress(ImportError):  # submitit is optional, see requirements-slurm.txt
        from experiments.sweep.queues import LocalQueue, SlurmQueue

        plugins += [LocalQueue, SlurmQueue]
    for plugin in plugins:
        Plugins.instance().class_name_to_class[f"hydra_plugins.{plugin.__name__}"] = plugin


def _end_ray() -> None:
    """End Ray, so that none of its jobs still runs when the jobs are started again."""
    ray = sys.modules.get("ray")
    if ray is not None:
        ray.shutdown()
