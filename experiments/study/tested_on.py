"""Rebuild the training set and the scored test cells of every method in a study."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from data_gen.dataset import DataSet
from experiments.run.folder import RunFolder
from experiments.run.parts import RunParts
from experiments.run.stored import study_of, without_files
from experiments.settings.places import CONF
from experiments.statistics.matrix import Cell
from experiments.tables.rows import Row

LOG = logging.getLogger(__name__)
Method = tuple[str, str]  # labels of task and model


class TestedOn:
    """The training set of a method, and the cells that it was scored on."""

    def __init__(self, study: RunParts, cells: Mapping[Cell, int], num_instances: int) -> None:
        """Take the test cells of `study` that are in `cells`, with the first instances of each.

        Args:
            study: the parts of a run of the method.
            cells: the number of scored instances of each cell.
            num_instances: the number of instances to use of each data set.
        """
        self.train_set = _first(study.train_set, num_instances)
        self.test_sets = {
            place: _first(_of(cell.data_set, cells[place]), num_instances)
            for cell in study.test_cells
            for place in [(cell.distribution, cell.size)]
            if place in cells
        }

    @property
    def data_sets(self) -> list[DataSet]:
        """The training set and all test sets."""
        return [self.train_set, *self.test_sets.values()]


def _of(data_set: DataSet, num_instances: int) -> DataSet:
    """Return a data set with another number of instances; a list of files keeps its number."""
    is_list = data_set.cell.names is not None
    return data_set if is_list else replace(data_set, num_instances=num_instances)


def _first(data_set: DataSet, num_instances: int) -> DataSet:
    """Return the whole data set if it is on disk, otherwise only its first instances."""
    if data_set.path.exists() or data_set.num_instances <= num_instances:
        return data_set
    return _of(data_set, num_instances)


def tested_on(
    rows: Iterable[Row], runs: Iterable[Path], config: DictConfig
) -> dict[Method, TestedOn]:
    """Return the data sets of every method, from one run and the cells in its rows.

    Methods without a run and cells without a known law are left out with a warning.

    Raises:
        UserError: the configuration of a run cannot be read or is not allowed.
    """
    cells: dict[Method, dict[Cell, int]] = {}
    for row in rows:
        of_method = cells.setdefault((row.task, row.model), {})
        place = row.distribution, row.size
        of_method[place] = max(of_method.get(place, 0), row.num_instances)
    found: dict[Method, TestedOn] = {}
    for run in runs:
        trained = RunFolder(run).load_config()
        method = trained.get("task_label"), trained.get("label")
        if method in found or method not in cells:
            continue
        study = study_of(trained, _transfer(trained, cells[method]), config.machine)
        found[method] = TestedOn(study, cells[method], config.num_instances)
        for place in sorted(set(cells[method]) - set(found[method].test_sets)):
            LOG.warning(
                "%s of size %d: left out, because no configuration has its distribution", *place
            )
    for method in cells:
        if method not in found:
            LOG.warning("%s, %s: left out, because there is no run of this method", *method)
    return found


def _transfer(trained: DictConfig, cells: Iterable[Cell]) -> dict[str, Any]:
    """Return transfer settings for all scored cells; laws that the run lacks come from conf/."""
    nodes = without_files(trained.transfer.distributions)
    sizes: dict[str, list[int]] = {}
    for name, size in sorted(cells):
        path = CONF / "distribution" / f"{name}.yaml"
        if name not in nodes and path.is_file():
            nodes[name] = OmegaConf.select(OmegaConf.load(path), name)
        if name in nodes:
            sizes.setdefault(name, []).append(size)
    kept = {name: node for name, node in nodes.items() if name in sizes}
    return {"distributions": kept, "sizes_of": sizes}
