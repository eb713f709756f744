"""Measure how far each test cell of a study is from the training sets of its methods.

python -m experiments.severity study=quickstart
"""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from omegaconf import DictConfig
from tqdm import tqdm

from data_gen.dataset import DataSet, make
from experiments.run.bounds import KEYS, Keys, check_fits
from experiments.run.machine import num_workers_of
from experiments.settings.checks import check_mappings, check_places
from experiments.settings.command import start
from experiments.settings.kinds import COUNT, FOLDER
from experiments.settings.run_settings import Machine
from experiments.settings.schema import check_kind, plain
from experiments.statistics.graph_shape import Shape, distances, shape_of
from experiments.study.join import current_runs
from experiments.study.tested_on import Method, TestedOn, tested_on
from experiments.tables.rows import read_table, write_table
from experiments.tables.severities import Severity

LOG = logging.getLogger(__name__)


def severity(config: DictConfig) -> None:
    """Write `<results_dir>/<study>/severity.csv`, in the order of the runs.

    Raises:
        UserError: a value is not allowed, or there is no such study or run.
    """
    check_mappings(config, ("machine",))
    check_places(config, nullable=["runs_dir"])
    check_kind("num_instances", config.num_instances, COUNT)
    check_kind("machine.data_dir", config.machine.data_dir, FOLDER)
    folder = Path(config.results_dir) / config.study
    rows = read_table(folder / "transfer.csv")
    runs = folder / "runs" if config.runs_dir is None else Path(config.runs_dir) / config.study
    studies = tested_on(rows, current_runs(runs), config)
    shapes = _shapes([d for study in studies.values() for d in study.data_sets], config)
    found = [row for method, study in studies.items() for row in _rows(method, study, shapes)]
    write_table(found, folder / "severity.csv", Severity)
    LOG.info("%s", folder / "severity.csv")


def _shapes(data_sets: Iterable[DataSet], config: DictConfig) -> dict[str, Shape]:
    """Return the shape of the first graphs of every data set, by the hash of the data."""
    distinct = {data_set.data_hash: data_set for data_set in data_sets}
    machine = Machine.of(plain(config.machine))
    of_study = Keys("study", "num_instances")
    check_fits(list(distinct.values()), machine, dict.fromkeys(KEYS, of_study))
    make(list(distinct.values()), num_workers_of(machine))
    progress = tqdm(distinct.items(), desc="measuring", unit=" cells", disable=None, leave=False)
    return {key: shape_of(of.load(), config.num_instances) for key, of in progress}


def _rows(method: Method, study: TestedOn, shapes: Mapping[str, Shape]) -> Iterable[Severity]:
    """Yield a row for every cell of a method."""
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
