"""Rank the methods of a study from the rows of its table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.settings.errors import UserError, not_one_of
from experiments.statistics import matrix as score_matrix
from experiments.statistics.aggregate import interquartile_mean, probability_of_improvement
from experiments.statistics.intervals import Estimate
from experiments.statistics.matrix import Cell
from experiments.statistics.methods import combined
from experiments.tables.rows import Row


@dataclass(frozen=True)
class Goal:
    """The goal for a score."""

    perfect: float  # the score of the right answer: 1, or 0 where the score is an error
    threshold: float  # of reach: the least good score, or the greatest good error


@dataclass(frozen=True)
class Standing:
    """The line of one method in a ranking, over the cells that are shifted for all methods."""

    method: str  # model@step rule
    num_runs: int
    shifted: Estimate  # mean over runs of the interquartile mean over cells
    home: float  # mean over runs, in distribution
    gap: Estimate  # in-distribution score less the mean over shifted cells; above 0: a loss
    reach: float  # of the mean over runs, in multiples of the training size
    reaches: tuple[float, ...]  # of each run
    better: float | None  # probability that it beats the baseline; None for the baseline


def standings(
    methods: Mapping[str, Sequence[Row]], goal: Goal, baseline: str | None = None
) -> tuple[list[Standing], list[Cell]]:
    """Return the methods, best first, and the cells that they are compared on.

    Args:
        methods: rows of one metric, by method.
        goal: the perfect score and the threshold of reach.
        baseline: the name of a method, or None.

    Raises:
        UserError: there is no such baseline, or no cell that is shifted for all methods.
    """
    if baseline is not None and baseline not in methods:
        raise not_one_of("baseline", baseline, methods)
    cells = score_matrix.shared_cells(methods)
    if not cells:
        raise UserError("models: no cell is shifted for all of them, choose fewer")
    scores = {
        name: score_matrix.scores_of(rows, cells, perfect=goal.perfect)
        for name, rows in methods.items()
    }
    good = {n: score_matrix.goodness(s, perfect=goal.perfect) for n, s in scores.items()}
    found = []
    for name, rows in methods.items():
        better = None
        if baseline is not None and name != baseline:
            better = probability_of_improvement(good[name], good[baseline])
        found.append(_standing(name, rows, cells, scores[name], goal, better))
    place = {name: number for number, name in enumerate(best_first(methods, goal.perfect))}
    return sorted(found, key=lambda standing: place[standing.method]), cells


def best_first(methods: Mapping[str, Sequence[Row]], perfect: float) -> list[str]:
    """Return the names of methods, best first: the order of all tables, figures and pages.

    Methods are ordered by their interquartile mean over runs and cells, on the cells that are
    shifted for all of them. If there is no such cell, the methods that share the most common
    shifted cell come first, ordered on the cells that they share; the others follow in the same
    way. Methods without an in-distribution score, which `rank` leaves out, come last. Ties keep
    the given order.

    Args:
        methods: rows of one metric, by method.
        perfect: the score of the right answer: 1, or 0 where the score is an error.
    """
    home = {name for name, rows in methods.items() if any(map(score_matrix.is_home, rows))}
    order = []
    for is_home in (True, False):
        some = {name: rows for name, rows in methods.items() if (name in home) is is_home}
        order += _by_shared_cells(some, perfect)
    return order


def _by_shared_cells(methods: Mapping[str, Sequence[Row]], perfect: float) -> list[str]:
    """Order the methods that share the most common cell, then the others in the same way."""
    shifted = {name: score_matrix.shared_cells({name: rows}) for name, rows in methods.items()}
    count = Counter(cell for cells in shifted.values() for cell in cells)
    if not count:
        return list(methods)
    ((most, _),) = count.most_common(1)
    tier = {name: rows for name, rows in methods.items() if most in shifted[name]}
    cells = score_matrix.shared_cells(tier)
    good = {name: _goodness(rows, cells, perfect) for name, rows in tier.items()}
    others = {name: rows for name, rows in methods.items() if name not in tier}
    return [*sorted(tier, key=lambda name: -good[name]), *_by_shared_cells(others, perfect)]


def _goodness(rows: Sequence[Row], cells: Sequence[Cell], perfect: float) -> float:
    """Return the mean over runs of the interquartile mean over cells; higher is better."""
    mean = _shifted(rows, cells, perfect).mean
    return mean if perfect else -mean


def _shifted(rows: Sequence[Row], cells: Sequence[Cell], perfect: float) -> Estimate:
    """Return the mean over runs of the interquartile mean over cells, with its interval."""
    scores = score_matrix.scores_of(rows, cells, perfect=perfect)
    variances = score_matrix.variances_of(rows, cells)
    is_share = all(row.is_share for row in rows)
    return interquartile_mean(scores, variances, is_share=is_share, is_error=not perfect)


def _standing(
    name: str,
    rows: Sequence[Row],
    cells: Sequence[Cell],
    scores: np.ndarray,
    goal: Goal,
    better: float | None,
) -> Standing:
    """Return the standing of one method from its scores on the shifted cells [runs, cells]."""
    home = score_matrix.home_scores(rows)
    size, by_size = score_matrix.on_home_family(rows)
    means = {n: float(np.mean(list(of_seeds.values()))) for n, of_seeds in by_size.items()}
    of_seeds = [
        {n: values[seed] for n, values in by_size.items() if seed in values}
        for seed in sorted({row.seed for row in rows})
    ]
    arguments = {"threshold": goal.threshold, "perfect": goal.perfect}
    return Standing(
        method=name,
        num_runs=len(scores),
        shifted=_shifted(rows, cells, goal.perfect),
        home=float(home.mean()),
        gap=transfer_gap(
            home, scores.mean(axis=1), _of_instances(rows, cells), perfect=goal.perfect
        ),
        reach=reach(means, size, **arguments),
        reaches=tuple(reach(of_seed, size, **arguments) for of_seed in of_seeds),
        better=better,
    )


def _of_instances(rows: Sequence[Row], cells: Sequence[Cell]) -> float:
    """Return the variance, due to the instances, of the in-distribution less the shifted mean."""
    homes = list(dict.fromkeys((r.distribution, r.size) for r in rows if score_matrix.is_home(r)))
    parts = [score_matrix.variances_of(rows, of).sum() / len(of) ** 2 for of in (homes, cells)]
    return float(sum(parts))


ROUNDING = 1e-9  # tolerance for a mean of scores


def transfer_gap(
    home: np.ndarray, shifted: np.ndarray, of_instances: float, *, perfect: float
) -> Estimate:
    """Return the loss by a shift, mean over runs: above 0 means worse, for scores and errors.

    The interval is over runs and instances.

    Args:
        home: the scores in distribution, [runs].
        shifted: the scores on shifted cells, same runs, [runs].
        of_instances: the variance of the difference of the means due to the instances.
        perfect: the score of the right answer: 1, or 0 where the score is an error.
    """
    lost = (home - shifted) if perfect else (shifted - home)
    return combined(lost, of_instances, is_share=False, is_error=False)


def reach(
    scores: Mapping[int, float], home_size: int, threshold: float, *, perfect: float
) -> float:
    """Return the largest multiple of the training size up to which every score is good enough.

    Sizes below the training size do not count, nor do sizes beyond the first failure. 0 means
    that even the training size fails, NaN that it was not tested.

    Args:
        scores: scores by size, on the training family. NaN is not good enough.
        home_size: the largest training size.
        threshold: the least score that is good enough; for an error, the greatest.
        perfect: the score of the right answer: 1, or 0 where the score is an error.
    """
    if home_size not in scores:
        return float("nan")
    sizes = sorted(size for size in scores if size >= home_size)
    reached = 0.0
    for size in sizes:
        short = threshold - scores[size] if perfect else scores[size] - threshold
        if not short <= ROUNDING:
            break
        reached = size / home_size
    return reached
