import json
import shutil
from dataclasses import fields

import networkx as nx
import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from safetensors import safe_open
from torch_geometric.data import Data

from data_gen.packed import Packed
from experiments.settings.errors import UserError
from experiments.severity import severity
from experiments.statistics.graph_shape import (
    MEASURES,
    adjacency,
    distances,
    joined,
    shape_of,
    shape_of_graph,
)
from experiments.tables.rows import read_table, write_table
from experiments.tables.severities import Severity
from tests.conftest import ROOT, composed, instances
from tests.experiments.test_tables_and_figures import row

COLUMNS = [field.name for field in fields(Severity)][6:]
GRAPHS = {
    "caveman": nx.connected_caveman_graph(3, 5),
    "random": nx.gnp_random_graph(20, 0.2, seed=1),
    "a part by itself": nx.disjoint_union(nx.cycle_graph(5), nx.path_graph(3)),
    "an isolated node": nx.disjoint_union(nx.complete_graph(4), nx.empty_graph(1)),
}


def packed(*graphs):
    """Pack graphs with edges, every second one in one direction only, and with a loop."""
    data = []
    for graph in graphs:
        edges = [(0, 0), *graph.edges, *[(b, a) for a, b in list(graph.edges)[::2]]]
        index = torch.tensor(edges).T
        data.append(Data(x=torch.zeros(len(graph), 1), edge_index=index))
    return Packed.pack(data)


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_the_shape_of_a_graph_is_that_of_networkx(graph):
    shape = shape_of(packed(nx.path_graph(2), graph), 2)
    alone = shape_of_graph(adjacency(packed(graph), 0))
    parts = [graph.subgraph(part) for part in nx.connected_components(graph)]
    assert alone.nodes == np.log2(len(graph))
    assert alone.degree.tolist() == [degree for _, degree in graph.degree]
    assert alone.diameter == max(nx.diameter(part) for part in parts)
    assert alone.clustering == pytest.approx(nx.average_clustering(graph))
    assert np.sort(alone.spectrum) == pytest.approx(
        np.sort(nx.normalized_laplacian_spectrum(graph)), abs=1e-9
    )
    assert shape.diameter[1] == alone.diameter


def test_distances_are_how_far_values_are_moved():
    small, large = (shape_of(packed(nx.cycle_graph(n)), 1) for n in (8, 32))
    found = distances(small, large)
    assert found["nodes"] == 2  # doublings
    assert found["diameter"] == 16 - 4
    assert (found["degree"], found["clustering"]) == (0, 0)
    assert 0 < found["spectrum"] < 0.2
    both = joined([small, large])
    assert distances(small, both)["nodes"] == 1
    assert set(distances(both, both).values()) == {0.0}
    assert tuple(found) == MEASURES


@pytest.mark.parametrize("task", ["satisfiability", "next_step"])
def test_formulas_and_bodies_have_a_shape(task):
    size = {"satisfiability": 8, "next_step": 6}[task]
    shape = shape_of(Packed.pack(instances(task, size)[1]), 100)
    assert np.isfinite(np.concatenate([getattr(shape, name) for name in MEASURES])).all()
    if task == "satisfiability":
        assert (shape.clustering == 0).all()
    else:
        assert (shape.clustering == 1).all()
        assert (shape.diameter == 1).all()


def published(tmp_path, cells):
    """Make a study with one published run, whose table has rows of the given cells."""
    run = next((ROOT / "results" / "quickstart" / "runs").glob("next_hop-seed0-*"))
    folder = tmp_path / "results" / "quickstart"
    shutil.copytree(run, folder / "runs" / run.name)
    rows = [row(task="shortest_path_next_hop", model="next_hop", distribution=d, size=s,
                num_instances=12) for d, s in cells]  # fmt: skip
    write_table(rows, folder / "transfer.csv")
    return folder


def config(tmp_path, *overrides):
    names = [f"results_dir={tmp_path}/results", f"machine.data_dir={tmp_path}/data"]
    changes = ["study=quickstart", "num_instances=10", "machine.num_workers=1", *overrides]
    return composed(*names, *changes, config_name="severity")


def test_cells_that_were_scored_are_measured_and_those_scored_later_too(tmp_path, caplog):
    cells = [("geographic_threshold", 16), ("grid", 36), ("random_regular", 16), ("no_law", 16)]
    folder = published(tmp_path, cells)
    severity(config(tmp_path))
    found = read_table(folder / "severity.csv", Severity)
    assert [(s.distribution, s.size) for s in found] == cells[:3]
    assert "no_law of size 16: left out" in caplog.text
    home, grid, regular = found
    assert regular.degree_in_edges > 0
    assert (home.num_instances, home.num_training_instances) == (10, 10)
    assert home.nodes_in_doublings < 1 < grid.nodes_in_doublings
    assert grid.diameter_in_hops > 3 * home.diameter_in_hops
    assert grid.clustering > 0.2  # a grid has no triangles


def test_only_the_measured_instances_are_made(tmp_path):
    published(tmp_path, [("grid", 16)])
    severity(config(tmp_path))
    made = []
    for path in (tmp_path / "data").glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            made.append(json.loads(file.metadata()["data_set"])["num_instances"])
    assert made == [10, 10]  # the training set and the cell


def test_severity_is_a_function_of_the_configuration(tmp_path):
    folder = published(tmp_path, [("grid", 16)])
    severity(config(tmp_path))
    first = (folder / "severity.csv").read_bytes()
    severity(config(tmp_path))
    assert (folder / "severity.csv").read_bytes() == first
    assert not list(folder.glob(".*tmp*"))


@pytest.mark.parametrize(
    ("override", "line"),
    [("num_instances=0", "num_instances must be"), ("runs_dir=nowhere", "no complete run"),
     ("machine.data_dir=''", "machine.data_dir"), ("study=x", "there is no such table")],
)  # fmt: skip
def test_a_wrong_key_is_one_line_and_writes_nothing(tmp_path, override, line):
    folder = published(tmp_path, [("grid", 16)])
    with pytest.raises(UserError, match=line) as raised:
        severity(config(tmp_path, override))
    assert "\n" not in str(raised.value)
    assert not (folder / "severity.csv").exists()
    assert not (tmp_path / "data").exists()


def test_the_studies_with_a_cell_at_no_distance_are_those_that_the_page_names():
    at_zero = set()
    for path in (ROOT / "results").glob("*/severity.csv"):
        rows = read_table(path.with_name("transfer.csv"))
        home = {(r.model, r.distribution, r.size) for r in rows if r.shift == "none"}
        cells = [s for s in read_table(path, Severity)
                 if (s.model, s.distribution, s.size) in home]  # fmt: skip
        is_zero = {not any(getattr(cell, name) for name in COLUMNS) for cell in cells}
        assert len(is_zero) == 1
        at_zero |= {f"`{path.parent.name}`"} if is_zero.pop() else set()
    page = (ROOT / "docs" / "statistics.md").read_text()
    assert f"It is at 0 in {' and '.join(sorted(at_zero))}:" in page


def test_an_untrusted_run_is_reported_and_not_built(tmp_path):
    folder = published(tmp_path, [("grid", 16)])
    path = next(folder.glob("runs/*/.hydra/config.yaml"))
    trained = OmegaConf.load(path)
    trained.task._target_ = "os.system"
    OmegaConf.save(trained, path)
    path.parents[1].joinpath("SHA256SUMS").unlink()
    with pytest.raises(UserError, match="not trusted"):
        severity(config(tmp_path))
