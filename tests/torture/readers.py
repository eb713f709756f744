"""The readers of files that may come from someone else, each with a file that it reads."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from data_gen.reading import sum_of
from data_gen.sat.distributions import dimacs_files
from experiments.run import curve
from experiments.run.fit import Fit
from experiments.run.folder import RunFolder
from experiments.run.parts import RunParts
from experiments.run.stored import study_of
from experiments.study.curves import curves_of
from experiments.study.estimates import estimates_of
from experiments.tables.cells import read_cells
from experiments.tables.estimates import MethodEstimate
from experiments.tables.pictures import plain, read_pictures
from experiments.tables.rows import read_table

LEFT_OUT = "left out"  # returned by readers that leave out or make again what is damaged
MAX_CONFLICTS = 100


def machine_in(root: Path) -> DictConfig:
    """Return machine settings with the data of a home."""
    return OmegaConf.create({"device": "cpu", "num_workers": 1, "data_dir": str(root / "data")})


def run_in(root: Path) -> RunFolder:
    """Return the only run below a home."""
    (found,) = (root / "outputs" / "s").glob("*seed0*")
    return RunFolder(found)


def _configuration(root: Path) -> Any:
    return OmegaConf.to_container(run_in(root).load_config())


def _use_of_configuration(root: Path) -> Any:
    study = study_of(run_in(root).load_config(), {}, machine_in(root))
    study.build_model()
    return study.run_hash, [cell.data_set.data_hash for cell in study.test_cells]


def _curve(root: Path) -> Any:
    run = run_in(root)
    found = curves_of([run.path])
    curve.best(run.metrics_path, "loss", 1)
    curve.text_to(run.metrics_path, 4)
    return found


def _sums(root: Path) -> Any:
    run = run_in(root)
    return [sum_of(run.read(path)) for path in run.written]


def _instances(root: Path) -> Any:
    run = run_in(root)
    found = run.load_instances().to_dict("list")
    estimates_of(read_table(run.table_path()), [run.path])
    return found


def _pictures(root: Path) -> Any:
    return [plain(picture) for picture in read_pictures(root / "pictures" / "x.json.gz")]


def _formula(root: Path, ending: str) -> Any:
    dimacs_files._inspected.cache_clear()  # the same path has another content each time
    (path,) = (root / "formulas").glob(f"*{ending}")
    law = dimacs_files.DimacsFiles(str(path), MAX_CONFLICTS)
    return [law.structure_at(size, 0).formula for size in law.sizes]


def _bytes(tensors: Any) -> Any:
    return {name: (v.dtype, tuple(v.shape), v.numpy().tobytes()) for name, v in tensors.items()}


class _Parts:
    """The parts of the run, made once for each home."""

    made: dict[Path, RunParts] = {}  # noqa: RUF012

    @classmethod
    def at(cls, root: Path) -> RunParts:
        if root not in cls.made:
            cls.made[root] = study_of(run_in(root).load_config(), {}, machine_in(root))
        return cls.made[root]


def _weights(root: Path) -> Any:
    model = _Parts.at(root).build_model()
    run_in(root).load_weights(model)
    return _bytes(model.state_dict())


def _state(root: Path) -> Any:
    """Resume a training; the weights are those of the state, unless that is left out."""
    parts, run = _Parts.at(root), run_in(root)
    torch.manual_seed(0)
    fit = Fit(parts, parts.build_model(), None)
    fit._resume(run)
    return _bytes(fit.model.state_dict()) if fit.step else LEFT_OUT


def _data_set(root: Path) -> Any:
    found = _Parts.at(root).test_cells[0].data_set._read()
    return LEFT_OUT if found is None else _bytes(found.tensors())


@dataclass(frozen=True)
class Reader:
    """A reader, and the file that it reads below a home.

    Attributes:
        pattern: finds the file; "": the data set of the first test cell.
        read: reads it, and returns a value to compare.
        has_sum: whether a changed file must never be read as something else.
        is_own_sum: whether the sum is in the file or in its name, not in SHA256SUMS.
    """

    pattern: str
    read: Callable[[Path], Any]
    has_sum: bool = True
    is_own_sum: bool = False

    def file(self, root: Path) -> Path:
        """Return the file below a home."""
        if not self.pattern:
            return _Parts.at(root).test_cells[0].data_set.path
        return max(root.glob(self.pattern))


RUN = "outputs/s/*seed0*"
READERS = {
    "configuration": Reader(f"{RUN}/.hydra/config.yaml", _configuration),
    "use_of_configuration": Reader(f"{RUN}/.hydra/config.yaml", _use_of_configuration),
    "learning_curve": Reader(f"{RUN}/metrics.jsonl", _curve),
    "seconds": Reader(f"{RUN}/seconds.json", lambda root: run_in(root).load_seconds()),
    "transfer_table": Reader(
        f"{RUN}/transfer.csv", lambda root: read_table(run_in(root).table_path())
    ),
    "cells": Reader(f"{RUN}/cells.csv", lambda root: read_cells(run_in(root).cells_path())),
    "sums": Reader(f"{RUN}/SHA256SUMS", _sums, is_own_sum=True),
    "instances": Reader(f"{RUN}/instances.parquet", _instances),
    "weights": Reader(f"{RUN}/weights.safetensors", _weights),
    "state": Reader(f"{RUN}/state/*.pt", _state, is_own_sum=True),
    "data_set": Reader("", _data_set, is_own_sum=True),
    "pictures": Reader("pictures/x.json.gz", _pictures),
    "dimacs": Reader("formulas/*.cnf", lambda root: _formula(root, ".cnf"), has_sum=False),
    "dimacs_gz": Reader("formulas/*.cnf.gz", lambda root: _formula(root, ".gz"), has_sum=False),
    "estimates": Reader(
        "results/s/estimates.csv",
        lambda root: read_table(root / "results/s/estimates.csv", MethodEstimate),
    ),
}
