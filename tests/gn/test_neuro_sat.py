"""Compare NeuroSAT with its equations in loops, and test the invariances of its answers."""

from itertools import product

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import layer_norm

from data_gen.packed import Packed
from data_gen.sat.cnf import Cnf
from data_gen.sat.formula_graph import as_graph, spec
from data_gen.spec import GraphSpec
from gn.kernels import fused_mlp
from gn.kernels.layer_norm_lstm import LayerNormLSTMCell
from gn.models.neuro_sat import NeuroSat
from gn.stepped import StopRule

FORMULAS = [
    Cnf.from_clauses(3, [[1, -2], [2, 3], [-1], [-3, -2, 1]]),
    Cnf.from_clauses(4, [[1, -2, -4], [2]]),  # variable 3 is in no clause
    Cnf.from_clauses(2, [[1, 2], [-1, -2], [1, -2], [-1, 2], [1, 2]]),  # a clause twice
]


def batch_of(formulas):
    return Packed.pack([as_graph(formula) for formula in formulas]).batch(range(len(formulas)))


def randomised(**switches):
    torch.manual_seed(0)
    model = NeuroSat(spec(node_out=1), hidden_dim=6, **switches).double().eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.5)
    return model


def cell_of(cell, x, h, c):
    """Apply the equations of a cell to one row."""
    if isinstance(cell, nn.LSTMCell):
        h, c = cell(x.unsqueeze(0), (h.unsqueeze(0), c.unsqueeze(0)))
        return h[0], c[0]
    gates = []
    for k in range(4):
        z = cell.input_weight[k] @ x + cell.hidden_weight[k] @ h
        gates.append(layer_norm(z, z.shape, cell.gate_scale[k, 0], cell.gate_shift[k, 0]))
    i, f, o = gates[0].sigmoid(), (gates[1] + 1).sigmoid(), gates[2].sigmoid()
    c = layer_norm(f * c + i * gates[3].relu(), c.shape, cell.cell_scale, cell.cell_shift)
    return o * c.relu(), c


def votes_by_loops(model, formula, num_rounds):
    """Return the vote of each literal, in the order x1, ¬x1, x2, ..."""
    literals = [sign * v for v in range(1, formula.num_variables + 1) for sign in (1, -1)]
    zero = torch.zeros(6, dtype=torch.double)
    scale = 6**-0.5
    h = dict.fromkeys(literals, (scale * model.literal_start, zero))
    g = [(scale * model.clause_start, zero) for _ in formula.clauses]
    for _ in range(num_rounds):
        sent = {lit: model.literal_message(h[lit][0].unsqueeze(0))[0] for lit in literals}
        new = [
            cell_of(model.update_clause, sum((sent[lit] for lit in clause), zero), *g[j])
            for j, clause in enumerate(formula.clauses)
        ]
        heard = new if model.clauses_first else g
        replies = [
            model.clause_output(model.clause_message(state[0].unsqueeze(0)))[0] for state in heard
        ]
        updated = {}
        for lit in literals:
            mine = [reply for reply, c in zip(replies, formula.clauses, strict=True) if lit in c]
            x = sum(mine, zero)
            x = torch.cat([x, h[-lit][0]]) if model.has_flip else x
            updated[lit] = cell_of(model.update_literal, x, *h[lit])
        h, g = updated, new
    return torch.stack([model.vote(h[lit][0].unsqueeze(0))[0, 0] for lit in literals])


@pytest.mark.parametrize(("flip", "norm", "first"), list(product((True, False), repeat=3)))
def test_votes_are_those_of_the_equations(flip, norm, first):
    model = randomised(has_flip=flip, has_layer_norm=norm, clauses_first=first)
    output = model(batch_of(FORMULAS), 3)
    start = 0
    for formula in FORMULAS:
        expected = votes_by_loops(model, formula, 3)
        found = output.x[start : start + len(expected), 0]
        torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-10)
        start += 2 * formula.num_variables + formula.num_clauses


def test_every_switch_has_an_effect():
    batch = batch_of(FORMULAS)
    answers = [
        randomised(has_flip=flip, has_layer_norm=norm, clauses_first=first)(batch, 3).x
        for flip, norm, first in ((1, 1, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0))
    ]
    for k, answer in enumerate(answers):
        assert all(not torch.allclose(answer, other) for other in answers[:k])


@pytest.mark.parametrize("slice_bytes", [2**21, 200])
def test_the_gradient_of_the_cell_is_that_of_differences(monkeypatch, slice_bytes):
    """Includes rows that are processed in several slices."""
    monkeypatch.setattr(fused_mlp, "SLICE_BYTES", slice_bytes)
    torch.manual_seed(1)
    cell = LayerNormLSTMCell(3, 4).double()
    for parameter in cell.parameters():
        nn.init.normal_(parameter)
    inputs = [torch.randn(7, width, dtype=torch.double) for width in (3, 4, 4)]
    tensors = [*inputs, *cell.parameters()]
    for tensor in tensors:
        tensor.requires_grad_()
    weights = torch.randn(2, 7, 4, dtype=torch.double)

    def value():
        h, c = cell(inputs[0], (inputs[1], inputs[2]))
        return (weights[0] * h + weights[1] * c).sum()

    gradients = torch.autograd.grad(value(), tensors)
    for tensor, gradient in zip(tensors, gradients, strict=True):
        direction = torch.randn_like(tensor)
        with torch.no_grad():
            tensor.add_(1e-6 * direction)
            above = value()
            tensor.sub_(2e-6 * direction)
            slope = (above - value()) / 2e-6
            tensor.add_(1e-6 * direction)
        torch.testing.assert_close((gradient * direction).sum(), slope, rtol=1e-5, atol=1e-7)


def test_complements_are_given_by_edges_and_not_by_the_order_of_nodes():
    model, graph = randomised(), as_graph(FORMULAS[0])
    order = torch.from_numpy(np.random.default_rng(0).permutation(graph.num_nodes))
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order))
    moved = graph.clone()
    for name in ("x", "node_type"):
        moved[name] = graph[name][order]
    moved.edge_index = place[graph.edge_index]
    answer = model(Packed.pack([graph]).batch([0]), 4)
    other = model(Packed.pack([moved]).batch([0]), 4)
    torch.testing.assert_close(other.x, answer.x[order])
    torch.testing.assert_close(other.states, answer.states[order])


def test_each_graph_takes_its_own_rounds():
    model, batch = randomised(), batch_of(FORMULAS)
    wanted = torch.tensor([5, 1, 3])
    together = model(batch, wanted)
    for graph, rounds in enumerate(wanted.tolist()):
        inside = batch.batch == graph
        alone = model(batch, rounds)
        torch.testing.assert_close(together.x[inside], alone.x[inside])
        torch.testing.assert_close(together.states[inside], alone.states[inside])


def test_it_can_stop_when_its_states_are_still():
    model, batch = randomised(), batch_of(FORMULAS)
    rule = StopRule(tolerance=0.2, max_steps_per_node=5)
    answer, rounds = model.settle(batch, rule)
    torch.testing.assert_close(answer.x, model(batch, rounds).x)
    assert (rounds >= rule.patience).all()


def test_a_task_without_literals_is_refused():
    with pytest.raises(ValueError, match="must be literal and clause nodes, got untyped nodes"):
        NeuroSat(GraphSpec(2, 1, 1, node_out=1))


def test_untrained_it_cannot_tell_the_literals_of_a_symmetric_formula_apart():
    """All literals share an initial state, so that symmetric literals have equal votes."""
    model = randomised()
    output = model(batch_of([Cnf.from_clauses(2, [[1, 2], [-1, -2], [1, -2], [-1, 2]])]), 6)
    torch.testing.assert_close(output.x[:4], output.x[:1].expand(4, 1))
