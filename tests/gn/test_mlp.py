import pytest
import torch
from torch import nn

from gn.mlp import ACTIVATIONS, MLP
from gn.topology import Topology

TORCH = {
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(),
    "elu": nn.ELU(),
    "tanh": nn.Tanh(),
    "silu": nn.SiLU(),
    "sigmoid": nn.Sigmoid(),
}


def tensors_and_arguments(batch, generator):
    t = Topology.from_batch(batch)
    x, e, u = (a.clone().requires_grad_() for a in (batch.x, batch.edge_attr, batch.u))
    arguments = e, (x, t.senders), (x, t.receivers), (u, t.edge_graph)
    s, r = batch.edge_index
    return (x, e, u), arguments, torch.cat([e, x[s], x[r], u[batch.batch[r]]], dim=1)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dims", [((), 5), ((6,), 5), ((6, 7), 5), ((6, 7), None)])
@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_an_mlp_is_its_layers_on_the_concatenation(
    batch, generator, activation, dims, layer_norm, bias
):
    mlp = MLP([2, 3, 3, 4], *dims, activation, layer_norm, bias).double()
    inputs, arguments, h = tensors_and_arguments(batch, generator)
    for k, layer in enumerate(mlp.layers):
        h = layer(h if k == 0 else TORCH[activation](h))
    h = TORCH[activation](h) if dims[1] is None else h
    h = mlp.norm(h) if layer_norm else h
    got = mlp(*arguments)
    torch.testing.assert_close(got, h)
    weight = torch.linspace(-1, 1, h.numel(), dtype=h.dtype).view_as(h)
    wrt = [*inputs, *mlp.parameters()]
    for a, b in zip(
        torch.autograd.grad((got * weight).sum(), wrt),
        torch.autograd.grad((h * weight).sum(), wrt),
        strict=True,
    ):
        torch.testing.assert_close(a, b)


def test_an_mlp_without_bias_is_homogeneous(batch, generator):
    mlp = MLP([2, 3, 3, 4], [6, 7], 5, bias=False).double()
    _, (e, (x, s), (_, r), (u, g)), _ = tensors_and_arguments(batch, generator)
    torch.testing.assert_close(
        mlp(3 * e, (3 * x, s), (3 * x, r), (3 * u, g)), 3 * mlp(e, (x, s), (x, r), (u, g))
    )
    assert len(list(mlp.parameters())) == 3


@pytest.mark.parametrize("layer_norm", [False, True])
def test_sums_taken_on_the_way_are_the_sums(batch, generator, layer_norm):
    mlp = MLP([2, 3, 3, 4], [6], 5, layer_norm=layer_norm).double()
    _, arguments, _ = tensors_and_arguments(batch, generator)
    receivers = Topology.from_batch(batch).receivers
    out, sums = mlp.with_sums(receivers, *arguments)
    want = torch.zeros(batch.num_nodes, 5).double().index_add(0, batch.edge_index[1], out)
    torch.testing.assert_close(sums, want)
    # each result alone, as when only the items or only their sums are read
    parameters = list(mlp.parameters())
    for got, expected in ((sums, want), (out, mlp(*arguments))):
        for a, b in zip(
            torch.autograd.grad(got.square().sum(), parameters, retain_graph=True),
            torch.autograd.grad(expected.square().sum(), parameters, retain_graph=True),
            strict=True,
        ):
            torch.testing.assert_close(a, b)


def test_weights_begin_as_those_of_one_linear_layer():
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(3)
        mlp = MLP([2, 3, 4], [], 5)
        torch.random.default_generator.manual_seed(3)
        linear = nn.Linear(9, 5)
    assert torch.equal(mlp.layers[0].weight, linear.weight)
    assert torch.equal(mlp.layers[0].bias, linear.bias)


def test_wrong_widths_and_names_are_refused(batch):
    with pytest.raises(ValueError, match=r"relu.*'swish'"):
        MLP([2], [4], 3, activation="swish")
    with pytest.raises(ValueError, match="width"):
        MLP([2], [0], 3)
    with pytest.raises(ValueError, match=r"argument 1 must be \[.., 3\], got None"):
        MLP([2, 3], [4], 3)(torch.zeros(5, 2), None)
    with pytest.raises(ValueError, match=r"argument 0 must be \[.., 2\], got \[5, 1\]"):
        MLP([2], [4], 3)(torch.zeros(5, 1))
