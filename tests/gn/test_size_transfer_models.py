import inspect

import pytest
import torch
import yaml
from torch_geometric.data import Batch

from data_gen.spec import GraphSpec
from gn.models.egnn import Egnn
from gn.models.gat import Gat
from gn.models.gin import Gin
from gn.models.gps import Gps
from gn.models.graph_sage import GraphSage
from gn.models.pgn import Pgn
from gn.models.pna import Pna
from gn.models.recurrent_gnn import RecurrentGnn
from gn.stepped import StopRule
from gn.topology import Topology
from tests.conftest import ROOT
from tests.gn import step_loops as loops
from tests.gn.conftest import graph

H = 8
SPEC = GraphSpec(node_in=3, edge_in=2, global_in=4, node_out=1, edge_out=2, global_out=3)
POSITIONS = GraphSpec(3, 2, 4, node_out=1, edge_out=2, global_out=3, position_dim=2)
MODELS = [Egnn, Gat, Gin, Gps, GraphSage, Pgn, Pna, RecurrentGnn]
LAYERED = [Gat, Gps, GraphSage, Pna]


def build(model_class, generator, spec=SPEC, **arguments):
    """Build a model and randomise its weights, so that none keeps its initial 0 or 1."""
    model = model_class(spec, hidden_dim=H, num_message_passing_steps=3, **arguments).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator))
    return model


CASES = [
    (Gin, loops.gin, {"aggregation": "max"}),
    (Gin, loops.gin, {"aggregation": "sum"}),
    (Pgn, loops.pgn, {}),
    (RecurrentGnn, loops.recurrent_gnn, {"aggregation": "max"}),
    (RecurrentGnn, loops.recurrent_gnn, {"aggregation": "sum"}),
    (GraphSage, loops.graph_sage, {}),
    (Gat, loops.gat, {"heads": 2}),
    (Pna, loops.pna, {"reference_degree": 5}),
    (Gps, loops.gps, {"heads": 2}),
    (Egnn, loops.egnn, {"is_normalized": True}),
    (Egnn, loops.egnn, {"is_normalized": False}),
    (Egnn, loops.egnn, {"spec": POSITIONS}),
]
SEPARATE = [(c, o, a | {"share_weights": False}) for c, o, a in CASES if c in LAYERED]


@pytest.mark.parametrize(("model_class", "oracle", "arguments"), CASES + SEPARATE)
def test_a_step_is_its_equation(batch, generator, model_class, oracle, arguments):
    model, t = build(model_class, generator, **arguments), Topology.from_batch(batch)
    encoded = model.encode(batch, t)
    moved = torch.randn(encoded.x.shape, generator=generator, dtype=torch.float64)
    state, into = encoded._replace(x=moved), [[] for _ in range(batch.num_nodes)]
    for k, (s, r) in enumerate(batch.edge_index.T.tolist()):
        into[r].append((k, s))
    new = model.step(state, encoded, t, 1)
    world = loops.World(encoded, state, into, batch.batch.tolist(), 1)
    want = [oracle(model, i, world) for i in range(batch.num_nodes)]
    got = torch.cat([new.x, new.node_position], dim=1) if model_class is Egnn else new.x
    torch.testing.assert_close(got, torch.stack(want))
    unchanged = [name for name in state._fields if name not in ("x", "node_position")]
    assert all(getattr(new, name) is getattr(state, name) for name in unchanged)


@pytest.mark.parametrize("model_class", MODELS)
def test_each_graph_takes_its_own_number_of_steps(batch, graphs, generator, model_class):
    model, num_steps = build(model_class, generator, spec=POSITIONS), [1, 2, 3, 2, 5]
    got = model(batch, torch.tensor(num_steps))
    alone = [
        model(Batch.from_data_list([one]), steps)
        for one, steps in zip(graphs, num_steps, strict=True)
    ]
    for ours, parts in zip(got, zip(*alone, strict=True), strict=True):
        torch.testing.assert_close(ours, torch.cat(parts))
    answer, taken = model.settle(batch, StopRule(max_steps_per_node=2.0))
    assert (taken <= 2 * batch.batch.bincount()).all()
    for ours, theirs in zip(answer, model(batch, taken), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("model_class", LAYERED)
def test_separate_layers_take_their_own_number_of_steps(batch, generator, model_class):
    shared = build(model_class, generator)
    separate = build(model_class, generator, share_weights=False)
    count = [sum(p.numel() for p in m.layers.parameters()) for m in (shared, separate)]
    assert count[1] == 3 * count[0]
    with pytest.raises(ValueError, match="num_message_passing_steps must be 3, got 4"):
        separate(batch, 4)


def turned(batch, generator, sign):
    """Rotate and translate the positions of a batch; reflect them if the sign is -1."""
    turn = torch.linalg.qr(torch.randn(2, 2, generator=generator).double()).Q
    turn[0] *= sign * torch.linalg.det(turn).sign()
    shift = torch.tensor([3.0, -7.0]).double()
    other = batch.clone()
    other.x = torch.cat([batch.x[:, :2] @ turn.T + shift, batch.x[:, 2:]], dim=1)
    return other, lambda position: position @ turn.T + shift


@pytest.mark.parametrize("sign", [1, -1])
def test_rotating_the_input_rotates_only_the_positions_of_an_egnn(batch, generator, sign):
    model = build(Egnn, generator, POSITIONS)
    other, turn = turned(batch, generator, sign)
    for ours, theirs in zip(model(batch, 4), model(other, 4), strict=True):
        torch.testing.assert_close(ours, theirs)
    t = Topology.from_batch(batch)
    states = []
    for b in (batch, other):
        encoded = state = model.encode(b, t)
        for index in range(4):
            state = model.step(state, encoded, t, index)
        states.append(state)
    torch.testing.assert_close(states[1].node_position, turn(states[0].node_position))
    assert not torch.allclose(states[0].node_position, batch.x[:, :2], atol=1e-2)


def test_an_egnn_reads_positions_only_through_distances(batch, generator):
    model, larger, apart = build(Egnn, generator, POSITIONS), batch.clone(), batch.clone()
    larger.x = batch.x * torch.tensor([2.0, 2.0, 1.0])
    assert not torch.allclose(model(batch).x, model(larger).x, atol=1e-3)
    apart.x = torch.cat([torch.randn(batch.x.shape, generator=generator)[:, :2], batch.x[:, 2:]], 1)
    for b in (batch, apart):
        b.edge_index, b.edge_attr = b.edge_index[:, :0], b.edge_attr[:0]
    for ours, theirs in zip(model(batch), model(apart), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_an_egnn_of_positions_alone_answers(batch, generator):
    spec = GraphSpec(3, 2, 4, node_out=1, edge_out=2, global_out=3, position_dim=3)
    answer = build(Egnn, generator, spec)(batch)
    assert all(values.isfinite().all() for values in answer)


def is_finite_after_hundreds_of_steps(model, generator):
    batch = Batch.from_data_list([graph(12, 60, generator, torch.float32)])
    with torch.no_grad():
        return all(values.isfinite().all() for values in model(batch, 300))


@pytest.mark.parametrize("model_class", MODELS)
def test_hundreds_of_steps_do_not_overflow(generator, model_class):
    assert is_finite_after_hundreds_of_steps(model_class(SPEC), generator)


def test_hundreds_of_steps_of_an_egnn_overflow_without_normalization(generator):
    model = Egnn(SPEC, is_normalized=False)
    assert not is_finite_after_hundreds_of_steps(model, generator)


@pytest.mark.parametrize("model_class", [Gin, Gps])
def test_the_weight_of_a_node_itself_is_learned(model_class):
    assert any(name.endswith(".eps") for name, _ in model_class(SPEC).named_parameters())


@pytest.mark.parametrize(
    ("model_class", "arguments", "message"),
    [
        (Gin, {"aggregation": "median"}, "aggregation must be one of .* got 'median'"),
        (GraphSage, {"aggregation": "median"}, "aggregation must be one of .* got 'median'"),
        (RecurrentGnn, {"aggregation": "median"}, "aggregation must be one of .* got 'median'"),
        (Gat, {"heads": 3}, r"heads must be a divisor of hidden_dim \(8\), got 3"),
        (Gps, {"heads": 3}, r"heads must be a divisor of hidden_dim \(8\), got 3"),
        (Gps, {"heads": 0}, "heads must be a whole number of at least 1, got 0"),
        (Pna, {"reference_degree": 0}, "reference_degree must be a whole number of at least 1"),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(model_class, arguments, message):
    with pytest.raises(ValueError, match=message) as error:
        model_class(SPEC, hidden_dim=H, **arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("model_class", MODELS)
@pytest.mark.parametrize("name", ["hidden_dim", "num_message_passing_steps"])
def test_a_width_of_0_is_refused(model_class, name):
    with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1, got 0"):
        model_class(SPEC, **{name: 0})


@pytest.mark.parametrize("model_class", MODELS)
def test_the_yaml_holds_every_argument_and_its_default(model_class):
    stem = model_class.__module__.split(".")[-1]
    config = yaml.safe_load((ROOT / "conf" / "model" / f"{stem}.yaml").read_text())
    arguments = list(inspect.signature(model_class).parameters.values())[1:]
    assert config == {
        "_partial_": True,
        "_target_": f"gn.models.{stem}.{model_class.__name__}",
        **{argument.name: argument.default for argument in arguments},
    }
