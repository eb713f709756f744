"""How the methods of a study stand among one another, from the rows of its table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.settings.errors import UserError
from experiments.statistics import matrix as score_matrix
from experiments.statistics.aggregate import interquartile_mean, probability_of_improvement
from experiments.statistics.intervals import Estimate
from experiments.statistics.matrix import Cell
from experiments.statistics.methods import combined
from experiments.tables.rows import Row


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
    shifted: Estimate  # mean over runs of the interquartile mean over cells
    home: float  # mean over the runs, as trained
    gap: Estimate  # that of each run less its mean over the shifted cells; above 0: lost
    reach: float  # of the mean over the runs, in multiples of the training size
    reaches: tuple[float, ...]  # of each run
    better: float | None  # how likely it is better than the baseline; of itself None


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
            better = probability_of_improvement(good[name], good[baseline])
        found.append(_standing(name, rows, cells, scores[name], goal, better))
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
    """Mean over runs of the interquartile mean over cells; higher is better."""
    mean = _shifted(rows, cells, perfect).mean
    return mean if perfect else -mean


def _shifted(rows: Sequence[Row], cells: Sequence[Cell], perfect: float) -> Estimate:
    """Mean over runs of the interquartile mean over cells."""
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
    """Variance by the instances of the mean as trained less that over the shifted cells."""
    homes = list(dict.fromkeys((r.distribution, r.size) for r in rows if score_matrix.is_home(r)))
    parts = [score_matrix.variances_of(rows, of).sum() / len(of) ** 2 for of in (homes, cells)]
    return float(sum(parts))


ROUNDING = 1e-9  # of a mean of scores


def transfer_gap(
    home: np.ndarray, shifted: np.ndarray, of_instances: float, *, perfect: float
) -> Estimate:
    """What is lost by a shift, run by run: above 0 means lost, of scores and of errors alike.

    The interval is over runs and instances.

    Args:
        home: the score in distribution, [runs].
        shifted: that of shifted cells, of the same runs, [runs].
        of_instances: the variance that instances give the difference of the means.
        perfect: what the right answer scores: 1, or 0 where the score is an error.
    """
    lost = (home - shifted) if perfect else (shifted - home)
    return combined(lost, of_instances, is_share=False, is_error=False)


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
