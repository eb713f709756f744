"""Rules of steps, models that are not defined for a size, and matched numbers of parameters."""

import math

import networkx as nx
import numpy as np
import pytest
import torch

from data_gen.packed import Packed
from data_gen.paths.tasks.shortest_path import ShortestPath
from data_gen.tours.tasks.tour import Tour
from experiments.learning.learner import Update
from experiments.run.evaluation import evaluate, score_by_rules, score_instances
from experiments.run.fit import seeded
from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.run.matching import matched, num_parameters
from experiments.run.steps import answer_by, check_can_settle, check_rule
from experiments.settings.errors import UserError
from experiments.statistics.text import format_table
from experiments.tables.rows import read_table
from gn.models.linear_messages import LinearMessages
from gn.stepped import StopRule
from tests.conftest import (
    ROOT,
    composed,
    fits,
    has_parameters,
    instances,
    model_yaml,
    stems,
    study,
)

FAMILIES = "distribution@transfer.distributions=[geographic_threshold,random_tree,grid]"


def batch_of(graphs):
    return Packed.pack(graphs).batch(range(len(graphs)))


def bellman_ford_rounds(graph):
    """Count rounds until no distance to the end changes, relaxing every edge at once."""
    senders, receivers = graph.edge_index.tolist()
    lengths = graph.edge_attr[:, 0].double().tolist()
    end = int(graph.x[:, 4].argmax())
    distance = [0.0 if node == end else math.inf for node in range(graph.num_nodes)]
    for rounds in range(graph.num_nodes + 1):
        relaxed = list(distance)
        for s, r, length in zip(senders, receivers, lengths, strict=True):
            relaxed[s] = min(relaxed[s], distance[r] + length)
        if np.allclose(relaxed, distance, rtol=1e-12):
            return rounds
        distance = relaxed
    raise AssertionError


@pytest.mark.parametrize("cell", study(FAMILIES, "transfer.sizes=[12,40]").test_cells, ids=str)
def test_an_oracle_knows_the_rounds_of_bellman_and_ford(cell):
    """The number of rounds is the depth of the shortest-path tree, here from networkx."""
    task, graphs = cell.data_set.cell.task, cell.data_set.cell.instances(0, 4)
    rounds = task.num_rounds(batch_of(graphs)).tolist()
    for graph, found in zip(graphs, rounds, strict=True):
        ours = nx.Graph()
        for (s, r), length in zip(graph.edge_index.t().tolist(), graph.edge_attr, strict=True):
            ours.add_edge(s, r, weight=float(length))
        paths = nx.single_source_dijkstra_path(ours, int(graph.x[:, 4].argmax()))
        assert found == max(len(path) - 1 for path in paths.values())
        # no fewer rounds: each part of a shortest path is a shortest path
        assert found == bellman_ford_rounds(graph)


def answers(rule, model_name="linear_messages"):
    task, graphs = instances("shortest_path", 12, 5)
    torch.manual_seed(0)
    model = study(f"model={model_name}").build_model().eval()
    batch = batch_of(graphs)
    return model, task, batch, answer_by(rule, model, task, 12)(batch)


@pytest.mark.parametrize(("rule", "steps"), [("", 12), ("7", 7), ("0.5x", 6), ("0.01x", 1)])
def test_a_number_is_the_same_for_all(rule, steps):
    model, _, batch, (output, taken) = answers(rule)
    assert taken.tolist() == [steps] * 5
    assert torch.equal(output.x, model(batch, steps).x)


@pytest.mark.parametrize(("rule", "more"), [("oracle", 0), ("oracle+3", 3)])
def test_an_oracle_gives_each_instance_its_own(rule, more):
    model, task, batch, (output, taken) = answers(rule)
    assert taken.tolist() == (task.num_rounds(batch) + more).tolist()
    assert len(set(taken.tolist())) > 1
    torch.testing.assert_close(output.x, model(batch, taken).x)


def test_adaptive_steps_are_those_of_the_stop_rule():
    model, _, batch, (output, taken) = answers("adaptive@0.2")
    expected, steps = model.settle(batch, StopRule(tolerance=0.2))
    assert taken.tolist() == steps.tolist()
    assert torch.equal(output.x, expected.x)


def test_rules_of_a_fixed_number_share_one_pass_and_score_as_they_do_alone(monkeypatch):
    task, graphs = instances("shortest_path", 12, 6)
    packed = Packed.pack(graphs)
    torch.manual_seed(0)
    model = LinearMessages(task.spec, hidden_dim=8).eval()
    rules = ["3", "oracle+1", "1x", "5", "adaptive@0.03"]
    alone = [score_instances(task, answer_by(r, model, task, 12), packed) for r in rules]
    taken = []
    step = LinearMessages.step
    monkeypatch.setattr(
        LinearMessages, "step", lambda self, *args: taken.append(args[3]) or step(self, *args)
    )
    fixed = score_by_rules(task, model, ["3", "1x", "5"], packed, 12)
    assert taken == list(range(12))
    together = score_by_rules(task, model, rules, packed, 12)
    for found, expected in [*zip(together, alone, strict=True), (fixed[1], alone[2])]:
        assert set(found) == set(expected)
        assert all(np.array_equal(found[name], expected[name]) for name in expected)
    assert together[2]["steps"].tolist() == [12] * 6


def test_an_oracle_for_a_task_without_one_is_one_line():
    check_rule("oracle+2", ShortestPath())
    check_rule("12", Tour())
    with pytest.raises(UserError, match=r"since Tour does not know .*, got 'oracle\+2'"):
        check_rule("oracle+2", Tour())


def test_adaptive_steps_of_a_model_without_states_are_one_line():
    walk, linear = (study(*model.split()).build_model() for model in (
        "task=satisfiability model=walk_sat", "model=linear_messages"))  # fmt: skip
    check_can_settle("adaptive@0.03", linear)
    check_can_settle("12", walk)
    with pytest.raises(UserError, match=r"since WalkSat has no states .*, got 'adaptive@0.03'"):
        check_can_settle("adaptive@0.03", walk)


@pytest.mark.parametrize(
    "arm",
    [
        pytest.param(
            f"experiment={folder.name} experiment/{folder.name}@_global_={path.stem}",
            marks=[pytest.mark.slow] if number else [],  # the first arm is fast
        )
        for folder in sorted((ROOT / "conf" / "experiment").glob("*/"))
        for number, path in enumerate(sorted(folder.glob("*.yaml")))
    ],
)
def test_every_arm_of_a_study_can_start(arm):
    parts = study(*arm.split())
    parts.check_steps(parts.build_model())


def test_a_model_that_is_not_defined_for_a_size_says_so_in_the_table(tmp_path):
    parts = study("model=padded_mlp", "task=shortest_path_next_hop", "transfer.sizes=[16,17]",
                  "transfer.num_instances=6", f"machine.data_dir={tmp_path}")  # fmt: skip
    folder = RunFolder(tmp_path / "run")
    rows = evaluate(parts, parts.build_model(), folder, 1.0)
    by_size = {size: [row for row in rows if row.size == size] for size in (16, 17)}
    assert {row.metric for row in by_size[16]} == {row.metric for row in by_size[17]}
    assert all(math.isfinite(row.mean) for row in by_size[16])
    assert all(math.isnan(row.mean) and row.num_instances == 6 for row in by_size[17])
    text = format_table(read_table(folder.table_path("")))
    assert text.splitlines()[-1].split()[-1] == "n/a"


def test_a_score_that_is_nan_is_an_error_and_not_a_missing_score(tmp_path, monkeypatch):
    parts = study("model=node_mlp", "transfer.sizes=[16]", "transfer.num_instances=3",
                  f"machine.data_dir={tmp_path}")  # fmt: skip
    nan = {"valid": torch.tensor([1.0, float("nan"), 0.0])}
    monkeypatch.setattr(ShortestPath, "score", lambda *_: nan)
    with pytest.raises(UserError, match=r"of size 16: valid is not a number in instance 1"):
        evaluate(parts, parts.build_model(), RunFolder(tmp_path / "run"), 1.0)


def test_training_graphs_that_a_model_cannot_take_are_refused(tmp_path):
    parts = study("model=padded_mlp", "model.max_num_nodes=12", "train.num_instances=50",
                  "val.num_instances=10", f"machine.data_dir={tmp_path}")  # fmt: skip
    with pytest.raises(UserError, match=r"max_num_nodes must be at least 1[3-6].*, got 12"):
        parts.check_training_graphs(parts.build_model())


def count(*overrides):
    spec = study().spec
    return num_parameters(matched(composed(*overrides), spec).model, spec)


def test_every_model_can_have_the_parameters_of_another():
    wanted = count("model=encode_process_decode")
    assert wanted == sum(p.numel() for p in study().build_model().parameters())
    fitting = [name for name in stems("model") if fits("shortest_path", name)]
    widthless = [name for name in fitting if "hidden_dim" not in model_yaml(name)]
    assert list(filter(has_parameters, widthless)) == ["linear"]
    config, spec = composed("model.match_parameters_of=encode_process_decode"), study().spec
    for name in (n for n in fitting if "hidden_dim" in model_yaml(n)):
        config.model = {**model_yaml(name), "match_parameters_of": "encode_process_decode"}
        found = num_parameters(matched(config, spec).model, spec)
        assert abs(found - wanted) <= 0.1 * wanted, name


def test_a_matched_run_is_that_of_the_width_it_found():
    config = composed("model=node_mlp", "model.match_parameters_of=5000")
    spec = study().spec
    resolved = matched(config, spec)
    width = resolved.model.hidden_dim
    assert "match_parameters_of" not in resolved.model
    by_hand = matched(composed("model=node_mlp", f"model.hidden_dim={width}"), spec)
    assert config_hash(resolved) == config_hash(by_hand)
    widths = width - 1, width, width + 1
    counts = [count("model=node_mlp", f"model.hidden_dim={w}") for w in widths]
    assert min(counts, key=lambda count: abs(count - 5000)) == counts[1]


def test_random_numbers_in_training_depend_only_on_seed_and_update():
    def drawn(seed, step):
        with seeded(Update(seed, step), torch.device("cpu")):
            return torch.rand(2).tolist()

    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    assert drawn(0, 5) == drawn(0, 5)
    assert len({tuple(drawn(seed, step)) for seed in (0, 1) for step in (0, 1)}) == 4
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_steps_of_every_instance_are_counted(tmp_path):
    parts = study("model=linear_messages", "transfer.num_instances=9", "transfer.sizes=[16]",
                  f"machine.data_dir={tmp_path}")  # fmt: skip
    model = parts.build_model()
    packed = parts.test_cells[0].data_set.load()
    answer = answer_by("oracle", model, parts.task, 16)
    scores = score_instances(parts.task, answer, packed)
    assert scores["steps"].tolist() == parts.task.num_rounds(packed.batch(range(9))).tolist()
