"""The coverage of the suite's 95 % intervals in simulated studies.

    python -m benchmarks.coverage [--draws 2000] [--file coverage.csv]

Each simulated study draws new runs and instances, and computes the interval from the scores as a
real study does; the true value is known. `printed` is the share of studies with an interval,
`holds` the share of these intervals that contain the true value, `too low` and `too high` the
shares of intervals below and above it.
"""

import argparse
import csv
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from experiments.statistics.aggregate import interquartile_mean
from experiments.statistics.intervals import Estimate, estimate, linearised, spread_of
from experiments.statistics.pairs import difference

BIG = 1_000_000  # draws from which a true value is computed
Rng = np.random.Generator
Study = Callable[[Rng], Estimate]  # simulates one study and returns its estimate
Situation = tuple[str, float, Study]  # name, true value, study


RUNS = {  # standard deviations over runs and instances (logistic scale); do all runs agree?
    "runs agree": (0.0, 1.0, True),
    "runs nearly agree": (0.1, 1.0, True),
    "runs differ by chance": (0.0, 2.0, False),
    "runs differ a little": (0.1, 2.0, False),
    "runs differ": (0.3, 2.0, False),
    "runs differ a lot": (1.0, 2.0, False),
}


def _answered(
    shape: tuple[int, int], level: float, how: tuple[float, float, bool], rng: Rng
) -> Estimate:
    """Estimate the share of right answers from runs [S, n] that differ as in `RUNS`."""
    by_run, by_instance, is_one = how
    num_runs, num = shape
    run, instance = rng.normal(size=(num_runs, 1)), rng.normal(size=num)
    chance = expit(logit(level) + by_run * run + by_instance * instance)
    is_right = rng.random((1 if is_one else num_runs, num)) < chance
    return estimate(is_right, is_share=True, is_error=False)[0]


def shares() -> Iterator[Situation]:
    """Yield shares of right answers around four levels, with runs that agree or differ."""
    for num_runs, num, level in product((3, 5, 10), (200, 1000), (0.5, 0.9, 0.99, 0.01)):
        for name, (by_run, by_instance, _) in RUNS.items():
            study = partial(_answered, (num_runs, num), level, RUNS[name])
            normal = np.random.default_rng(1).normal(size=BIG)
            truth = float(expit(logit(level) + np.hypot(by_run, by_instance) * normal).mean())
            yield f"share {level}, {num_runs} runs x {num}, {name}", truth, study


def single_runs() -> Iterator[Situation]:
    """Yield shares of right answers of a single run."""
    for num in (200, 1000):
        for level in (0.5, 0.9, 0.99):

            def study(rng: Rng, n: int = num, p: float = level) -> Estimate:
                return estimate(rng.random((1, n)) < p, is_share=True, is_error=False)[0]

            yield f"share {level}, one run x {num}", level, study


def errors() -> Iterator[Situation]:
    """Yield log-normal errors, and their ratio to the errors of a trivial answer."""
    for num_runs in (3, 5, 10):
        for num in (1000, 2000):
            for skew in (0.5, 1.0, 1.3, 1.7):
                for name, by_run in (("agree", 0.0), ("differ a little", 0.1), ("differ", 0.4)):

                    def scores(
                        rng: Rng,
                        s: int = num_runs,
                        n: int = num,
                        b: float = skew,
                        a: float = by_run,
                    ) -> tuple[np.ndarray, np.ndarray]:
                        hard = b * rng.normal(size=n)
                        error = np.exp(
                            hard + a * rng.normal(size=(s, 1)) + 0.4 * rng.normal(size=(s, n))
                        )
                        trivial = np.exp(0.7 * hard + 0.5 * rng.normal(size=n))
                        return error, np.broadcast_to(trivial, (s, n))

                    def error(rng: Rng, draw: Callable[[Rng], tuple] = scores) -> Estimate:
                        return estimate(draw(rng)[0], is_share=False, is_error=True)[0]

                    def ratio(rng: Rng, draw: Callable[[Rng], tuple] = scores) -> Estimate:
                        values = linearised(*draw(rng))
                        return estimate(values, is_share=False, is_error=True)[0]

                    truth = float(np.exp((skew**2 + by_run**2 + 0.4**2) / 2))
                    by = float(np.exp(((0.7 * skew) ** 2 + 0.5**2) / 2))
                    about = f"{skew}, {num_runs} runs x {num}, runs {name}"
                    yield f"error, log-normal {about}", truth, error
                    yield f"ratio, log-normal {about}", truth / by, ratio


def many_cells() -> Iterator[Situation]:
    """Yield interquartile means of 20 cells, with scores of a run correlated over cells or not."""
    levels = np.linspace(-1.5, 1.5, 20)
    for num_runs in (3, 5, 10):
        for shared in (0.0, 1 / 3, 4 / 5):

            def chances(rng: Rng, s: int, share: float = shared) -> np.ndarray:
                own, common = rng.normal(size=(s, 20)), rng.normal(size=(s, 1))
                return expit(levels + 0.3 * (np.sqrt(1 - share) * own + np.sqrt(share) * common))

            def study(rng: Rng, s: int = num_runs, draw: Callable = chances) -> Estimate:
                of_runs = draw(rng, s)
                cells = [
                    (rng.random((1, 200)) < of_runs[:, [cell]]).astype(float) for cell in range(20)
                ]
                means = np.stack([cell.mean(axis=1) for cell in cells], axis=1)
                of_instances = np.array([spread_of(cell).of_instances for cell in cells])
                return interquartile_mean(means, of_instances, is_share=True, is_error=False)

            many = np.sort(chances(np.random.default_rng(1), 200_000), axis=1)
            truth = float(many[:, 5:15].mean())
            yield f"20 cells, {shared:.2f} in common, {num_runs} runs", truth, study


def differences() -> Iterator[Situation]:
    """Yield differences of two methods on the same instances."""
    for num_a, num_b in ((3, 3), (5, 3), (10, 1)):
        for by_run in (0.0, 0.1, 0.4):

            def study(rng: Rng, a: int = num_a, b: int = num_b, sd: float = by_run) -> Estimate:
                hard = rng.normal(size=1000)
                of_a, of_b = (
                    gain + hard + (sd if s > 1 else 0) * rng.normal(size=(s, 1))
                    + 0.5 * rng.normal(size=(s, 1000))
                    for s, gain in ((a, 0.2), (b, 0.0))
                )  # fmt: skip
                return Estimate(*difference(of_a, of_b)[:3])

            yield f"difference, {num_a} and {num_b} runs, {by_run} between runs", 0.2, study


def not_covered() -> Iterator[Situation]:
    """Yield a case that no interval of a few runs covers: each run is of one of two kinds."""
    for num_runs in (3, 5, 10):

        def study(rng: Rng, s: int = num_runs) -> Estimate:
            chance = np.where(rng.random((s, 1)) < 0.3, 0.05, 0.9)
            return estimate(rng.random((s, 1000)) < chance, is_share=True, is_error=False)[0]

        yield f"two kinds of runs (0.05 and 0.9), {num_runs} runs", 0.3 * 0.05 + 0.7 * 0.9, study


def main() -> None:
    """Print a line for each situation; write the table with --file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--file", type=Path)
    arguments = parser.parse_args()
    lines = [["situation", "printed", "holds", "too low", "too high"]]
    for family in (shares, single_runs, errors, many_cells, differences, not_covered):
        for name, truth, study in family():
            lines.append([name, *held(study, truth, arguments.draws)])
            sys.stdout.write("  ".join(lines[-1]) + "\n")
            sys.stdout.flush()
    if arguments.file:
        with arguments.file.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(lines)


def held(study: Study, truth: float, num_draws: int) -> list[str]:
    """Simulate studies; return the shares `printed`, `holds`, `too low` and `too high`."""
    rng = np.random.default_rng(2)
    found = np.array([study(rng) for _ in range(num_draws)])
    low, high = found[~np.isnan(found[:, 1]), 1:].T
    printed = len(low) / num_draws
    if not len(low):
        return [f"{printed:.2f}", "", "", ""]
    parts = ((low <= truth) & (truth <= high)).mean(), (high < truth).mean(), (low > truth).mean()
    return [f"{printed:.2f}", *(f"{part:.3f}" for part in parts)]


if __name__ == "__main__":
    main()
