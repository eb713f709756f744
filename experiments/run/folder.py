"""The folder of a run: configuration, weights, resumable state and tables; DONE is written last.

All files are plain text, safetensors, parquet, or loaded with `weights_only=True`, so it is safe
to open a folder from someone else. `SHA256SUMS` lists what the run wrote, and `read` returns
nothing else.
"""

import io
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from filelock import FileLock, Timeout
from omegaconf import DictConfig, OmegaConf
from pyarrow import ArrowException
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor, nn

from data_gen.files import write_atomically
from data_gen.patterns import visible
from data_gen.reading import (
    add_sums,
    check_inside,
    check_links,
    read_bytes,
    read_checked,
    sum_of,
    sums_of,
)
from data_gen.temporary import sweep
from experiments.run import curve
from experiments.run.canonical import canonical
from experiments.run.identity import NOT_STORED, config_hash
from experiments.run.stored_config import read_config
from experiments.settings.errors import UserError, message, one_line

KEPT_STATES = 2
TABLES = ("transfer*.csv", "cells*.csv")
WRITTEN = ("weights.safetensors", "metrics.jsonl", "seconds.json", *TABLES, "instances*.parquet")
DAMAGES = (ValueError, TypeError, LookupError, AttributeError, RuntimeError)  # of a stranger's file
NAME_OF_STATE = re.compile(r"\d{9}-([0-9a-f]{16})")  # the number of updates, and the file's sum
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunFolder:
    """The files of one run."""

    path: Path

    @classmethod
    def of(cls, config: DictConfig) -> "RunFolder":
        """Return the folder of a configuration; its name ends with the configuration's hash.

        Raises:
            OSError: it is a link that leaves the folder of its study.
        """
        study = Path(config.machine.runs_dir) / config.study
        path = study / f"{config.label}-seed{config.seed}-{config_hash(config)[:8]}"
        check_inside(path, study)
        return cls(path)

    @classmethod
    def existing(cls, path: Path) -> "RunFolder":
        """Return the folder of an existing run.

        Raises:
            UserError: the folder holds no run.
        """
        run = cls(path)
        if not run.config_path.is_file():
            raise UserError(f"{path}: not a run folder, .hydra/config.yaml is missing")
        return run

    @property
    def config_path(self) -> Path:
        """The resolved configuration."""
        return self.path / ".hydra" / "config.yaml"

    @property
    def weights_path(self) -> Path:
        """The selected checkpoint."""
        return self.path / "weights.safetensors"

    @property
    def metrics_path(self) -> Path:
        """The training curve: a line of JSON for every validation."""
        return self.path / "metrics.jsonl"

    @property
    def is_done(self) -> bool:
        """True if the run is complete."""
        return (self.path / "DONE").is_file()

    def table_path(self, name: str = "") -> Path:
        """Return the path of the transfer table, of the training or of a later evaluation."""
        return self.path / (f"transfer-{name}.csv" if name else "transfer.csv")

    def cells_path(self, name: str = "") -> Path:
        """Return the path of the table of cell summaries."""
        return self.path / (f"cells-{name}.csv" if name else "cells.csv")

    def instances_path(self, name: str = "") -> Path:
        """Return the path of the instance scores behind a table."""
        return self.path / (f"instances-{name}.parquet" if name else "instances.parquet")

    def load_instances(self, name: str = "", columns: list[str] | None = None) -> pd.DataFrame:
        """Return the scores of all instances of an evaluation, or some of their columns.

        Raises:
            UserError: the file is missing, damaged, or lacks a column.
        """
        path = self.instances_path(name)
        content = io.BytesIO(self.read(path))
        try:
            return pd.read_parquet(content, columns=columns)
        except (OSError, ArrowException, *DAMAGES) as error:
            raise UserError(f"{path}: cannot be read ({message(error)})") from error

    @contextmanager
    def locked(self, *, waits: bool = False) -> Iterator[None]:
        """Lock the run for this process.

        Args:
            waits: whether to wait if another process works on the run.

        Raises:
            UserError: another process works on the run, and `waits` is false.
            OSError: something in the folder is a link that leaves it, or no regular file.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        check_links(self.path)
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            text = f"{self.path}: another process is working on this run"
            if not waits:
                raise UserError(text) from error
            LOG.info("%s; waiting for it", text)
            lock.acquire()
        try:
            for folder in (self.path, self.config_path.parent, self.path / "state"):
                if folder.is_dir():
                    sweep(folder)  # a writer may have been killed when its file was there
            yield
        finally:
            lock.release()

    def read(self, path: Path) -> bytes:
        """Return the content of a file of this run.

        Raises:
            UserError: it is missing, cannot be read, or is not the file that the run wrote.
        """
        try:
            return read_checked(path, self.path)
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror})") from error

    @property
    def has_sums(self) -> bool:
        """True if the folder lists what the run wrote; older versions wrote no list."""
        return bool(sums_of(self.path))

    @property
    def written(self) -> list[Path]:
        """The files that the run wrote, except for its states."""
        found = [path for pattern in WRITTEN for path in visible(self.path, pattern)]
        return [self.config_path, *found]

    def record(self, paths: Iterable[Path], places: Mapping[Path, Path] | None = None) -> None:
        """Add files that were just written to the list of what the run wrote.

        Args:
            paths: the files.
            places: for files that are about to be renamed, where they are now.
        """
        add_sums(self.path, paths, places)

    def save_config(self, config: DictConfig) -> None:
        """Store the resolved configuration.

        Raises:
            UserError: the folder holds another configuration.
        """
        if self.config_path.is_file():
            if config_hash(self.load_config()) != config_hash(config):
                raise UserError(f"{self.path}: the folder holds the run of another configuration")
        else:
            kept = OmegaConf.masked_copy(config, [str(k) for k in config if k not in NOT_STORED])
            text = OmegaConf.to_yaml(kept, resolve=True)
            write_atomically(self.config_path, lambda path: path.write_text(text))

    def load_config(self) -> DictConfig:
        """Read the configuration of the run.

        Raises:
            UserError: it cannot be read, or is not the configuration of a run.
        """
        return read_config(self.config_path, self.path)

    def save_weights(self, weights: dict[str, Tensor]) -> None:
        """Store the selected checkpoint."""
        tensors = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
        write_atomically(self.weights_path, lambda path: save_file(tensors, path))

    def load_weights(self, model: nn.Module) -> None:
        """Load the selected checkpoint into a model.

        Raises:
            UserError: the file cannot be read, or its weights do not fit the model.
        """
        content = self.read(self.weights_path)
        try:
            weights = load(content)
        except (SafetensorError, *DAMAGES) as error:
            raise UserError(f"{self.weights_path}: cannot be read ({message(error)})") from error
        try:
            model.load_state_dict(weights)
        except RuntimeError as error:
            raise UserError(
                f"{self.weights_path}: the weights do not fit the current {type(model).__name__}"
            ) from error

    def save_state(self, step: int, state: dict[str, Any]) -> None:
        """Store the state to resume from; the last two states are kept.

        Raises:
            OSError: the file cannot be written, for example because the disk is full.
        """
        content = io.BytesIO()
        torch.save(canonical({**state, "curve": self._curve_sum(step)}), content)
        name = f"{step:09d}-{sum_of(content.getvalue())[:16]}.pt"
        path = self.path / "state" / name
        write_atomically(path, lambda temporary: temporary.write_bytes(content.getvalue()))
        self.forget_states(step)

    def forget_states(self, step: int) -> None:
        """Keep the last states up to an update; later ones were damaged, or were not resumed."""
        states = visible(self.path / "state", "*.pt")
        kept = [path for path in states if path.name[:9] <= f"{step:09d}"][-KEPT_STATES:]
        for path in states:
            if path not in kept:
                path.unlink()

    def load_state(self) -> dict[str, Any] | None:
        """Return the last state that is as it was written, or None if there is none."""
        for path in reversed(visible(self.path / "state", "*.pt")):
            try:
                return self._state(path)
            except (OSError, UserError) as error:
                LOG.warning("left out: %s", one_line(error))
        return None

    def _state(self, path: Path) -> dict[str, Any]:
        """Read a state; raise UserError unless it and the curve up to it are as written."""
        content, named = read_bytes(path, self.path), NAME_OF_STATE.fullmatch(path.stem)
        if named is None or not sum_of(content).startswith(named[1]):
            raise UserError(f"{path}: the state is damaged, it has another sum than its name")
        try:
            state = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
            is_whole = state["curve"] == self._curve_sum(state["step"])
        except Exception as error:  # a file from someone else can raise any exception
            raise UserError(f"{path}: not a saved state ({message(error)})") from error
        if not is_whole:
            raise UserError(f"{path}: {self.metrics_path.name} is not the curve up to this state")
        return state

    def _curve_sum(self, step: int) -> str:
        """Return the sum of the training curve up to an update."""
        return sum_of(curve.text_to(self.metrics_path, step).encode())

    def save_seconds(self, seconds: float) -> None:
        """Store the duration of the training, which ends it: list what it wrote."""
        path = self.path / "seconds.json"
        write_atomically(path, lambda temporary: temporary.write_text(json.dumps(seconds)))
        self.record([self.config_path, self.weights_path, self.metrics_path, path])

    def load_seconds(self) -> float | None:
        """Return the duration of the training, or None if it has not ended.

        Raises:
            UserError: the file is damaged.
        """
        path = self.path / "seconds.json"
        has_ended = path.name in sums_of(self.path) or self.is_done
        if not has_ended or not path.is_file():
            return None
        content = self.read(path)
        try:
            return float(json.loads(content))
        except (OverflowError, *DAMAGES) as error:
            raise UserError(f"{path}: not a number of seconds ({message(error)})") from error

    def finish(self) -> None:
        """Mark the run as complete by writing DONE."""
        write_atomically(self.path / "DONE", lambda path: path.write_text(""))
