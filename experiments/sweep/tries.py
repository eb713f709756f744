"""Run the trials of a search one after another: draw settings, train, record the loss."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from omegaconf import DictConfig, OmegaConf

from experiments.processes.world import ALONE
from experiments.run import curve
from experiments.run.bounds import check_training
from experiments.run.folder import RunFolder
from experiments.run.machine import device_of
from experiments.run.parts import RunParts
from experiments.run.training import make_training_sets, new_model, train_once
from experiments.settings.errors import USER_ERRORS, one_line
from experiments.settings.labels import labelled
from experiments.sweep.space import suggested
from experiments.sweep.trials import Trials
from experiments.tracking.mirrors import mirrored, tracker_of
from experiments.tracking.source import source_of_run

if TYPE_CHECKING:
    from optuna import Trial

LOG = logging.getLogger(__name__)


def try_next(trials: Trials, config: DictConfig, training: DictConfig) -> bool:
    """Run the next trial; return False if enough trials are done or running elsewhere.

    The error of a failed trial is recorded, and the search continues.
    """
    with ExitStack() as beginning:
        beginning.enter_context(trials.beginning())
        if len(trials.begun) >= config.num_trials:
            return False
        trial = trials.ask()
        try:
            _train(trials, trial, _configured(trial, config.space, training), beginning.close)
        except Exception as error:  # such as no memory for a width: the search continues
            if not isinstance(error, USER_ERRORS):
                LOG.exception("trial %d failed", trial.number)
            LOG.warning("trial %d: %s", trial.number, one_line(error))
            trials.fail(trial, one_line(error))
    return True


def _configured(trial: "Trial", space: DictConfig, training: DictConfig) -> DictConfig:
    """Return the training's configuration with the settings of a trial."""
    config = training.copy()
    settings = suggested(trial, space)
    for key, value in settings.items():
        OmegaConf.update(config, key, value)
    config.label = labelled(config.label, settings)
    return config


def _train(trials: Trials, trial: "Trial", config: DictConfig, begun: Callable[[], None]) -> None:
    """Train and record the best validation value; call `begun` once the run folder is known."""
    study = RunParts(config)
    run = RunFolder.of(study.config)
    with run.locked(waits=True):  # another process may have drawn the same settings
        trial.set_user_attr("run", run.path.name)
        begun()
        model = new_model(study, ALONE.device(device_of(study.settings.machine)))
        check_training(study)
        make_training_sets(study, model)
        run.save_config(study.config)
        with mirrored(tracker_of(config), source_of_run(run, study.config, run.path.parents[1])):
            train_once(study, model, run, ALONE)
        value = curve.best(run.metrics_path, *trials.objective)
        trials.tell(trial, value)
    metric = trials.objective.metric
    LOG.info("trial %d: val/%s %.4g, %s", trial.number, metric, value, run.path.name)
