"""Search for settings with Optuna. The objective is in distribution: no test cell is generated.

python -m experiments.search model=deep_sets study=widths num_trials=20

Started again, the search continues; started twice, two processes share the work. Its log of trials
is `<machine.runs_dir>/<study>/trials-<hash of the search>.log`. A trial is a run folder; a killed
trial is resumed.
"""

import json
import logging
from importlib.util import find_spec
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from data_gen.seeding import content_hash
from experiments.run.identity import config_hash
from experiments.run.parts import RunParts
from experiments.run.selection import Objective
from experiments.settings.checks import check_writable
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.kinds import COUNT, SEED
from experiments.settings.overrides import as_override
from experiments.settings.run_settings import RunSettings
from experiments.settings.schema import check_kind
from experiments.sweep.space import check_space
from experiments.sweep.trials import Trials, settings_of
from experiments.sweep.tries import try_next
from experiments.tracking.mirrors import tracker_of

LOG = logging.getLogger(__name__)
OWN = ("num_trials", "sampler_seed", "space")  # keys that a training does not have
NUM_SHOWN = 5


def search(config: DictConfig) -> None:
    """Try settings until `num_trials` are done; print the best, write `trials-<hash>.csv`.

    Raises:
        UserError: a value is not allowed, optuna is not installed, or all trials failed.
    """
    training = OmegaConf.masked_copy(config, [str(key) for key in config if key not in OWN])
    objective = _check(config, training)
    folder = Path(training.machine.runs_dir) / training.study
    trials = Trials(folder, _identity(config, training), config.sampler_seed, objective)
    with trials.beginning():
        trials.take_up()
    while try_next(trials, config, training):
        pass
    LOG.info("%s", trials.write())
    _print(trials)


def _identity(config: DictConfig, training: DictConfig) -> str:
    """Return the name of the search: a hash of everything that determines its trials."""
    about = [config.space, config.sampler_seed, training.seed]
    plain = [OmegaConf.to_container(a) if isinstance(a, DictConfig) else a for a in about]
    return f"trials-{content_hash(json.dumps([config_hash(training), *plain]))[:8]}"


def _check(config: DictConfig, training: DictConfig) -> Objective:
    """Return the objective; raise UserError for the first value that is not allowed."""
    if HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN:
        raise UserError("hydra.mode must be RUN for a search, got 'MULTIRUN'")
    check_kind("num_trials", config.num_trials, COUNT)
    check_kind("sampler_seed", config.sampler_seed, SEED)
    if find_spec("optuna") is None:
        raise UserError("optuna is not installed: pip install -r requirements-search.txt")
    RunSettings.of_config(training).machine.check_device()
    check_space(config.space, training)
    check_writable(training, "machine.runs_dir")
    tracker_of(training)
    parts = RunParts(training)
    return Objective.of(parts.task, parts.build_learner().selected_by)


def _print(trials: Trials) -> None:
    """Print the best few trials, with their settings as overrides of a training."""
    metric, sign = trials.objective
    told = [trial for trial in trials.ended if trial.value is not None]
    done = sorted(told, key=lambda trial: sign * trial.values[0])
    under_way = len(trials.begun) - len(trials.ended)
    if under_way:
        LOG.info("trials still running in other processes: %d", under_way)
    elif not done:
        raise UserError(f"num_trials: all {len(trials.ended)} trials failed")
    for trial in done[:NUM_SHOWN]:
        settings = " ".join(as_override(*pair) for pair in settings_of(trial).items())
        LOG.info("val/%s %.4g  %s", metric, trial.values[0], settings)


if __name__ == "__main__":
    start("search", search)
