"""Typed answers against loops over items and graphs."""

import math

import pytest
import torch
from torch_geometric.data import Data

from data_gen.answers.answer import Answer
from data_gen.answers.category import Category
from data_gen.answers.choice import Choice
from data_gen.answers.mask import Mask
from data_gen.answers.number import Number, Vector
from data_gen.answers.pointer import Pointer
from data_gen.packed import Packed


@pytest.fixture
def batch():
    """Return two graphs, of 3 and 4 nodes; the second has an isolated node."""
    drawn = torch.Generator().manual_seed(0)
    graphs = []
    for size, edges in ((3, [[0, 1, 1, 2], [1, 0, 2, 1]]), (4, [[0, 1, 2], [1, 2, 0]])):
        num_edges = len(edges[0])
        graphs.append(
            Data(
                x=torch.zeros(size, 1),
                edge_index=torch.tensor(edges),
                edge_attr=torch.zeros(num_edges, 1),
                u=torch.zeros(1, 1),
                is_in=torch.rand(size, generator=drawn) < 0.5,
                edge_hop=torch.tensor([True, False, False, True][:num_edges]),
                is_it=torch.arange(size) == 1,
                kind=torch.arange(size) % 3,
                place=torch.randn(size, 2, generator=drawn),
                graph_energy=torch.randn(1, generator=drawn),
            )
        )
    return Packed.pack(graphs).batch([0, 1])


def values_of(answer, batch):
    rows = {"node": batch.num_nodes, "edge": batch.num_edges, "graph": batch.num_graphs}
    drawn = torch.Generator().manual_seed(1)
    return torch.randn(rows[answer.level], answer.width, generator=drawn)


def mask_loss(values, batch):
    terms = [
        -math.log(1 / (1 + math.exp(-z if true else z)))
        for z, true in zip(values[:, 0].tolist(), batch.is_in.tolist(), strict=True)
    ]
    return sum(terms) / len(terms)


def pointer_loss(values, batch):
    of_graphs = []
    for graph in range(2):
        terms = []
        for node in (batch.batch == graph).nonzero().flatten().tolist():
            edges = (batch.edge_index[0] == node).nonzero().flatten().tolist()
            for edge in edges:
                if batch.edge_hop[edge]:
                    total = sum(math.exp(values[other, 0]) for other in edges)
                    terms.append(-math.log(math.exp(values[edge, 0]) / total))
        of_graphs.append(sum(terms) / max(1, len(terms)))
    return sum(of_graphs) / 2


def choice_loss(values, batch):
    terms = []
    for graph in range(2):
        nodes = (batch.batch == graph).nonzero().flatten().tolist()
        total = sum(math.exp(values[node, 0]) for node in nodes)
        terms += [-math.log(math.exp(values[n, 0]) / total) for n in nodes if batch.is_it[n]]
    return sum(terms) / 2


def category_loss(values, batch):
    terms = [
        -math.log(math.exp(row[kind]) / sum(map(math.exp, row)))
        for row, kind in zip(values.tolist(), batch.kind.tolist(), strict=True)
    ]
    return sum(terms) / len(terms)


def vector_loss(values, batch):
    pairs = zip(values.flatten().tolist(), batch.place.flatten().tolist(), strict=True)
    terms = [(value - true) ** 2 for value, true in pairs]
    return sum(terms) / len(terms)


def number_loss(values, batch):
    return sum((values[g, 0].item() - batch.graph_energy[g].item()) ** 2 for g in range(2)) / 2


ANSWERS = [
    (Mask("node", "is_in"), mask_loss),
    (Pointer("edge", "edge_hop"), pointer_loss),
    (Choice("node", "is_it"), choice_loss),
    (Category("node", "kind", 3), category_loss),
    (Vector("node", "place", 2), vector_loss),
    (Number("graph", "graph_energy"), number_loss),
]


@pytest.mark.parametrize(("answer", "loop"), ANSWERS, ids=lambda v: type(v).__name__)
def test_the_loss_is_the_loop(answer, loop, batch):
    values = values_of(answer, batch)
    part = answer.part(values, batch)
    assert part.mean.item() == pytest.approx(loop(values, batch), rel=1e-5)
    assert part.num_terms in (len(values), 2)


@pytest.mark.parametrize(("answer", "loop"), ANSWERS, ids=lambda v: type(v).__name__)
def test_the_certain_answer_decodes_to_the_target_and_costs_nothing(answer, loop, batch):
    values = answer.certain(batch)
    assert values.shape[1] == answer.width
    decoded = answer.decode(values, batch)
    if isinstance(answer, Pointer):  # a node with a target decodes to its target edge
        named = batch.edge_index[0, batch.edge_hop]
        assert torch.equal(decoded[named], batch.edge_hop.nonzero().flatten())
        assert decoded[batch.num_nodes - 1] == -1
    else:
        torch.testing.assert_close(decoded, batch[answer.target])
    assert answer.part(values, batch).mean < 1e-9


def test_a_level_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"level must be one of node, edge, graph, got 'face'"):
        Mask("face", "is_in")
    assert issubclass(Mask, Answer)
