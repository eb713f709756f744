"""Search for settings with Optuna. Its objective is in distribution: no test cell is ever made.

python -m experiments.search model=deep_sets study=widths num_trials=20

Started again it goes on; started twice, two processes share the work. What was tried is in
`<machine.runs_dir>/<study>/trials-<hash of what is searched>.log`, and a trial is a run folder,
taken up where it was killed.
"""

import json
import logging
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from data_gen.seeding import content_hash
from experiments.processes.world import ALONE
from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.run.machine import device_of
from experiments.run.parts import RunParts
from experiments.run.training import make_training_sets, new_model, train_once
from experiments.settings.checks import COUNT, SEED, check_writable
from experiments.settings.command import start
from experiments.settings.errors import USER_ERRORS, UserError, one_line
from experiments.settings.labels import labelled
from experiments.settings.predicates import is_count, is_seed
from experiments.settings.run_settings import RunSettings
from experiments.sweep.space import check_space, suggested
from experiments.sweep.trials import Trials
from experiments.tracking.mirrors import mirrored, tracker_of
from experiments.tracking.source import source_of_run

if TYPE_CHECKING:
    from optuna import Trial

LOG = logging.getLogger(__name__)
OWN = ("num_trials", "sampler_seed", "space")  # the keys that are not those of a training
NUM_SHOWN = 5


def search(config: DictConfig) -> None:
    """Try settings until `num_trials` are done; print the best, write `trials-<hash>.csv`."""
    training = OmegaConf.masked_copy(config, [str(key) for key in config if key not in OWN])
    _check(config, training)
    folder = Path(training.machine.runs_dir) / training.study
    trials = Trials(folder, _identity(config, training), config.sampler_seed)
    with trials.beginning():
        trials.take_up()
    while _try(trials, config, training):
        pass
    LOG.info("%s", trials.write())
    _print(trials)


def _try(trials: Trials, config: DictConfig, training: DictConfig) -> bool:
    """Do the next trial; False if as many as wanted are done, or under way in other processes.

    Of one that fails the reason is kept, and the search goes on.
    """
    with ExitStack() as beginning:
        beginning.enter_context(trials.beginning())
        if len(trials.begun) >= config.num_trials:
            return False
        trial = trials.ask()
        try:
            _train(trials, trial, _configured(trial, config.space, training), beginning.close)
        except Exception as error:  # such as no memory for a width: the others go on
            if not isinstance(error, USER_ERRORS):
                LOG.exception("trial %d failed", trial.number)
            LOG.warning("trial %d: %s", trial.number, one_line(error))
            trials.fail(trial, one_line(error))
    return True


def _identity(config: DictConfig, training: DictConfig) -> str:
    """The name of what is searched: all that the losses and the draws of trials depend on."""
    about = [config.space, config.sampler_seed, training.seed]
    plain = [OmegaConf.to_container(a) if isinstance(a, DictConfig) else a for a in about]
    return f"trials-{content_hash(json.dumps([config_hash(training), *plain]))[:8]}"


def _check(config: DictConfig, training: DictConfig) -> None:
    """Raise UserError for the first value that is not allowed."""
    if HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN:
        raise UserError("hydra.mode: MULTIRUN is not allowed, a search is no sweep: RUN is")
    for key, is_allowed, allowed in (
        ("num_trials", is_count, COUNT), ("sampler_seed", is_seed, SEED),
    ):  # fmt: skip
        if not is_allowed(config[key]):
            raise UserError(f"{key}: {config[key]!r} is not allowed, {allowed}")
    if find_spec("optuna") is None:
        raise UserError("optuna is not installed: pip install -r requirements-search.txt")
    RunSettings.of_config(training).machine.check_device()
    check_space(config.space, training)
    check_writable(training, "machine.runs_dir")
    tracker_of(training)
    RunParts(training)


def _configured(trial: "Trial", space: DictConfig, training: DictConfig) -> DictConfig:
    """A training with the settings of a trial; raises UserError if they are not allowed."""
    config = training.copy()
    settings = suggested(trial, space)
    for key, value in settings.items():
        OmegaConf.update(config, key, value)
    config.label = labelled(config.label, settings)
    return config


def _train(trials: Trials, trial: "Trial", config: DictConfig, begun: Callable[[], None]) -> None:
    """Train, and tell the trial its least validation loss; call `begun` when it has its run."""
    study = RunParts(config)
    run = RunFolder.of(study.config)
    with run.locked(waits=True):  # another process may have drawn the same
        trial.set_user_attr("run", run.path.name)
        begun()
        model = new_model(study, device_of(study.settings.machine))
        make_training_sets(study, model)
        run.save_config(study.config)
        with mirrored(tracker_of(config), source_of_run(run, study.config, run.path.parents[1])):
            train_once(study, model, run, ALONE)
        lines = run.metrics_path.read_text().splitlines()
        loss = min(json.loads(line)["val/loss"] for line in lines)
        trials.tell(trial, loss)
    LOG.info("trial %d: val/loss %.4g, %s", trial.number, loss, run.path.name)


def _print(trials: Trials) -> None:
    """The best few, and what to add to the command of a training to have the best."""
    done = sorted((t for t in trials.ended if t.value is not None), key=lambda t: t.values[0])
    under_way = len(trials.begun) - len(trials.ended)
    if under_way:
        LOG.info("trials under way in other processes: %d", under_way)
    elif not done:
        raise UserError(f"num_trials: all {len(trials.ended)} trials failed")
    for trial in done[:NUM_SHOWN]:
        settings = " ".join(f"{key}={_text(value)}" for key, value in trial.params.items())
        LOG.info("val/loss %.4g  %s", trial.values[0], settings)


def _text(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    start("search", search)
