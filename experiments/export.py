"""Write the formulas of test cells to DIMACS files, for solvers and for other people's programs.

python -m experiments.export 'distribution@distributions=[sr]' 'sizes=[20,40]' folder=cnf
"""

import logging
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from omegaconf import DictConfig

from data_gen.cell import Cell, SizeError, StructureError
from data_gen.distribution import Distribution
from data_gen.sat import dimacs
from data_gen.sat.cnf import Problem
from data_gen.sat.solver import SOLVER
from data_gen.sat.tasks.satisfiability import Satisfiability
from experiments.settings.checks import check_writable
from experiments.settings.command import start
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.settings.kinds import COUNT, ENTRIES, FOLDER, SEED, SIZES
from experiments.settings.labels import label
from experiments.settings.schema import check_kind, plain

LOG = logging.getLogger(__name__)
BLOCK = 128  # formulas that are made at a time
KINDS = {
    "distributions": ENTRIES, "num_instances": COUNT, "data_seed": SEED, "folder": FOLDER,
    "sizes": SIZES,
}  # fmt: skip
ANSWERS = {True: "sat", False: "unsat"}


def export(config: DictConfig) -> None:
    """Fill `config.folder` with the formulas that an evaluation with the same seed has."""
    for key, kind in KINDS.items():
        check_kind(key, plain(config[key]), kind)
    check_writable(config, "folder")
    folder = Path(config.folder)
    cells = list(_cells(config))
    stems = [(cell, _stems(name, cell, config.num_instances)) for name, cell in cells]
    for stem, answer in product([stem for _, of in stems for stem in of], ANSWERS.values()):
        path = folder / f"{stem}-{answer}.cnf"
        if path.exists():
            raise UserError(f"folder: {path} exists, take another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for cell, of in stems:
        for first in range(0, len(of), BLOCK):
            block = of[first : first + BLOCK]
            for index, problem in enumerate(cell.structures(first, first + len(block)), first):
                path = folder / f"{of[index]}-{ANSWERS[problem.is_sat]}.cnf"
                dimacs.write(problem.formula, path, _comments(cell, index, problem))
        LOG.info("%s: %d formulas of size %d", folder, len(of), cell.sizes[0])


def _cells(config: DictConfig) -> Iterator[tuple[str, Cell]]:
    """Every distribution x size, with the distribution's name in files."""
    for name, node in config.distributions.items():
        law = construct(node, f"distributions.{name}", Distribution)
        words = re.sub(r"[^\w.=+-]+", "_", label("distribution", str(name), node))
        for size in config.sizes:
            try:
                cell = Cell(Satisfiability(), law, (size,), "test", config.data_seed)
            except SizeError as error:
                raise UserError(f"sizes: {error}") from error
            except StructureError as error:
                raise UserError(f"distributions: {error}") from error
            yield words, cell


def _stems(name: str, cell: Cell, num_instances: int) -> list[str]:
    """How the names of a cell's files begin; in the order of names they are in that of indices."""
    count = cell.count(num_instances)
    width = len(str(count - 1))
    return [f"{name}-{cell.sizes[0]}-{index:0{width}d}" for index in range(count)]


def _comments(cell: Cell, index: int, problem: Problem) -> Iterator[str]:
    """What the file says of itself: seed, law, and the model or that there is none."""
    yield f"instance {index}, data_seed {cell.data_seed}"
    yield f"{cell.distribution.identity}, size {problem.size}"
    if problem.model is None:
        yield f"unsatisfiable, proved by {SOLVER}"
        return
    yield "satisfiable, by the model"
    signed = [v if true else -v for v, true in enumerate(problem.model.tolist(), 1)]
    for first in range(0, len(signed), 10):
        yield " ".join(map(str, ["v", *signed[first : first + 10]]))
    yield "v 0"


if __name__ == "__main__":
    start("export", export)
