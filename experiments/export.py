"""Write the structures of test cells to files for other programs: formulas as DIMACS.

python -m experiments.export 'distribution@distributions=[sr]' 'sizes=[20,40]' folder=cnf
"""

import logging
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from data_gen.cell import Cell, SizeError, StructureError
from data_gen.distribution import Distribution
from data_gen.task import Task
from experiments.run.bounds import check_written
from experiments.settings.checks import check_mappings, check_writable
from experiments.settings.command import start
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.settings.kinds import COUNT, ENTRIES, FOLDER, SEED, SIZES
from experiments.settings.labels import label
from experiments.settings.run_settings import Machine
from experiments.settings.schema import check_kind, plain

LOG = logging.getLogger(__name__)
BLOCK = 128  # structures that are generated at a time
KINDS = {
    "distributions": ENTRIES, "num_instances": COUNT, "data_seed": SEED, "folder": FOLDER,
    "sizes": SIZES,
}  # fmt: skip


def export(config: DictConfig) -> None:
    """Fill `config.folder` with the structures that an evaluation with the same seed uses.

    Raises:
        UserError: a value is not allowed, or one of the files exists.
    """
    for key, kind in KINDS.items():
        check_kind(key, plain(config[key]), kind)
    check_mappings(config, ("machine",))
    check_writable(config, "folder")
    task: Task[Any] = construct(config.task, "task", Task)
    if not task.file_endings:
        raise UserError(f"task must be one that writes files, got {type(task).__name__!r}")
    folder = Path(config.folder)
    cells = list(_cells(config, task))
    of_cells = [cell for _, cell in cells]
    check_written(of_cells, config.num_instances, folder, Machine.of(plain(config.machine)))
    stems = [(cell, _stems(name, cell, config.num_instances)) for name, cell in cells]
    for stem, ending in product([stem for _, of in stems for stem in of], task.file_endings):
        path = folder / f"{stem}{ending}"
        if path.exists():
            raise UserError(f"folder: {path} exists, take another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for cell, of in stems:
        for first in range(0, len(of), BLOCK):
            block = of[first : first + BLOCK]
            for index, structure in enumerate(cell.structures(first, first + len(block)), first):
                task.write(structure, folder / of[index], _about(cell, index))
        LOG.info("%s: %d files of size %d", folder, len(of), cell.sizes[0])


def _cells(config: DictConfig, task: Task[Any]) -> Iterator[tuple[str, Cell]]:
    """Yield the cell of every distribution x size, with the distribution's name in file names."""
    for name, node in config.distributions.items():
        law = construct(node, f"distributions.{name}", Distribution)
        words = re.sub(r"[^\w.=+-]+", "_", label("distribution", str(name), node))
        for size in config.sizes:
            try:
                cell = Cell(task, law, (size,), "test", config.data_seed)
            except SizeError as error:
                raise UserError(f"sizes: {error}") from error
            except StructureError as error:
                raise UserError(f"distributions: {error}") from error
            yield words, cell


def _about(cell: Cell, index: int) -> list[str]:
    """Return the comment lines of a file: instance, seed, distribution and size."""
    head = f"instance {index}, data_seed {cell.data_seed}"
    return [head, f"{cell.distribution.identity}, size {cell.sizes[0]}"]


def _stems(name: str, cell: Cell, num_instances: int) -> list[str]:
    """Return the stems of a cell's files; sorted by name they are in the order of instances."""
    count = cell.count(num_instances)
    width = len(str(count - 1))
    return [f"{name}-{cell.sizes[0]}-{index:0{width}d}" for index in range(count)]


if __name__ == "__main__":
    start("export", export)
