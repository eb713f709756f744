import pytest
import torch

from data_gen.spec import GraphSpec
from gn.models.deep_sets import DeepSets
from gn.models.encode_process_decode import EncodeProcessDecode
from gn.models.full_gn import FullGraphNetwork
from gn.models.linear_messages import LinearMessages
from gn.models.node_mlp import NodeMLP
from gn.topology import Topology
from tests.gn.loops import mlp

SPEC = GraphSpec(node_in=3, edge_in=2, global_in=4, node_out=1, edge_out=2, global_out=3)


def outputs(model, batch, **changes):
    changed = batch.clone()
    for name, value in changes.items():
        changed[name] = value
    with torch.no_grad():
        return model(changed)


def differs(one, other):
    return any(not torch.allclose(a, b, atol=1e-6) for a, b in zip(one, other, strict=True))


@pytest.fixture
def floats(batch):
    torch.manual_seed(0)
    return batch.clone().apply(lambda t: t.float() if t.is_floating_point() else t)


def test_separate_weights_take_their_own_number_of_steps(floats):
    shared = EncodeProcessDecode(SPEC, hidden_dim=8, num_message_passing_steps=3)
    separate = EncodeProcessDecode(
        SPEC, hidden_dim=8, num_message_passing_steps=3, share_weights=False
    )
    count = [sum(p.numel() for p in m.processors.parameters()) for m in (shared, separate)]
    assert count[1] == 3 * count[0]
    assert len(separate.unroll(floats)) == 3
    with pytest.raises(ValueError, match="num_message_passing_steps must be 3, got 4"):
        separate(floats, 4)
    with pytest.raises(ValueError, match="at least 1"):
        shared(floats, 0)


def test_every_step_extends_the_receptive_field_by_one_hop(floats):
    """A change of one node needs as many steps as there are hops to reach another node."""
    floats.edge_index = torch.stack([torch.arange(4), torch.arange(1, 5)])
    floats.edge_attr = floats.edge_attr[:4]
    floats.batch = torch.zeros(floats.num_nodes, dtype=torch.long)
    floats.u, floats._num_graphs = floats.u[:1], 1
    moved = floats.x.clone()
    moved[0] += 1
    model = LinearMessages(SPEC, hidden_dim=16, aggregations=["sum"], relative_edges=False)
    for num_steps in range(1, 4):
        with torch.no_grad():
            before = model(floats, num_steps).x
            changed = floats.clone()
            changed.x = moved
            after = model(changed, num_steps).x
        reached = (before != after).squeeze(1)
        assert not reached[num_steps + 1 : 5].any()
        assert reached[: num_steps + 1].any()


def test_the_unit_of_length_does_not_matter_to_linear_messages(floats):
    model = LinearMessages(SPEC, hidden_dim=8)
    assert not differs(model(floats), outputs(model, floats, edge_attr=1000 * floats.edge_attr))
    absolute = LinearMessages(SPEC, hidden_dim=8, relative_edges=False)
    assert differs(absolute(floats), outputs(absolute, floats, edge_attr=1000 * floats.edge_attr))


def test_node_features_that_are_not_chosen_are_not_read(floats):
    model = LinearMessages(SPEC, hidden_dim=8, node_features=[1])
    noise = torch.randn_like(floats.x)
    noise[:, 1] = floats.x[:, 1]
    assert not differs(model(floats), outputs(model, floats, x=noise))
    other = floats.x.clone()
    other[:, 1] += 1
    assert differs(model(floats), outputs(model, floats, x=other))


@pytest.mark.parametrize("model_class", [NodeMLP, DeepSets])
def test_the_baselines_do_not_see_the_relations(floats, model_class):
    model = model_class(SPEC, hidden_dim=8)
    shuffled = floats.edge_index[torch.tensor([1, 0])]
    output, other = model(floats), outputs(model, floats, edge_index=shuffled)
    assert torch.allclose(output.x, other.x, atol=1e-6)


@torch.no_grad()
def test_the_readout_reads_the_documented_arguments(batch):
    model = FullGraphNetwork(SPEC, hidden_dim=6).double()
    topology = Topology.from_batch(batch)
    x, edge_attr, u = state = model.encode(batch, topology)
    output, readout, of = model.readout(*state, topology), model.readout, batch.batch.tolist()
    for i, g in enumerate(of):
        torch.testing.assert_close(output.x[i], mlp(readout.node, [x[i], u[g]]))
    for k, (s, r) in enumerate(batch.edge_index.t().tolist()):
        expected = mlp(readout.edge, [edge_attr[k], x[s], x[r], u[of[r]]])
        torch.testing.assert_close(output.edge_attr[k], expected)
    for g in range(batch.num_graphs):
        nodes = x[batch.batch == g]
        pooled = torch.cat([nodes.mean(0), nodes.max(0).values])
        torch.testing.assert_close(output.u[g], mlp(readout.graph, [u[g], pooled]))
