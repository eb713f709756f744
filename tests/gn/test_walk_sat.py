"""Compare WalkSAT with a loop over clauses in plain Python, and check its models."""

from functools import cache

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch

from data_gen.packed import Packed
from data_gen.sat.cnf import Cnf
from data_gen.sat.distributions.sr import Sr
from data_gen.sat.formula_graph import as_graph, nodes_of, spec
from data_gen.spec import GraphSpec
from gn.heuristics.clause_tables import ClauseTables
from gn.heuristics.clause_walk import CHUNK, Walk
from gn.heuristics.walk_sat import WalkSat
from tests.test_contracts import relabelled

ODD = [  # an empty clause, a unit clause, a repeated literal, a tautology, no clauses
    Cnf.from_clauses(3, [[1, -2], [-1, 3], [-3, -1], [2, 1]]),
    Cnf.from_clauses(3, [[1], [-1, 2], [-2, 3, 3, 3], [-3, -3, 1, 2], [-3, -2]]),
    Cnf.from_clauses(4, [[1, -1], [2, 3, -2], [-2, -2], [2, 4, 4], [4, -4, 3], [-3, -4]]),
    Cnf.from_clauses(2, [[], [1, 2], [-1, 2]]),
    Cnf.from_clauses(5, []),
]


@cache
def problems(size, num_pairs):
    drawn = [Sr().draw_group(size, np.random.default_rng([size, k])) for k in range(num_pairs)]
    return [problem for pair in drawn for problem in pair]


def formulas(size, num_pairs):
    return [problem.formula for problem in problems(size, num_pairs)]


def batch_of(formulas):
    return Packed.pack([as_graph(one) for one in formulas]).batch(range(len(formulas)))


def model(**arguments):
    return WalkSat(spec(node_out=1), **{"seed": 0, **arguments})


def answers(batch, steps=None, **arguments):
    """Return the votes of the literals of each graph, in the order of as_graph: [n, 2] each."""
    votes = model(**arguments)(batch, steps).x.squeeze(1)
    kinds = [batch.node_type[batch.batch == k] for k in range(batch.num_graphs)]
    parts = [votes[batch.batch == k] for k in range(batch.num_graphs)]
    assert all((part[kind == 1] == 0).all() for part, kind in zip(parts, kinds, strict=True))
    return [part[kind == 0].view(-1, 2) for part, kind in zip(parts, kinds, strict=True)]


def assignment(votes):
    return (votes[:, 0] > votes[:, 1]).numpy()


def claims(votes):
    assert float(votes.mean()) in (-1.0, 1.0)
    return float(votes.mean()) > 0


def num_false(formula, truth):
    return int((~formula.satisfied(np.array(truth))).sum())


def breaks_of(formula, truth, variable):
    """Count the true clauses that a flip would make false, by checking all clauses."""
    flipped = np.array(truth)
    flipped[variable] ^= True
    return int((formula.satisfied(np.array(truth)) & ~formula.satisfied(flipped)).sum())


def shares(seed, *sizes):
    return torch.rand(*sizes, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def walked(formula, rounds, noise, seed):
    """Run SKC as published; return every visited assignment."""
    n, num_flips = formula.num_variables, rounds * formula.num_variables
    truth = (shares(2 * seed, n) < 0.5).tolist()
    met = [list(truth)]
    for u, v, coin in shares(2 * seed + 1, num_flips, 3).tolist():
        is_true = formula.satisfied(np.array(truth))
        false = [c for c, satisfied in zip(formula.clauses, is_true, strict=True) if not satisfied]
        if not false:
            break
        clause = sorted(set(false[int(u * len(false))]), key=lambda x: int(nodes_of(np.array(x))))
        variables = [abs(literal) - 1 for literal in clause]
        if variables:
            breaks = {x: breaks_of(formula, truth, x) for x in variables}
            least = min(breaks.values())
            if least == 0 or coin >= noise:
                variables = [x for x in variables if breaks[x] == least]
            truth[variables[int(v * len(variables))]] ^= True
        met.append(list(truth))
    return met


def best_of(formula, met):
    return min(met, key=lambda truth: num_false(formula, truth))  # the first in a tie


@pytest.mark.parametrize(("noise", "seed"), [(0.5, 0), (0.5, 1), (0.0, 2), (1.0, 3), (0.2, 7)])
def test_the_walk_is_that_of_the_paper(noise, seed):
    given = [*ODD, *formulas(5, 4), *formulas(12, 4)]
    for rounds in (1, 7):
        found = answers(batch_of(given), rounds, noise=noise, seed=seed)
        for formula, votes in zip(given, found, strict=True):
            best = best_of(formula, walked(formula, rounds, noise, seed))
            assert assignment(votes).tolist() == best
            assert claims(votes) == (num_false(formula, best) == 0)


def walk_of(given, seed=0, limit=10**6):
    tables = ClauseTables.from_batch(batch_of(given))
    return Walk(tables, torch.full((len(given),), limit), 0.5, seed)


@pytest.mark.parametrize("num_flips", [1, 2, 50])
def test_break_counts_equal_a_count_over_all_clauses(num_flips):
    given = [*ODD, *formulas(9, 3)]
    walk = walk_of(given)
    walk.advance(num_flips)
    first = 1
    for k, formula in enumerate(given):
        numbers = torch.arange(first, first + 2 * formula.num_variables).view(-1, 2)
        truth = walk.truth[numbers][:, 0].tolist()
        assert walk.truth[numbers][:, 1].tolist() == [not value for value in truth]
        of_true = walk.breaks[numbers].sum(dim=1).tolist()  # a false literal has no breaks
        assert of_true == [breaks_of(formula, truth, x) for x in range(len(truth))]
        blocks = walk.num_false.view(len(given), -1)[k]
        assert int(blocks.sum()) == num_false(formula, truth)
        first += 2 * formula.num_variables


def test_the_walk_does_not_depend_on_the_chunks_of_flips():
    one, other = walk_of(formulas(12, 4)), walk_of(formulas(12, 4))
    one.advance(37)
    for part in (7, 1, 29):
        other.advance(part)
    for name in ("truth", "best_truth", "fewest_false", "breaks"):
        assert torch.equal(getattr(one, name), getattr(other, name))


def test_easy_formulas_are_solved():
    """Use satisfiable 2-SAT, and formulas with as many clauses as variables."""
    rng = np.random.default_rng(0)
    given = []
    for _ in range(20):
        hidden = rng.random(30) < 0.5
        variables = np.stack([rng.permutation(30)[:2] for _ in range(60)]) + 1
        signs = np.where(hidden[variables - 1], 1, -1)
        signs[:, 1] = rng.choice([-1, 1], 60)
        given.append(Cnf.from_clauses(30, (variables * signs).tolist()))
    for formula, votes in zip(given, answers(batch_of(given), 64), strict=True):
        assert claims(votes)
        assert formula.is_satisfied(assignment(votes))


def test_a_claim_is_a_model_and_a_refuted_formula_is_never_claimed():
    given = problems(10, 30)
    found = answers(batch_of([problem.formula for problem in given]), 24)
    solved = [claims(votes) for votes in found]
    for problem, votes, is_solved in zip(given, found, solved, strict=True):
        assert problem.formula.is_satisfied(assignment(votes)) == is_solved
        assert problem.is_sat or not is_solved
    assert 0.5 < np.mean(solved[1::2]) <= 1  # the second formula of a pair is satisfiable


def test_an_answer_depends_on_nothing_else_in_the_batch():
    given = [*formulas(6, 3), *ODD, *formulas(40, 1), *formulas(12, 2)]
    together = answers(batch_of(given), 5)
    for votes, formula in zip(together, given, strict=True):
        assert torch.equal(votes, answers(batch_of([formula]), 5)[0])
    backwards = answers(batch_of(given[::-1]), 5)[::-1]
    assert all(torch.equal(a, b) for a, b in zip(together, backwards, strict=True))


def test_more_rounds_go_on_with_the_same_walk():
    given = formulas(14, 10)
    by_rounds = [answers(batch_of(given), rounds) for rounds in (1, 2, 3, 5, 8, 13)]
    improved = 0
    for k, formula in enumerate(given):
        met = walked(formula, 13, 0.5, 0)
        fewest = [num_false(formula, assignment(found[k])) for found in by_rounds]
        assert fewest == sorted(fewest, reverse=True)
        improved += len(set(fewest)) - 1
        for found, rounds in zip(by_rounds, (1, 2, 3, 5, 8, 13), strict=True):
            assert assignment(found[k]).tolist() == best_of(formula, met[: 14 * rounds + 1])
    assert improved > 5


def test_each_graph_may_have_its_own_number_of_rounds():
    given = [*formulas(12, 2), *formulas(7, 1)]
    each = torch.tensor([1, 9, 2, 30, 4, 3])
    found = answers(batch_of(given), each)
    for formula, votes, rounds in zip(given, found, each.tolist(), strict=True):
        assert torch.equal(votes, answers(batch_of([formula]), rounds)[0])
    with pytest.raises(ValueError, match="num_message_passing_steps must be at least 1, got 0"):
        model()(batch_of(given), torch.tensor([1, 1, 0, 1, 1, 1]))


def test_all_are_done_before_the_limit_is_reached():
    walk = walk_of([Cnf.from_clauses(3, [[1, 2], [-1, 3]])] * 3)
    walk.run()
    assert walk.fewest_false.tolist() == [0, 0, 0]
    assert walk.num_flips == CHUNK


def test_a_walk_without_a_seed_is_kept_with_the_weights():
    torch.manual_seed(3)
    first, second = WalkSat(spec(node_out=1)), WalkSat(spec(node_out=1))
    assert int(first.seed) != int(second.seed)
    second.load_state_dict(first.state_dict())
    assert int(first.seed) == int(second.seed)


def test_other_seeds_are_other_walks():
    given = formulas(20, 2)[::2]  # unsatisfiable
    found = [torch.cat(answers(batch_of(given), 2, seed=seed)) for seed in range(3)]
    assert all(not torch.equal(found[a], found[b]) for a, b in ((0, 1), (1, 2), (0, 2)))


def float_batch(graphs):
    for graph in graphs:
        graph.x = graph.x.float()
    return Batch.from_data_list(graphs)


def test_the_order_of_edges_and_the_mixing_of_node_kinds_make_no_difference():
    """The walk depends only on the order of variables, of their literals, and of clauses."""
    formula = formulas(12, 1)[0]
    graph = as_graph(formula)
    literals, clauses = torch.arange(24), torch.arange(24, graph.num_nodes)
    order = torch.cat([clauses[:5], literals[:9], clauses[5:30], literals[9:], clauses[30:]])
    moved = relabelled(graph, order)
    shuffled = torch.randperm(moved.num_edges, generator=torch.Generator().manual_seed(0))
    for name in ("edge_attr", "edge_type"):
        moved[name] = moved[name][shuffled]
    moved.edge_index = moved.edge_index[:, shuffled]
    expected = answers(batch_of([formula]), 4)[0]
    assert torch.equal(answers(float_batch([moved]), 4)[0], expected)


def test_claims_are_models_for_any_order_of_nodes():
    generator = torch.Generator().manual_seed(0)
    given, graphs, places = problems(10, 15), [], []
    for problem in given:
        graph = as_graph(problem.formula)
        order = torch.randperm(graph.num_nodes, generator=generator)
        graphs.append(relabelled(graph, order))
        places.append(order.argsort())
    batch = float_batch(graphs)
    votes = model()(batch, 24).x.squeeze(1)
    solved = 0
    for k, (problem, place) in enumerate(zip(given, places, strict=True)):
        back = votes[batch.batch == k][place][:20].view(-1, 2)
        assert (back.sum(dim=1) == 2 * claims(back) - 2 * (not claims(back))).all()
        assert problem.formula.is_satisfied(assignment(back)) == claims(back)
        solved += claims(back)
    assert solved >= 8


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({"node_types": ("atom",)}, {}, "got atom nodes"),
        ({"node_types": ()}, {}, "got untyped nodes"),
        ({"edge_out": 1}, {}, r"\(1, 1, 0\)"),
        ({"global_out": 2}, {}, r"\(1, 0, 2\)"),
        ({"node_out": 2}, {}, r"\(2, 0, 0\)"),
        ({}, {"noise": 1.5}, "noise must be a number from 0 to 1, got 1.5"),
        ({}, {"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({}, {"num_message_passing_steps": 0}, "num_message_passing_steps must be .* got 0"),
    ],
)
def test_wrong_tasks_and_arguments_are_refused(changes, arguments, message):
    wanted = GraphSpec(**{**vars(spec(node_out=1)), **changes})
    with pytest.raises(ValueError, match=message):
        WalkSat(wanted, **arguments)


def test_a_literal_of_a_clause_needs_a_complement():
    graph = as_graph(Cnf.from_clauses(2, [[1, 2]]))
    kept = graph.edge_type != 2
    graph.edge_index, graph.edge_type = graph.edge_index[:, kept], graph.edge_type[kept]
    graph.edge_attr = graph.edge_attr[kept]
    with pytest.raises(ValueError, match="must have a complement"):
        model()(float_batch([graph]))
