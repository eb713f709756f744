"""Models of bodies: equivariant vectors, additive effects, and models without parameters."""

import pytest
import torch
from torch.nn.functional import silu
from torch_geometric.data import Batch, Data

from data_gen.spec import GraphSpec
from gn.heuristics.zero import Zero
from gn.models.egnn import Egnn
from gn.models.interaction_network import InteractionNetwork
from gn.models.linear import Linear
from gn.topology import Topology
from tests.gn.conftest import graph
from tests.gn.loops import mlp

D = 2  # coordinates
# x: position, velocity and two numbers; edge_attr: displacement, relative velocity and one number
BODIES = GraphSpec(
    2 * D + 2, 2 * D + 1, 4, node_out=D, position_dim=D, node_vectors=1, edge_vectors=2,
    is_vector=True,
)  # fmt: skip
PLAIN = GraphSpec(3, 2, 4, node_out=1, edge_out=2, global_out=3)
TURN = torch.tensor([[0.6, -0.8], [0.8, 0.6]], dtype=torch.float64)


def egnn(**arguments):
    torch.manual_seed(0)
    model = Egnn(BODIES, 8, 3, share_weights=False, activation="silu", **arguments).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.4 * torch.randn_like(parameter))
    return model


def bodies(generator, num_nodes=5, num_edges=12, turn=None):
    """Make a random scene, with rotated vectors and rotated and translated positions."""
    made = graph(num_nodes, num_edges, generator)
    vectors = torch.randn(num_nodes, 2, D, generator=generator, dtype=torch.float64)
    of_edges = torch.randn(num_edges, 2, D, generator=generator, dtype=torch.float64)
    numbers = torch.randn(num_nodes, 2, generator=generator, dtype=torch.float64)
    if turn is not None:
        vectors, of_edges = vectors @ turn.T, of_edges @ turn.T
        vectors[:, 0] += 3.0
    made.x = torch.cat([vectors.flatten(1), numbers], dim=1)
    made.edge_attr = torch.cat([of_edges.flatten(1), made.edge_attr[:, :1]], dim=1)
    return Batch.from_data_list([made])


@pytest.mark.parametrize("turn", [TURN, TURN @ torch.diag(torch.tensor([1.0, -1.0]).double())])
def test_the_answer_of_an_egnn_turns_with_a_scene_and_does_not_move_with_it(turn):
    model = egnn()
    here = model(bodies(torch.Generator().manual_seed(1))).x
    there = model(bodies(torch.Generator().manual_seed(1), turn=turn)).x
    torch.testing.assert_close(there, here @ turn.T)
    assert here.abs().min() > 1e-4


def test_the_answer_is_the_displacement_of_the_positions_over_all_layers(generator):
    model, batch = egnn(), bodies(generator)
    t = Topology.from_batch(batch)
    encoded = state = model.encode(batch, t)
    velocity = batch.x[:, D : 2 * D]
    assert torch.equal(state.node_vectors, velocity)
    for index, layer in enumerate(model.layers):
        new = model.step(state, encoded, t, index)
        for i in range(batch.num_nodes):
            moves = [torch.zeros(D, dtype=torch.float64)]
            for k, (s, r) in enumerate(batch.edge_index.t().tolist()):
                if r == i:
                    d = state.node_position[i] - state.node_position[s]
                    of_pair = [state.edge_attr[k], state.x[s], state.x[i], (d * d).sum().view(1)]
                    message = silu(mlp(layer.update_edge, of_pair, silu))
                    moves.append(d * mlp(layer.update_position, [message], silu))
            mean = torch.stack(moves).sum(dim=0) / max(1, len(moves) - 1)
            push = mlp(layer.scale_vectors, [state.x[i]], silu) * velocity[i]
            torch.testing.assert_close(new.node_position[i], state.node_position[i] + mean + push)
        state = new
    torch.testing.assert_close(model(batch).x, state.node_position - batch.x[:, :D])


def test_layers_that_share_nothing_take_their_own_number_of_steps():
    model = egnn()
    assert len(model.layers) == 3
    with pytest.raises(ValueError, match="num_message_passing_steps must be 3, got 4"):
        model(bodies(torch.Generator().manual_seed(1)), 4)


def test_a_vector_of_another_dimension_than_the_positions_is_an_error():
    with pytest.raises(ValueError, match="node_out must be 2, got 3"):
        Egnn(GraphSpec(6, 5, 4, node_out=3, position_dim=2, is_vector=True))


def additive(node_update):
    torch.manual_seed(0)
    return InteractionNetwork(PLAIN, 8, 2, node_update=node_update).double()


@pytest.mark.parametrize("node_update", ["sum", "sum_and_own"])
def test_effects_add_up_to_the_answer_of_a_node(batch, node_update):
    model = additive(node_update)
    for i in range(batch.num_nodes):
        of_graph = batch.u[batch.batch[i]]
        state = torch.zeros(8, dtype=torch.float64)
        if node_update == "sum_and_own":
            state = mlp(model.block.update_node, [batch.x[i], None, of_graph])
        for k, (s, r) in enumerate(batch.edge_index.t().tolist()):
            if r == i:
                of_pair = [batch.edge_attr[k], batch.x[s], batch.x[r], None]
                state = state + mlp(model.block.update_edge, of_pair)
        torch.testing.assert_close(model(batch).x[i], model.of_sums(state))


@pytest.mark.parametrize("node_update", ["sum", "sum_and_own"])
def test_twice_the_effects_are_twice_the_change(generator, node_update):
    model, one = additive(node_update), graph(4, 6, generator)
    twice = Data(
        x=one.x, u=one.u, edge_index=torch.cat([one.edge_index] * 2, dim=1),
        edge_attr=torch.cat([one.edge_attr] * 2), num_nodes=4,
    )  # fmt: skip
    none = Data(x=one.x, u=one.u, edge_index=one.edge_index[:, :0],
                edge_attr=one.edge_attr[:0], num_nodes=4)  # fmt: skip
    answers = [model(Batch.from_data_list([data])).x for data in (none, one, twice)]
    torch.testing.assert_close(answers[2] - answers[0], 2 * (answers[1] - answers[0]))
    assert (answers[1] - answers[0]).abs().max() > 1e-3
    assert answers[0].any() == (node_update != "sum")  # nodes without incoming effects


def test_an_unknown_node_update_is_an_error():
    with pytest.raises(ValueError, match=r"^node_update must be one of .*, got 'mean'$"):
        InteractionNetwork(PLAIN, node_update="mean")


@pytest.mark.parametrize("node_update", ["network", "sum", "sum_and_own"])
def test_without_positions_it_does_not_matter_where_a_scene_is(generator, node_update):
    batch = bodies(generator)
    moved = batch.clone()
    moved.x = batch.x + torch.tensor([5.0, -3.0, 0, 0, 0, 0])
    for reads in (True, False):
        torch.manual_seed(0)
        model = InteractionNetwork(BODIES, 8, 2, "silu", node_update, reads).double()
        assert torch.allclose(model(batch).x, model(moved).x) != reads


def test_the_linear_model_is_three_matrices(batch):
    model = Linear(PLAIN).double()
    answer = model(batch)
    for i in range(batch.num_nodes):
        incoming = sum(
            (batch.edge_attr[k] for k, r in enumerate(batch.edge_index[1].tolist()) if r == i),
            torch.zeros(2, dtype=torch.float64),
        )
        expected = mlp(model.node, [batch.x[i], incoming, batch.u[batch.batch[i]]])
        torch.testing.assert_close(answer.x[i], expected)
    for k, (s, r) in enumerate(batch.edge_index.t().tolist()):
        expected = mlp(
            model.edge, [batch.edge_attr[k], batch.x[s], batch.x[r], batch.u[batch.batch[r]]]
        )
        torch.testing.assert_close(answer.edge_attr[k], expected)
    for g in range(batch.num_graphs):
        nodes = batch.x[batch.batch == g].sum(dim=0)
        torch.testing.assert_close(answer.u[g], mlp(model.graph, [batch.u[g], nodes]))


def test_zero_answers_zero_where_an_answer_is_asked_for(batch):
    answer = Zero(PLAIN)(batch)
    assert [part.shape[1] for part in answer[:3]] == [1, 2, 3]
    assert not any(part.any() for part in answer[:3])
    assert Zero(GraphSpec(3, 2, 4, node_out=2))(batch)[1:] == (None, None, None)
