import pytest
import torch

from gn.aggregation import AGGREGATIONS, Max, Several, aggregation
from gn.topology import Incidence, Topology

THREE_OF_TWO = torch.tensor([0, 0, 2])  # row 1 has no items


def test_widths_are_told():
    assert aggregation("max", 3).out_dim == 3
    assert aggregation(["sum", "max", "softmax"], 3).out_dim == 9
    assert isinstance(aggregation(["sum", "max"], 3), Several)
    given = Max(3)
    assert aggregation(given, 3) is given


@pytest.mark.parametrize("names", ["median", ["sum", "median"], []])
def test_unknown_names_are_refused(names):
    with pytest.raises(ValueError, match=r"max.*mean.*min.*softmax.*std.*sum"):
        aggregation(names, 3)


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_a_row_without_items_is_zero(name):
    items = torch.full((3, 2), -7.0)
    assert (aggregation(name, 2)(items, Incidence(THREE_OF_TWO, 4))[[1, 3]] == 0).all()


def test_items_that_tie_share_the_gradient():
    items = torch.tensor([[1.0], [1.0], [4.0]], requires_grad=True)
    aggregation("max", 1)(items, Incidence(THREE_OF_TWO, 3)).sum().backward()
    assert items.grad.flatten().tolist() == [0.5, 0.5, 1.0]


def test_equal_items_have_no_spread_and_a_finite_gradient():
    items = torch.tensor([[1.0], [1.0], [4.0]], requires_grad=True)
    std = aggregation("std", 1)(items, Incidence(THREE_OF_TWO, 3))
    std.sum().backward()
    assert (std == 0).all()
    assert (items.grad == 0).all()


def test_spread_far_from_zero_keeps_its_digits():
    items = torch.tensor([[1e4], [1e4 + 1.0], [0.0]])
    assert aggregation("std", 1)(items, Incidence(THREE_OF_TWO, 3))[0].item() == 0.5


def test_huge_scores_do_not_overflow():
    softmax = aggregation("softmax", 1)
    torch.nn.init.constant_(softmax.score.weight, 1e4)
    items = torch.tensor([[1.0], [3.0], [-2.0]])
    assert softmax(items, Incidence(THREE_OF_TWO, 3)).flatten().tolist() == [3.0, 0.0, -2.0]


def test_rows_of_two_maps_are_those_of_the_map_made_of_both(batch):
    t = Topology.from_batch(batch)
    direct = Incidence(batch.batch[batch.edge_index[1]], batch.num_graphs)
    assert t.edge_graph.num_items == batch.num_edges
    for name in ("order", "pointers", "index", "counts"):
        assert torch.equal(getattr(t.edge_graph, name), getattr(direct, name))
    with pytest.raises(ValueError, match="stacked"):
        t.senders.stack(t.receivers).stack(t.receivers)
