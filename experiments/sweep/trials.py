"""The trials of a search with Optuna, in a log that several processes share."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from data_gen.files import write_atomically
from experiments.run.folder import RunFolder
from experiments.run.selection import Objective
from experiments.settings.errors import UserError
from experiments.settings.overrides import as_text
from experiments.sweep.space import rounded

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.trial import FrozenTrial


class Trials:
    """The trials of one search, in `<folder>/<name>.log`.

    A killed trial is lost: it does not count, and its settings are queued again. A trial is running
    while its process holds the lock of its run folder, whose name the trial stores at its start.
    """

    def __init__(self, folder: Path, name: str, sampler_seed: int, objective: Objective) -> None:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        folder.mkdir(parents=True, exist_ok=True)
        storage = JournalStorage(JournalFileBackend(str(folder / f"{name}.log")))
        self.folder, self.name, self.sampler_seed = folder, name, sampler_seed
        self.objective = objective
        direction = "minimize" if objective.sign > 0 else "maximize"
        self.study = optuna.create_study(
            storage=storage, study_name=name, direction=direction, load_if_exists=True
        )

    @property
    def begun(self) -> list["FrozenTrial"]:
        """The trials that are running, have a loss, or failed with an error."""
        begun = [trial for trial in self.study.trials if trial.state != _state("WAITING")]
        return [trial for trial in begun if "lost" not in trial.user_attrs]

    @property
    def ended(self) -> list["FrozenTrial"]:
        """The trials that have a loss or failed with an error."""
        return [trial for trial in self.begun if trial.state.is_finished()]

    @contextmanager
    def beginning(self) -> Iterator[None]:
        """Lock the beginning of trials for this process, until its trial has a run folder."""
        with FileLock(self.folder / f".{self.name}.lock"):
            yield

    def ask(self) -> "Trial":
        """Draw the next trial with a tree-structured Parzen estimator; seeded by its number.

        Source: Bergstra et al. 2011, as in Optuna.
        """
        from optuna.samplers import TPESampler

        seed = np.random.SeedSequence([self.sampler_seed, len(self.study.trials)])
        self.study.sampler = TPESampler(seed=int(seed.generate_state(1)[0]))
        return self.study.ask()

    def tell(self, trial: "Trial", value: float) -> None:
        """Record the value of a trial."""
        self.study.tell(trial, value)

    def fail(self, trial: "Trial", error: str) -> None:
        """Record the error of a failed trial."""
        trial.set_user_attr("error", error)
        self.study.tell(trial, state=_state("FAIL"))

    def take_up(self) -> None:
        """Queue killed trials again: running trials whose run folder no process has locked.

        Call this within `beginning`: a running trial without a run folder was then killed.
        """
        for trial in self.study.get_trials(states=[_state("RUNNING")]):
            run = trial.user_attrs.get("run")
            try:
                with RunFolder(self.folder / run).locked() if run else nullcontext():
                    self.study._storage.set_trial_user_attr(trial._trial_id, "lost", True)
                    self.study.tell(trial.number, state=_state("FAIL"))
                    self.study.enqueue_trial(trial.params)
            except UserError:  # another process works on it
                continue

    def write(self) -> Path:
        """Write a csv line for every ended trial: its loss or error, its run, its settings."""
        ended = self.ended
        keys = sorted({key for trial in ended for key in trial.params})
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["trial", f"val/{self.objective.metric}", "error", "run", *keys])
        for trial in ended:
            value = "" if trial.value is None else f"{trial.value:.6g}"
            told = [trial.user_attrs.get(name, "") for name in ("error", "run")]
            settings = {key: as_text(value) for key, value in settings_of(trial).items()}
            writer.writerow([trial.number, value, *told, *(settings.get(key, "") for key in keys)])
        path = self.folder / f"{self.name}.csv"
        write_atomically(path, lambda temporary: temporary.write_text(text.getvalue()))
        return path


def settings_of(trial: "FrozenTrial") -> dict[str, Any]:
    """Return the settings that a trial was trained with."""
    from optuna.distributions import FloatDistribution

    return {
        key: rounded(value) if isinstance(trial.distributions[key], FloatDistribution) else value
        for key, value in trial.params.items()
    }


def _state(name: str) -> Any:  # noqa: ANN401
    from optuna.trial import TrialState

    return TrialState[name]
