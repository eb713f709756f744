"""Write the structures of test cells to files for other programs: formulas as DIMACS.

python -m experiments.export 'distribution@distributions=[sr]' 'sizes=[20,40]' folder=cnf
"""

import logging
import re
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from data_gen.cell import Cell, SizeError, StructureError
from data_gen.distribution import Distribution
from data_gen.replaced import added_to
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

    A file that is there with the same content stays: an interrupted export goes on.

    Raises:
        UserError: a value is not allowed.
        FileExistsError: a file is there with another content; then no file was written.
    """
    for key, kind in KINDS.items():
        check_kind(key, plain(config[key]), kind)
    check_mappings(config, ("machine",))
    check_writable(config, "folder")
    task: Task[Any] = construct(config.task, "task", Task)
    if not task.file_endings:
        raise UserError(f"task must be one that writes files, got {type(task).__name__!r}")
    folder, cells = Path(config.folder), _cells(config, task)
    machine = Machine.of(plain(config.machine))
    check_written([cell for _, cell in cells], config.num_instances, folder, machine)
    with added_to(folder) as new:
        for name, cell in cells:
            _write(task, cell, new, _stems(name, cell, config.num_instances))
    LOG.info("%s has all files", folder)


def _write(task: Task[Any], cell: Cell, folder: Path, stems: list[str]) -> None:
    """Write a file for each instance of a cell into a folder."""
    for first in range(0, len(stems), BLOCK):
        stop = min(first + BLOCK, len(stems))
        for index, structure in enumerate(cell.structures(first, stop), first):
            task.write(structure, folder / stems[index], _about(cell, index))
    LOG.info("%d files of size %d", len(stems), cell.sizes[0])


def _cells(config: DictConfig, task: Task[Any]) -> list[tuple[str, Cell]]:
    """Return the cell of every distribution x size, with the distribution's name in file names."""
    cells = []
    for name, node in config.distributions.items():
        law = construct(node, f"distributions.{name}", Distribution)
        words = re.sub(r"[^\w.=+-]+", "_", label("distribution", str(name), node))
        for size in config.sizes:
            try:
                cell = Cell(task, law, (size,), "test", config.data_seed)
            except (SizeError, StructureError) as error:
                key = "sizes" if isinstance(error, SizeError) else "distributions"
                raise UserError(f"{key}: {error}") from error
            cells.append((words, cell))
    return cells


def _about(cell: Cell, index: int) -> list[str]:
    """Return the comment lines of a file: instance, seed, distribution and size."""
    law = f"{cell.distribution.identity}, size {cell.sizes[0]}"
    return [f"instance {index}, data_seed {cell.data_seed}", law]


def _stems(name: str, cell: Cell, num_instances: int) -> list[str]:
    """Return the stems of a cell's files; sorted by name they are in the order of instances."""
    count = cell.count(num_instances)
    return [f"{name}-{cell.sizes[0]}-{i:0{len(str(count - 1))}d}" for i in range(count)]


if __name__ == "__main__":
    start("export", export)
