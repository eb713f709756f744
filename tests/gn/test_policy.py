"""Compare the choices of a batch with a loop over its graphs."""

import math

import pytest
import torch

from data_gen.environment import play
from gn.policy import NONE, beam, entropy, greedy, log_probabilities, sample
from gn.topology import Incidence
from tests.data_gen.test_tours import TASK, batch_of

SIZES = (4, 1, 6, 3)


@pytest.fixture
def case():
    """Make logits [N], allowed [N] and graphs; no node of the third graph is allowed."""
    generator = torch.Generator().manual_seed(0)
    graph = torch.repeat_interleave(torch.tensor(SIZES))
    logits = 50 * torch.randn(len(graph), generator=generator)
    allowed = torch.rand(len(graph), generator=generator) < 0.7
    allowed[[0, 4, 11]] = True
    allowed[graph == 2] = False
    return logits, allowed, Incidence(graph, len(SIZES))


def rows(graphs):
    """Return the nodes of each graph."""
    return [(graphs.index == g).nonzero().flatten().tolist() for g in range(graphs.num_rows)]


def loop(logits, allowed, nodes):
    """Return the log-probabilities of one graph, by node."""
    there = [n for n in nodes if allowed[n]]
    if not there:
        return {}
    values = logits[there].double().log_softmax(0).tolist()
    return dict(zip(there, values, strict=True))


def test_log_probabilities_and_entropy_are_those_of_each_graph(case):
    logits, allowed, graphs = case
    log_p = log_probabilities(logits, allowed, graphs)
    spread = entropy(log_p, graphs)
    assert log_p[~allowed].isinf().all()
    for graph, nodes in enumerate(rows(graphs)):
        alone = loop(logits, allowed, nodes)
        for node, value in alone.items():
            assert log_p[node].item() == pytest.approx(value, rel=1e-5, abs=1e-5)
        by_loop = -sum(math.exp(value) * value for value in alone.values())
        assert spread[graph].item() == pytest.approx(by_loop, rel=1e-4, abs=1e-5)


def test_the_gradient_is_that_of_each_graph_and_finite(case):
    logits, allowed, graphs = case
    for scale in (0.02, 1.0):
        batched, alone = ((scale * logits).double().requires_grad_() for _ in range(2))
        log_p = log_probabilities(batched, allowed, graphs)
        (log_p[allowed].sum() + entropy(log_p, graphs).sum()).backward()
        for nodes in rows(graphs):
            there = [n for n in nodes if allowed[n]]
            each = alone[there].log_softmax(0)
            (each.sum() - (each.exp() * each).sum()).backward()
        torch.testing.assert_close(batched.grad, alone.grad)


def test_greedy_is_the_first_of_the_likeliest(case):
    logits, allowed, graphs = case
    logits = (logits / 40).round()  # ties
    chosen = greedy(log_probabilities(logits, allowed, graphs), graphs)
    for graph, nodes in enumerate(rows(graphs)):
        alone = loop(logits, allowed, nodes)
        best = max(alone, key=lambda n: (round(alone[n], 9), -n)) if alone else NONE
        assert int(chosen[graph]) == best


@pytest.mark.parametrize("number", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_a_sample_is_where_the_sum_of_probabilities_passes_the_number(case, number):
    logits, allowed, graphs = case
    log_p = log_probabilities(logits / 50, allowed, graphs)
    uniform = torch.full((len(SIZES),), number, dtype=torch.float64)
    chosen = sample(log_p, graphs, uniform)
    for graph, nodes in enumerate(rows(graphs)):
        passed, expected = 0.0, NONE
        for node, value in loop(logits / 50, allowed, nodes).items():
            passed, expected = passed + math.exp(value), node
            if passed > number:
                break
        assert int(chosen[graph]) == expected


def test_samples_have_the_frequencies_of_their_probabilities():
    graphs = Incidence(torch.repeat_interleave(torch.arange(4000), 3), 4000)
    log_p = torch.tensor([0.2, 0.5, 0.3]).log().repeat(4000)
    once, again = (sample(log_p, graphs, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(once, again)
    shares = torch.bincount(once % 3, minlength=3) / 4000
    # 4 standard errors of a share of 4000
    assert (shares - torch.tensor([0.2, 0.5, 0.3])).abs().max() < 4 * math.sqrt(0.25 / 4000)


def scorer(observed):
    """Make logits that depend on the state."""
    return observed.x @ torch.tensor([0.0, 0.3, 0.1, 0.0, -1.0, 0.7])


def sequences(environment, batch, width):
    """Find the best sequences of one graph in a loop: [(log-probability, nodes)]."""
    kept = [(0.0, (), environment.start(batch))]
    graphs = Incidence(batch.batch, 1)
    while not all(environment.is_over(state) for *_, state in kept):
        longer = []
        for score, nodes, state in kept:
            allowed = environment.allowed(state)
            log_p = log_probabilities(scorer(environment.observe(state)), allowed, graphs)
            for node in allowed.nonzero().flatten().tolist():
                after = environment.apply(state, torch.tensor([node]))
                longer.append((score + log_p[node].item(), (*nodes, node), after))
        kept = sorted(longer, key=lambda each: -each[0])[:width]
    return kept


@pytest.mark.parametrize("width", [1, 3, 30])
def test_a_beam_keeps_what_a_loop_over_each_graph_keeps(width):
    environment, sizes = TASK.environment, (5, 4, 7)
    repeated = batch_of(*sizes, seed=8)
    repeated = type(repeated).from_data_list(
        [g for g in repeated.to_data_list() for _ in range(width)]
    )
    state, score = beam(environment, repeated, width, scorer)
    for graph, instance in enumerate(batch_of(*sizes, seed=8).to_data_list()):
        alone = type(repeated).from_data_list([instance])
        kept = sequences(environment, alone, width)
        places = slice(graph * width, graph * width + len(kept))
        expected = torch.tensor([each[0] for each in kept], dtype=torch.float64)
        torch.testing.assert_close(score[places], expected, rtol=1e-5, atol=1e-6)
        lengths = torch.stack([each[2].length[0] for each in kept])
        torch.testing.assert_close(state.length[places], lengths)
        assert score[graph * width + len(kept) : (graph + 1) * width].isinf().all()


def test_a_beam_of_one_is_the_greedy_episode():
    batch, environment = batch_of(6, 9, 4, seed=1), TASK.environment
    graphs = Incidence(batch.batch, batch.num_graphs)

    def choose(state):
        allowed = environment.allowed(state)
        return greedy(
            log_probabilities(scorer(environment.observe(state)), allowed, graphs), graphs
        )

    end = play(environment, batch, choose)
    state, _ = beam(environment, batch, 1, scorer)
    torch.testing.assert_close(state.length, end.length)
