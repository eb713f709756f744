"""How far each test cell of a study is from what its methods were trained on.

python -m experiments.severity study=quickstart
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from data_gen.dataset import DataSet, make
from experiments.run.folder import RunFolder
from experiments.run.machine import num_workers_of
from experiments.run.parts import RunParts
from experiments.run.stored import study_of
from experiments.settings.checks import check_mappings
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.places import CONF
from experiments.settings.predicates import is_count, is_folder
from experiments.settings.run_settings import Machine
from experiments.settings.schema import plain
from experiments.statistics.graph_shape import Shape, distances, shape_of
from experiments.statistics.matrix import Cell
from experiments.study.join import current_runs
from experiments.tables.rows import Row, read_table, write_table
from experiments.tables.severities import Severity

LOG = logging.getLogger(__name__)
Method = tuple[str, str]  # labels of task and model


def severity(config: DictConfig) -> None:
    """Write `<results_dir>/<study>/severity.csv`, in the order of the runs."""
    check_mappings(config, ("machine",))
    if not is_count(config.num_instances):
        allowed = "a whole number of at least 1 is"
        raise UserError(f"num_instances: {config.num_instances!r} is not allowed, {allowed}")
    if not is_folder(config.machine.data_dir):
        raise UserError(
            f"machine.data_dir: {config.machine.data_dir!r} is not allowed, a folder is"
        )
    folder = Path(config.results_dir) / config.study
    rows = read_table(folder / "transfer.csv")
    runs = folder / "runs" if config.runs_dir is None else Path(config.runs_dir) / config.study
    studies = _studies(rows, current_runs(runs), config)
    shapes = _shapes([d for study in studies.values() for d in study.data_sets], config)
    found = [row for method, study in studies.items() for row in _rows(method, study, shapes)]
    write_table(found, folder / "severity.csv", Severity)
    LOG.info("%s", folder / "severity.csv")


class TestedOn:
    """The training set of a method, and the cells that it was scored on."""

    def __init__(self, study: RunParts, cells: Mapping[Cell, int], num_instances: int) -> None:
        """Of `study`, those that are in `cells` (with how many instances), `num_instances` each."""
        self.train_set = _first(study.train_set, num_instances)
        self.test_sets = {
            place: _first(_of(cell.data_set, cells[place]), num_instances)
            for cell in study.test_cells
            for place in [(cell.distribution, cell.size)]
            if place in cells
        }

    @property
    def data_sets(self) -> list[DataSet]:
        """All of them."""
        return [self.train_set, *self.test_sets.values()]


def _of(data_set: DataSet, num_instances: int) -> DataSet:
    """With another number of instances, but that a list has as many as it has."""
    is_list = data_set.cell.names is not None
    return data_set if is_list else replace(data_set, num_instances=num_instances)


def _first(data_set: DataSet, num_instances: int) -> DataSet:
    """All that is on disk already, or no more than the first that are needed."""
    if data_set.path.exists() or data_set.num_instances <= num_instances:
        return data_set
    return _of(data_set, num_instances)


def _studies(
    rows: Iterable[Row], runs: Iterable[Path], config: DictConfig
) -> dict[Method, TestedOn]:
    """A run of every method, with the cells of its rows; what cannot be made is left out."""
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
            LOG.warning("%s of size %d: left out, no configuration has its law", *place)
    for method in cells:
        if method not in found:
            LOG.warning("%s, %s: left out, there is no run of it", *method)
    return found


def _transfer(trained: DictConfig, cells: Iterable[Cell]) -> dict[str, Any]:
    """The test cells of a run, and those that it was scored on later: laws by their names."""
    nodes = dict(trained.transfer.distributions.items())
    sizes: dict[str, list[int]] = {}
    for name, size in sorted(cells):
        path = CONF / "distribution" / f"{name}.yaml"
        if name not in nodes and path.is_file():
            nodes[name] = OmegaConf.select(OmegaConf.load(path), name)
        if name in nodes:
            sizes.setdefault(name, []).append(size)
    kept = {name: node for name, node in nodes.items() if name in sizes}
    return {"distributions": kept, "sizes_of": sizes}


def _shapes(data_sets: Iterable[DataSet], config: DictConfig) -> dict[str, Shape]:
    """What the first graphs of every data set look like, by the hash of the data."""
    distinct = {data_set.data_hash: data_set for data_set in data_sets}
    make(list(distinct.values()), num_workers_of(Machine.of(plain(config.machine))))
    progress = tqdm(distinct.items(), desc="measuring", unit=" cells", disable=None, leave=False)
    return {key: shape_of(of.load(), config.num_instances) for key, of in progress}


def _rows(method: Method, study: TestedOn, shapes: Mapping[str, Shape]) -> Iterable[Severity]:
    """A row for every cell of a method."""
    home = shapes[study.train_set.data_hash]
    for (distribution, size), data_set in study.test_sets.items():
        there = shapes[data_set.data_hash]
        found = distances(home, there)
        yield Severity(
            task=method[0],
            model=method[1],
            distribution=distribution,
            size=size,
            num_instances=len(there.nodes),
            num_training_instances=len(home.nodes),
            nodes_in_doublings=found["nodes"],
            degree_in_edges=found["degree"],
            diameter_in_hops=found["diameter"],
            clustering=found["clustering"],
            spectrum=found["spectrum"],
        )


if __name__ == "__main__":
    start("severity", severity)
