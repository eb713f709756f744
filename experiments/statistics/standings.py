"""How the methods of a study stand among one another, from the rows of its table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from experiments.settings.errors import UserError
from experiments.statistics import matrix as score_matrix
from experiments.statistics.aggregate import (
    interquartile_mean,
    of_each_run,
    probability_of_improvement,
)
from experiments.statistics.intervals import Estimate, over_seeds
from experiments.statistics.matrix import Cell
from experiments.tables.rows import Row

SEED = 0  # of the generator of every interval: a ranking is a function of the table


@dataclass(frozen=True)
class Goal:
    """What is asked of a score."""

    perfect: float  # what the right answer scores: 1, or 0 where the score is an error
    threshold: float  # of reach: at least, or where the score is an error at most


@dataclass(frozen=True)
class Standing:
    """A method among others, over the cells that are shifted for all of them."""

    method: str  # model@rule of steps
    num_runs: int
    shifted: Estimate  # interquartile mean over runs and cells, with a stratified bootstrap
    over_runs: Estimate  # mean of the interquartile means of each run, with Student's interval
    home: float  # mean over the runs, as trained
    gap: Estimate  # that of each run less its mean over the shifted cells; above 0: lost
    reach: float  # of the mean over the runs, in multiples of the training size
    reaches: tuple[float, ...]  # of each run
    better: Estimate | None  # how likely it is better than the baseline; of itself None


def standings(
    methods: Mapping[str, Sequence[Row]], goal: Goal, baseline: str | None = None
) -> tuple[list[Standing], list[Cell]]:
    """The methods, the best first, and the cells that they are compared on.

    Args:
        methods: rows of one metric, by method.
        goal: what is good.
        baseline: a method, or None.

    Raises:
        UserError: there is no such baseline, or no cell that is shifted for all methods.
    """
    if baseline is not None and baseline not in methods:
        allowed = ", ".join(methods)
        raise UserError(f"baseline: {baseline!r} is not allowed, one of these is: {allowed}")
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
            better = probability_of_improvement(good[name], good[baseline], _rng())
        found.append(_standing(name, rows, scores[name], goal, better))
    place = {name: number for number, name in enumerate(best_first(methods, goal.perfect))}
    return sorted(found, key=lambda standing: place[standing.method]), cells


def best_first(methods: Mapping[str, Sequence[Row]], perfect: float) -> list[str]:
    """The names of methods, the best first: the one order of tables, figures and the page.

    They are in the order of their interquartile mean over runs and cells, in the cells that are
    shifted for all. Where no cell is, methods that share the cell of most come first, in the order
    of what they share; then in the same way the others. Methods without a score as trained, which
    `rank` leaves out, come last. Equals stay in the order given.

    Args:
        methods: rows of one metric, by method.
        perfect: what the right answer scores: 1, or 0 where the score is an error.
    """
    home = {name for name, rows in methods.items() if any(map(score_matrix.is_home, rows))}
    order = []
    for is_home in (True, False):
        some = {name: rows for name, rows in methods.items() if (name in home) is is_home}
        order += _by_shared_cells(some, perfect)
    return order


def _by_shared_cells(methods: Mapping[str, Sequence[Row]], perfect: float) -> list[str]:
    """Methods that share the cell of most, in order, then the others."""
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
    """The interquartile mean over runs and cells; higher is better."""
    scores = score_matrix.scores_of(rows, cells, perfect=perfect)
    good = score_matrix.goodness(scores, perfect=perfect)
    return float(stats.trim_mean(good.ravel(), 0.25))


def _standing(
    name: str, rows: Sequence[Row], scores: np.ndarray, goal: Goal, better: Estimate | None
) -> Standing:
    """One method, with its scores on the shifted cells [runs, cells]."""
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
        shifted=interquartile_mean(scores, _rng()),
        over_runs=_within(of_each_run(scores), scores, goal),
        home=float(home.mean()),
        gap=transfer_gap(home, scores.mean(axis=1), perfect=goal.perfect),
        reach=reach(means, size, **arguments),
        reaches=tuple(reach(of_seed, size, **arguments) for of_seed in of_seeds),
        better=better,
    )


def _within(estimate: Estimate, scores: np.ndarray, goal: Goal) -> Estimate:
    """An interval that ends where scores do: at 1 if that is perfect, at 0 if none is below."""
    mean, low, high = estimate
    low = max(0.0, low) if low < 0 <= scores.min() else low
    return Estimate(mean, low, min(1.0, high) if goal.perfect and high > 1 else high)


def _rng() -> np.random.Generator:
    return np.random.default_rng(SEED)


ROUNDING = 1e-9  # of a mean of scores


def transfer_gap(home: np.ndarray, shifted: np.ndarray, *, perfect: float) -> Estimate:
    """What is lost by a shift, run by run: above 0 means lost, of scores and of errors alike.

    The interval over runs is Student's; NaN where there is a single run.

    Args:
        home: the score in distribution, [runs].
        shifted: that of shifted cells, of the same runs, [runs].
        perfect: what the right answer scores: 1, or 0 where the score is an error.
    """
    lost = (home - shifted) if perfect else (shifted - home)
    if len(lost) < 2 or not np.isfinite(lost).all():
        return Estimate(float(lost.mean()), np.nan, np.nan)
    return over_seeds(lost)


def reach(
    scores: Mapping[int, float], home_size: int, threshold: float, *, perfect: float
) -> float:
    """The largest multiple of the training size up to which every score is good enough.

    Sizes below the training size do not count, nor do those beyond the first that is not good
    enough. 0: not even the training size is; NaN: it was not tested.

    Args:
        scores: by size, on the training family. NaN is not good enough.
        home_size: the largest training size.
        threshold: at least this is good enough; where the score is an error, at most this.
        perfect: what the right answer scores: 1, or 0 where the score is an error.
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
