"""Write the structures of test cells to files for other programs: formulas as DIMACS.

python -m experiments.export 'distribution@distributions=[sr]' 'sizes=[20,40]' folder=cnf
"""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from data_gen.cell import Cell, SizeError, StructureError
from data_gen.distribution import Distribution
from data_gen.replaced import locked, move_into
from data_gen.task import Task
from data_gen.temporary import temporary_folder
from experiments.settings.checks import check_writable
from experiments.settings.command import start
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.settings.kinds import COUNT, ENTRIES, FOLDER, SEED, SIZES
from experiments.settings.labels import label
from experiments.settings.schema import check_kind, plain

LOG = logging.getLogger(__name__)
BLOCK = 128  # structures that are generated at a time
KINDS = {
    "distributions": ENTRIES, "num_instances": COUNT, "data_seed": SEED, "folder": FOLDER,
    "sizes": SIZES,
}  # fmt: skip


def export(config: DictConfig) -> None:
    """Fill `config.folder` with the structures that an evaluation with the same seed uses.

    All files are written beside the folder first. A file that exists with the same content stays,
    so that the same command goes on after an interruption.

    Raises:
        UserError: a value is not allowed.
        FileExistsError: a file exists with another content; then no file was written.
    """
    for key, kind in KINDS.items():
        check_kind(key, plain(config[key]), kind)
    check_writable(config, "folder")
    task: Task[Any] = construct(config.task, "task", Task)
    if not task.file_endings:
        raise UserError(f"task must be one that writes files, got {type(task).__name__!r}")
    folder = Path(config.folder)
    cells = list(_cells(config, task))
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder), temporary_folder(folder) as new:
        for name, cell in cells:
            _write(task, cell, new, _stems(name, cell, config.num_instances))
        files = sorted(new.iterdir())
        move_into(folder, files)
    LOG.info("%s: %d files", folder, len(files))


def _write(task: Task[Any], cell: Cell, folder: Path, stems: list[str]) -> None:
    """Write a file for each instance of a cell into a folder."""
    for first in range(0, len(stems), BLOCK):
        stop = min(first + BLOCK, len(stems))
        for index, structure in enumerate(cell.structures(first, stop), first):
            task.write(structure, folder / stems[index], _about(cell, index))
    LOG.info("%d files of size %d", len(stems), cell.sizes[0])


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
