"""Search for settings with Optuna. Its objective is in distribution: no test cell is ever made.

python -m experiments.search model=deep_sets study=widths num_trials=20

Started again it goes on; started twice, two processes share the work. What was tried is in
`<machine.runs_dir>/<study>/trials-<hash of what is searched>.log`, and a trial is a run folder,
taken up where it was killed.
"""

import csv
import io
import json
import logging
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from data_gen.seeding import content_hash
from experiments.cli import start
from experiments.errors import USER_ERRORS, UserError, one_line
from experiments.files import write_atomically
from experiments.labels import labelled
from experiments.parallel import ALONE
from experiments.predicates import is_count, is_seed
from experiments.run_folder import RunFolder, config_hash
from experiments.search_space import check_space, suggested
from experiments.source import source_of_run
from experiments.study import Study, device_of
from experiments.tracking import mirrored, tracker_of
from experiments.train import make_training_sets, new_model, train_once
from experiments.validation import COUNT, SEED, check_config, check_device, check_writable

if TYPE_CHECKING:
    from optuna import Study as Trials
    from optuna import Trial
    from optuna.trial import FrozenTrial

LOG = logging.getLogger(__name__)
OWN = ("num_trials", "sampler_seed", "space")  # the keys that are not those of a training
NUM_SHOWN = 5


def search(config: DictConfig) -> None:
    """Try settings until `num_trials` are done; print the best, write `trials-<hash>.csv`."""
    training = OmegaConf.masked_copy(config, [str(key) for key in config if key not in OWN])
    _check(config, training)
    folder = Path(training.machine.runs_dir) / training.study
    trials = _opened(folder, _identity(config, training))
    _take_up(trials, folder)
    while len(_tried(trials)) < config.num_trials:
        trials.sampler = _sampler(config.sampler_seed, len(trials.trials))
        _try(trials, config.space, training)
    _write(trials, folder / f"{trials.study_name}.csv")
    _print(trials, config)


def _try(trials: "Trials", space: DictConfig, training: DictConfig) -> None:
    """One trial; of one that fails the reason is kept, and the search goes on."""
    trial = trials.ask()
    try:
        trials.tell(trial, _objective(trial, space, training))
    except Exception as error:  # such as no memory for a width: the others go on
        if not isinstance(error, USER_ERRORS):
            LOG.exception("trial %d failed", trial.number)
        LOG.warning("trial %d: %s", trial.number, one_line(error))
        trial.set_user_attr("error", one_line(error))
        trials.tell(trial, state=_state("FAIL"))


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
    check_config(training)
    check_device(training)
    check_space(config.space, training)
    check_writable(training, "machine.runs_dir")
    tracker_of(training)
    Study(training)


def _opened(folder: Path, name: str) -> "Trials":
    """The trials of that name: a file that several processes may write to."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    storage = JournalStorage(JournalFileBackend(str(folder / f"{name}.log")))
    return optuna.create_study(
        storage=storage, study_name=name, direction="minimize", load_if_exists=True
    )


def _sampler(seed: int, number: int) -> Any:  # noqa: ANN401
    """Tree-structured Parzen estimator; what it draws depends on the number of the trial alone.

    Source: Bergstra et al. 2011, as in Optuna.
    """
    from optuna.samplers import TPESampler

    return TPESampler(seed=int(np.random.SeedSequence([seed, number]).generate_state(1)[0]))


def _state(name: str) -> Any:  # noqa: ANN401
    from optuna.trial import TrialState

    return TrialState[name]


def _tried(trials: "Trials") -> list["FrozenTrial"]:
    """Those that gave a loss or failed by themselves."""
    return [t for t in trials.trials if t.state.is_finished() and "lost" not in t.user_attrs]


def _take_up(trials: "Trials", folder: Path) -> None:
    """Queue again what was killed: the trials under way on whose runs nobody works."""
    for trial in trials.get_trials(states=[_state("RUNNING")]):
        try:
            with RunFolder(folder / trial.user_attrs["run"]).locked():
                trials._storage.set_trial_user_attr(trial._trial_id, "lost", True)
                trials.tell(trial.number, state=_state("FAIL"))
                trials.enqueue_trial(trial.params)
        except (KeyError, UserError):  # just begun, or being worked on
            continue


def _objective(trial: "Trial", space: DictConfig, training: DictConfig) -> float:
    """The least validation loss of a training with the settings of a trial."""
    config = training.copy()
    settings = suggested(trial, space)
    for key, value in settings.items():
        OmegaConf.update(config, key, value)
    config.label = labelled(config.label, settings)
    check_config(config)
    study = Study(config)
    run = RunFolder.of(study.config)
    with run.locked(waits=True):  # another process may have drawn the same
        trial.set_user_attr("run", run.path.name)
        model = new_model(study, device_of(config))
        make_training_sets(study, model)
        run.save_config(study.config)
        with mirrored(tracker_of(config), source_of_run(run, study.config, run.path.parents[1])):
            train_once(study, model, run, ALONE)
        lines = run.metrics_path.read_text().splitlines()
    loss = min(json.loads(line)["val/loss"] for line in lines)
    LOG.info("trial %d: val/loss %.4g, %s", trial.number, loss, run.path.name)
    return loss


def _write(trials: "Trials", path: Path) -> None:
    """A line for every trial: its loss or its error, its run, and its settings."""
    tried = _tried(trials)
    keys = sorted({key for trial in tried for key in trial.params})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", "val/loss", "error", "run", *keys])
    for trial in tried:
        loss = "" if trial.value is None else f"{trial.value:.6g}"
        about = [trial.number, loss, *(trial.user_attrs.get(name, "") for name in ("error", "run"))]
        writer.writerow([*about, *(trial.params.get(key, "") for key in keys)])
    write_atomically(path, lambda temporary: temporary.write_text(text.getvalue()))
    LOG.info("%s", path)


def _print(trials: "Trials", config: DictConfig) -> None:
    """The best few, and what to add to the command of a training to have the best."""
    done = sorted((t for t in _tried(trials) if t.value is not None), key=lambda t: t.values[0])
    if not done:
        raise UserError(f"num_trials: all {config.num_trials} trials failed")
    for trial in done[:NUM_SHOWN]:
        settings = " ".join(f"{key}={_text(value)}" for key, value in trial.params.items())
        LOG.info("val/loss %.4g  %s", trial.values[0], settings)


def _text(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    start("search", search)
