"""Edges from 1e-12 to 1e12 long: right answers, or a refusal, and finite answers of all models."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from data_gen.cell import Cell
from data_gen.distribution import GenerationError
from data_gen.graphs.distributions.erdos_renyi import ErdosRenyi
from data_gen.graphs.distributions.geographic_threshold import GeographicThreshold
from data_gen.graphs.distributions.grid import Grid
from data_gen.graphs.edge_weights.heavy_tailed import HeavyTailed
from data_gen.graphs.edge_weights.wide_range import WideRange
from data_gen.graphs.weighted import EdgeWeights
from data_gen.packed import Packed
from data_gen.paths.answer import NextHop, walk
from data_gen.paths.tasks.shortest_path import LENGTHS, ShortestPath
from experiments.run.evaluation import score_by_rules
from experiments.settings.errors import UserError
from gn.heuristics.bellman_ford import BellmanFord
from gn.heuristics.ruler import Ruler
from tests.conftest import fits, stems, the_study
from tests.contracts import batch_of, build, refuses, scores

ROUNDING = 1e-14  # the largest relative error of a sum of some twenty lengths in float64
TASK = ShortestPath(NextHop())
PATHS = [task for task in stems("task") if isinstance(the_study(f"task={task}").task, ShortestPath)]
PAIRS = [
    pytest.param(task, model, marks=() if task == PATHS[0] else pytest.mark.slow)
    for task in PATHS
    for model in stems("model")
    if fits(task, model)
]


@dataclass(frozen=True)
class Decades(EdgeWeights):
    """Log-uniform lengths between two powers of ten."""

    low: float = -12
    high: float = 12

    def __call__(self, graph, rng):
        return 10.0 ** rng.uniform(self.low, self.high, len(graph.edges))


def drawn(task=TASK, law=ErdosRenyi(), lengths=Decades(), size=24, count=12):  # noqa: B008
    return Cell(task, lengths.applied_to(law), (size,), "test").instances(0, count)


def exact_distances(graph):
    """Return the distance of each node to the end in fractions, without any rounding."""
    ends = graph.edge_index.T.tolist()
    lengths = [Fraction(value) for value in graph.edge_attr[:, 0].tolist()]
    found = {int(graph.x[:, 4].argmax()): Fraction(0)}
    changed = True
    while changed:
        changed = False
        for (sender, receiver), length in zip(ends, lengths, strict=True):
            if receiver in found:
                way = length + found[receiver]
                if sender not in found or way < found[sender]:
                    found[sender], changed = way, True
    return found


@pytest.mark.parametrize("law", [ErdosRenyi(), Grid()])
def test_labels_are_shortest_paths_of_exact_arithmetic(law):
    spans = []
    for graph in drawn(law=law, count=6):
        exact = exact_distances(graph)
        start = int(graph.x[:, 3].argmax())
        lengths = graph.edge_attr[:, 0].double()
        spans.append(float(lengths.max() / lengths.min()))
        assert graph.graph_optimum.item() == pytest.approx(float(exact[start]), rel=ROUNDING)
        for k in graph.edge_next_hop.nonzero().flatten().tolist():
            sender, receiver = graph.edge_index[:, k].tolist()
            way = Fraction(lengths[k].item()) + exact[receiver]
            assert way <= exact[sender] * (1 + Fraction(ROUNDING))
    assert max(spans) > 1e22


@pytest.mark.parametrize("lengths", [Decades(), Decades(-12, 0), Decades(11, 12)])
@pytest.mark.parametrize("law", [ErdosRenyi(), Grid(), GeographicThreshold()])
def test_bellman_ford_finds_the_shortest_path_and_arrives(law, lengths):
    """In float32 a length that is lost beside another sent the walk back and forth."""
    batch = batch_of(drawn(law=law, lengths=lengths, size=32, count=60))
    output = BellmanFord(TASK.spec)(batch, 32)
    walked = walk(TASK.answer.decode(output, batch).next_edge, batch)
    assert walked.arrived.all()
    assert (walked.cost <= batch.graph_optimum * (1 + ROUNDING)).all()


@pytest.mark.parametrize(
    ("lengths", "places"),
    [
        ((2e-9, 1e-9, 1, 1), [(0, 0), (1, 0), (1, 0), (2, 0)]),  # lengths lost beside lines
        ((1e12, 1e12, 1, 1), [(0, 0), (1, 0), (2, 0), (3, 0)]),  # lines lost beside lengths
    ],
)
def test_a_ruler_adds_short_to_long(lengths, places):
    ends = torch.tensor([(0, 1), (0, 2), (1, 3), (2, 3)]).T
    x = torch.zeros(4, 5)
    x[:, :2], x[0, 3], x[3, 4] = torch.tensor(places), 1, 1
    both = torch.cat([ends, ends.flip(0)], dim=1)
    graph = Data(
        x=x, edge_index=both, edge_attr=torch.tensor(lengths).repeat(2, 1).view(-1, 1),
        u=torch.zeros(1, 1),
    )  # fmt: skip
    output = Ruler(TASK.spec)(batch_of([graph]))
    packed = batch_of([graph]).edge_index
    of_start = {int(r): output.edge_attr[k].item() for k, (s, r) in enumerate(packed.T) if s == 0}
    assert of_start[1] < of_start[2] == 0


@pytest.mark.parametrize(
    ("lengths", "lost"),
    [
        (HeavyTailed(1e-3), "inf"),
        (Decades(31, 32), "[0-9.]+e[+]31"),
        (Decades(-60, -31), "[0-9.]+e-[0-9]+"),
    ],
)
def test_a_length_that_float32_would_lose_is_refused_in_one_line(lengths, lost):
    """An edge of length 0 would be free, and the cost ratio of its path not a number."""
    with pytest.raises(GenerationError, match=rf"^lengths .* from 1e-30 to 1e[+]30, got {lost}$"):
        drawn(lengths=lengths)


def test_the_widest_law_of_the_suite_keeps_every_length():
    batch = batch_of(drawn(lengths=WideRange(30), count=40))
    assert batch.edge_attr.min() < 1e-28
    assert batch.edge_attr.min() >= np.float32(LENGTHS[0])
    assert (scores(TASK, TASK.solution, batch)["cost_ratio"] == 1).all()


@pytest.mark.parametrize(("task_name", "model_name"), PAIRS)
def test_a_model_answers_with_numbers_or_its_answer_is_flagged(task_name, model_name):
    """A model that squares what it adds up (`egnn`) overflows; no score may hide that."""
    task, model = the_study(f"task={task_name}").task, build(task_name, model_name)
    graphs = drawn(task, size=12, count=4)
    batch = batch_of(graphs)
    if refuses(model, batch):
        return
    with torch.no_grad():
        answers = [values for values in model(batch) if values is not None]
    if any(values.isnan().any() for values in answers):
        with pytest.raises(UserError, match="an answer is not a number, among instances"):
            score_by_rules(task, model, [""], Packed.pack(graphs), 12)
        return
    assert all(values.isfinite().all() for values in answers)
    (found,) = score_by_rules(task, model, [""], Packed.pack(graphs), 12)
    assert all(np.isfinite(values).all() for values in found.values())
    loss = task.loss(model, batch)
    if loss.requires_grad:
        loss.backward()
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        assert gradients
        assert all(gradient.isfinite().all() for gradient in gradients)
