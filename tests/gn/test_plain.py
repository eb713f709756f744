"""Every kernel has a plain path with equal results that supports all transforms of torch."""

import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

from gn.kernels.layer_norm_lstm import LayerNormLSTMCell
from gn.kernels.plain import plain
from gn.kernels.segment import carry, gather, segment_max, segment_sum
from gn.mlp import ACTIVATIONS, MLP
from gn.topology import Incidence
from tests.conftest import has_parameters, instances, own_task, stems
from tests.contracts import batch_of, build

MODELS = [name for name in stems("model") if has_parameters(name)]


@pytest.fixture
def maps():
    drawn = torch.Generator().manual_seed(0)
    index = [torch.randint(0, 5, (12,), generator=drawn) for _ in range(2)]
    return [Incidence(i, 6) for i in index]  # a row without items


@pytest.mark.parametrize("kernel", [segment_sum, segment_max, gather])
def test_a_kernel_is_its_plain_path(maps, kernel):
    rows = 6 if kernel is gather else 12
    values = torch.randn(rows, 3, dtype=torch.float64, requires_grad=True)
    found = [kernel(values, maps[0], is_plain=choice) for choice in (False, True)]
    torch.testing.assert_close(*found)
    gradients = [torch.autograd.grad(of.square().sum(), values)[0] for of in found]
    torch.testing.assert_close(*gradients)


def test_a_carry_is_a_gather_and_a_sum(maps):
    values = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    found = [carry(values, *maps, is_plain=choice) for choice in (False, True)]
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_mlp_is_its_plain_path(maps, activation):
    mlp = MLP([2, 3], [4, 4], 5, activation, layer_norm=True).double()
    arguments = torch.randn(12, 2).double(), (torch.randn(6, 3).double(), maps[0])
    with plain():
        expected = mlp.with_sums(maps[1], *arguments)
    for ours, theirs in zip(mlp.with_sums(maps[1], *arguments), expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_lstm_cell_is_its_plain_path():
    cell, state = LayerNormLSTMCell(3, 4).double(), (torch.randn(2, 5, 4).double().unbind(0))
    x = torch.randn(5, 3).double()
    for ours, theirs in zip(cell(x, state), cell(x, state, is_plain=True), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("model_name", MODELS)
def test_a_model_equals_its_plain_path_which_has_second_derivatives(model_name):
    task, graphs = instances(own_task(model_name), 8, 2)
    batch, model = batch_of(graphs), build(own_task(model_name), model_name).double()
    for name in ("x", "edge_attr", "u"):
        batch[name] = batch[name].double()
    batch.edge_attr = (batch.edge_attr + 0.1 * torch.rand_like(batch.edge_attr)).requires_grad_()

    def slope():
        loss = task.loss(model, batch)
        return loss, *torch.autograd.grad(
            loss, batch.edge_attr, create_graph=True, allow_unused=True
        )

    fused = slope()
    with plain():
        loss, force = slope()
        torch.testing.assert_close(fused[0], loss)
        if force is None or not force.any():  # edges are not read, or only relative to each other
            return
        torch.testing.assert_close(fused[1].detach(), force.detach())
        weights = [p for p in model.parameters() if p.requires_grad]
        gradients = torch.autograd.grad(force.square().sum(), weights, allow_unused=True)
    assert any(g is not None and g.isfinite().all() and g.abs().sum() > 0 for g in gradients)


def test_weights_can_be_stacked_in_the_plain_path():
    batch = batch_of(instances("shortest_path", 8, 2)[1])
    models = [build("shortest_path", "encode_process_decode", seed) for seed in (0, 1)]
    weights, buffers = stack_module_state(models)
    with plain(), torch.no_grad():
        answer = vmap(lambda w, b: functional_call(models[0], (w, b), (batch,)).edge_attr)
        together = answer(weights, buffers)
    for k, model in enumerate(models):
        torch.testing.assert_close(together[k], model(batch).edge_attr)
