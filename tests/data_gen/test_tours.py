"""Tours, compared with independent code: all orders of the points, one graph at a time."""

from itertools import permutations

import numpy as np
import pytest
import torch

from data_gen.environment import NoChoiceError, play
from data_gen.masked_choice import WAIT, choice_loss, first_best
from data_gen.packed import Packed
from data_gen.spec import GraphOutput
from data_gen.tours.branch_and_cut import shortest_tour
from data_gen.tours.distributions.clustered_points import ClusteredPoints
from data_gen.tours.distributions.uniform_points import UniformPoints
from data_gen.tours.environment import HERE, LEFT, START, VISITED
from data_gen.tours.held_karp import shortest_tours
from data_gen.tours.points import Points, distances
from data_gen.tours.tasks.tour import Tour
from tests.contracts import relabelled

TASK = Tour()


def points_of(*sizes, seed=0, law=None):
    rng = np.random.default_rng(seed)
    return [(law or UniformPoints()).draw(size, rng) for size in sizes]


def batch_of(*sizes, seed=0, orders=None):
    """Return a batch of instances of the sizes; `orders`, if given, permute the nodes."""
    structures = points_of(*sizes, seed=seed)
    instances = TASK.sample_many(structures, [None] * len(structures))
    if orders is not None:
        instances = [relabelled(*pair) for pair in zip(instances, orders, strict=True)]
    packed = Packed.pack(instances)
    return packed.batch(range(len(packed)))


def length(distance, order):
    return sum(distance[a, b] for a, b in zip(order, [*order[1:], order[0]], strict=True))


def best_completion(distance, path):
    """Return the length of the shortest tour that begins with a path, by trying all tours."""
    rest = [i for i in range(len(distance)) if i not in path]
    return min(length(distance, [*path, *order]) for order in permutations(rest))


def at_random(seed, environment):
    """Choose a random allowed node of each graph."""
    generator = torch.Generator().manual_seed(seed)

    def choose(state):
        logits = torch.rand(len(state.is_visited), generator=generator)
        graph = state.batch.batch
        return first_best(logits, environment.allowed(state), graph, state.batch.num_graphs)

    return choose


@pytest.mark.parametrize("law", [UniformPoints(), ClusteredPoints()])
@pytest.mark.parametrize("size", [3, 4, 7])
def test_both_exact_ways_find_the_tour_that_trying_all_finds(law, size):
    for points in points_of(size, size, seed=size, law=law):
        distance = distances(points.positions)
        best = best_completion(distance, [0])
        tables = shortest_tours(torch.from_numpy(distance[None]))[0].tolist()
        for order in (tables, shortest_tour(distance).tolist()):
            assert sorted(order) == list(range(size))
            assert order[0] == 0
            assert length(distance, order) == pytest.approx(best, rel=1e-12)


def test_the_two_exact_ways_agree_where_not_all_can_be_tried():
    structures = points_of(13, 13, 13) + points_of(13, law=ClusteredPoints())
    between = np.stack([distances(points.positions) for points in structures])
    tables = shortest_tours(torch.from_numpy(between)).tolist()
    for distance, order in zip(between, tables, strict=True):
        other = shortest_tour(distance).tolist()
        assert length(distance, order) == pytest.approx(length(distance, other), rel=1e-12)


def test_the_optimum_of_an_instance_is_its_shortest_tour():
    batch = batch_of(5, 7, 14)
    for graph in range(3):
        nodes = slice(int(batch.ptr[graph]), int(batch.ptr[graph + 1]))
        distance = distances(batch.position[nodes].numpy())
        order = batch.tour_place[nodes].argsort().tolist()
        optimum = float(batch.graph_optimum[graph])
        assert length(distance, order) == pytest.approx(optimum, rel=1e-12)
        if len(distance) < 8:
            assert best_completion(distance, [0]) == pytest.approx(optimum, rel=1e-12)


def test_an_episode_of_a_mixed_batch_is_a_tour_of_each_graph():
    batch, environment = batch_of(3, 9, 5, seed=2), TASK.environment
    orders = [[int(node)] for node in batch.ptr[:-1]]
    choose = at_random(1, environment)

    def recorded(state):
        action = choose(state)
        for order, node in zip(orders, action.tolist(), strict=True):
            order += [] if node == WAIT else [node]
        return torch.where(action == WAIT, 0, action)  # a finished graph ignores its action

    end = play(environment, batch, recorded)
    for graph, order in enumerate(orders):
        first, last = int(batch.ptr[graph]), int(batch.ptr[graph + 1])
        assert sorted(order) == list(range(first, last))
        distance = distances(batch.position[first:last].numpy())
        walked = length(distance, [node - first for node in order])
        assert float(environment.outcome(end)[graph]) == pytest.approx(walked, rel=1e-12)


def test_what_is_observed_follows_the_tour_and_changes_nothing():
    batch, environment = batch_of(6, 4), TASK.environment
    before = batch.clone()
    state = environment.start(batch)
    assert environment.observe(state) is batch
    state = environment.apply(state, torch.tensor([2, 7]))
    state = environment.apply(state, torch.tensor([4, WAIT]))
    seen = environment.observe(state)
    kinds = [START, LEFT, VISITED, LEFT, HERE, LEFT, START, HERE, LEFT, LEFT]
    assert seen.node_type.tolist() == kinds
    assert seen.x[:, :4].argmax(dim=1).tolist() == kinds
    assert not (seen.edge_index == 2).any()
    assert seen.edge_index.size(1) == 5 * 4 + 4 * 3
    away = (batch.position[3] - batch.position[4]).norm() / batch.graph_scale[0]
    assert seen.x[3, 4] == pytest.approx(float(away))
    assert [graph.num_edges for graph in seen.to_data_list()] == [20, 12]
    assert seen.u[:, 0].tolist() == pytest.approx([3 / 6, 2 / 4])
    for name, value in before.to_dict().items():
        assert torch.equal(value, batch[name]), name
    with pytest.raises(ValueError, match="that are not visited, got one"):
        environment.apply(state, torch.tensor([2, 8]))


def test_an_expert_knows_all_first_nodes_of_a_shortest_completion():
    """The start may be any of the nodes."""
    orders = [torch.arange(size).roll(shift) for size, shift in ((7, 3), (4, 0), (6, 5))]
    batch, environment = batch_of(7, 4, 6, seed=5, orders=orders), TASK.environment
    expert, choose = environment.expert(batch), at_random(3, environment)
    paths = [[3], [0], [5]]

    def checked(state):
        right, action = expert(state), choose(state)
        for graph, path in enumerate(paths):
            first, last = int(batch.ptr[graph]), int(batch.ptr[graph + 1])
            distance = distances(batch.position[first:last].numpy())
            rest = [i for i in range(last - first) if i not in path]
            ways = {i: best_completion(distance, [*path, i]) for i in rest}
            best = {i for i in rest if ways[i] <= min(ways.values()) + 1e-9}
            assert set(right[first:last].nonzero().flatten().tolist()) == best
            path += [] if action[graph] == WAIT else [int(action[graph]) - first]
        return action

    play(environment, batch, checked)


def test_features_do_not_shrink_with_the_number_of_points_or_the_unit():
    points = points_of(9)[0]
    plain, small = (TASK.sample(Points(f * points.positions), None) for f in (1, 0.01))
    torch.testing.assert_close(plain.x, small.x)
    torch.testing.assert_close(plain.edge_attr, small.edge_attr)
    nearest = [batch_of(n, n, n, seed=1).edge_attr.min() for n in (8, 24)]
    assert nearest[1] > nearest[0] / 3
    assert len(TASK.sample(points, None).edge_attr) == 72
    assert len(Tour(neighbours=2).sample(points, None).edge_attr) < 45


def test_of_the_first_choice_both_directions_are_right():
    batch = batch_of(8)
    answer = TASK.solution(batch).x
    assert (answer > 0).sum() == 2
    backwards = GraphOutput(x=torch.where(batch.tour_place == 7, 30.0, 0.0).unsqueeze(1))
    right, graph = answer.squeeze(1) > 0, batch.batch
    loss = choice_loss(backwards.x.squeeze(1), ~batch.is_start, right, graph, 1)
    assert loss.abs().item() < 1e-6


def test_the_loss_of_a_choice_is_that_of_each_graph_alone():
    torch.manual_seed(0)
    graph = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 2])
    logits = (200 * torch.randn(9)).requires_grad_()
    allowed = torch.tensor([1, 1, 0, 0, 0, 1, 1, 1, 1]).bool()
    right = torch.tensor([1, 0, 0, 0, 0, 0, 1, 1, 0]).bool()
    loss = choice_loss(logits, allowed, right, graph, 3)
    loss.sum().backward()
    assert logits.grad.isfinite().all()
    assert loss[1] == 0
    for number in (0, 2):
        rows = (graph == number) & allowed
        log_p = logits[rows].double().log_softmax(0)
        alone = -log_p[right[rows]].logsumexp(0)
        assert loss[number].item() == pytest.approx(alone.item(), rel=1e-5, abs=1e-4)


def test_a_wrong_argument_is_one_line():
    for make, text in (
        (lambda: ClusteredPoints(spread=0.0), "spread must be above 0, got 0.0"),
        (lambda: Tour(neighbours=0), "neighbours must be null or a number of at least 1, got 0"),
    ):
        with pytest.raises(ValueError, match=text):
            make()


def test_a_batch_is_scored_by_the_rollout_of_the_model():
    """The independent code is a plain loop that always goes to the nearest point."""
    batch = batch_of(9, 5, 12, seed=4)
    found = TASK.score(lambda observed: GraphOutput(x=-observed.x[:, 4:5]), batch)
    torch.testing.assert_close(found["gap"], found["gap_nearest_neighbour"])
    for graph in range(3):
        nodes = slice(int(batch.ptr[graph]), int(batch.ptr[graph + 1]))
        distance = distances(batch.position[nodes].numpy())
        order = [0]
        while len(order) < len(distance):
            rest = [i for i in range(len(distance)) if i not in order]
            order.append(min(rest, key=lambda i: distance[order[-1], i]))
        gap = length(distance, order) / float(batch.graph_optimum[graph]) - 1
        assert float(found["gap"][graph]) == pytest.approx(gap, rel=1e-5)
        assert float(found["optimal"][graph]) == (gap <= 1e-6)


def test_an_answer_that_is_not_a_number_ends_an_episode():
    """A model that answers nan cannot choose a node."""
    batch = batch_of(5, 6)
    with pytest.raises(NoChoiceError, match="its answer is not a number"):
        TASK.score(lambda seen: GraphOutput(x=torch.full((len(seen.x), 1), torch.nan)), batch)
