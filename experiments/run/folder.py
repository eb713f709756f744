"""The folder of a run: configuration, weights, resumable state and tables; DONE is written last.

All files are plain text, safetensors, parquet, or loaded with `weights_only=True`, so it is safe
to open a folder from someone else.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile

import torch
import yaml
from filelock import FileLock, Timeout
from omegaconf import DictConfig, OmegaConf
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from data_gen.files import write_atomically
from data_gen.patterns import visible
from experiments.run.identity import NOT_STORED, config_hash
from experiments.settings.errors import UserError, message
from experiments.settings.moved import without_gone

KEPT_STATES = 2
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C version is ten times faster
LOG = logging.getLogger(__name__)


def read_config(path: Path) -> DictConfig:
    """Read a stored configuration.

    Raises:
        UserError: the file cannot be read, or is not the configuration of a run.
    """
    try:
        text = path.read_text(encoding="utf-8")
        plain = yaml.load(text, Loader=LOADER)
        config = OmegaConf.create(without_gone(plain) if isinstance(plain, dict) else plain)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"{path}: cannot be read ({message(error)})") from error
    if "${" in text:  # stored configurations are resolved; this could read the environment
        raise UserError(f"{path}: a stored configuration must not have an interpolation")
    if not isinstance(config, DictConfig) or "model" not in config or "task" not in config:
        raise UserError(f"{path}: not the configuration of a run")
    return config


@dataclass(frozen=True)
class RunFolder:
    """The files of one run."""

    path: Path

    @classmethod
    def of(cls, config: DictConfig) -> "RunFolder":
        """Return the folder of a configuration; its name ends with the configuration's hash."""
        name = f"{config.label}-seed{config.seed}-{config_hash(config)[:8]}"
        return cls(Path(config.machine.runs_dir) / config.study / name)

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

    @contextmanager
    def locked(self, *, waits: bool = False) -> Iterator[None]:
        """Lock the run for this process.

        Args:
            waits: whether to wait if another process works on the run.

        Raises:
            UserError: another process works on the run, and `waits` is false.
        """
        self.path.mkdir(parents=True, exist_ok=True)
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
            yield
        finally:
            lock.release()

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
        return read_config(self.config_path)

    def save_weights(self, weights: dict[str, Tensor]) -> None:
        """Store the selected checkpoint."""
        tensors = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
        write_atomically(self.weights_path, lambda path: save_file(tensors, path))

    def load_weights(self, model: nn.Module) -> None:
        """Load the selected checkpoint into a model.

        Raises:
            UserError: the file cannot be read, or its weights do not fit the model.
        """
        try:
            self.weights_path.open("rb").close()  # safetensors calls an unreadable file missing
            weights = load_file(self.weights_path)
        except (OSError, SafetensorError) as error:
            raise UserError(f"{self.weights_path}: cannot be read ({error})") from error
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
        path = self.path / "state" / f"{step:09d}.pt"
        write_atomically(path, lambda temporary: torch.save(state, temporary))
        for old in visible(path.parent, "*.pt")[:-KEPT_STATES]:
            old.unlink()

    def load_state(self) -> dict[str, Any] | None:
        """Return the last readable state, or None if there is none."""
        for path in reversed(visible(self.path / "state", "*.pt")):
            try:
                state = torch.load(path, weights_only=True, map_location="cpu")
            except (OSError, EOFError, RuntimeError, UnpicklingError, BadZipFile) as error:
                LOG.warning("%s cannot be read (%s): left out", path, message(error))
                continue
            if isinstance(state, dict) and "step" in state:
                return state
            LOG.warning("%s is not a saved state: left out", path)
        return None

    def save_seconds(self, seconds: float) -> None:
        """Store the duration of the training."""
        write_atomically(self.path / "seconds.json", lambda p: p.write_text(json.dumps(seconds)))

    def load_seconds(self) -> float | None:
        """Return the duration of the training, or None if it has not ended."""
        path = self.path / "seconds.json"
        return float(json.loads(path.read_text())) if path.is_file() else None

    def finish(self) -> None:
        """Mark the run as complete by writing DONE."""
        write_atomically(self.path / "DONE", lambda path: path.write_text(""))
