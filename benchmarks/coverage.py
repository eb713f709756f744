"""How often two intervals of an interquartile mean hold the truth, of three runs on twenty cells.

    python -m benchmarks.coverage

Simulated: normal scores of runs around the means of cells, of whose variance between runs a part is
the same in all cells of a run.
"""

import numpy as np
from scipy import stats

from experiments.statistics.aggregate import interquartile_mean, of_each_run

NUM_RUNS, NUM_CELLS, NUM_STUDIES = 3, 20, 1000
SHARED = (0.0, 1 / 3, 4 / 5)  # of the variance


def main() -> None:
    """A line for each shared part."""
    print("shared  stratified bootstrap  Student's over runs")
    for shared in SHARED:
        bootstrap, over_runs = covered(shared)
        print(f"{shared:<6.2f}  {bootstrap:<20.2f}  {over_runs:.2f}")


def covered(shared: float) -> np.ndarray:
    """The share of studies whose interval holds the truth, of the bootstrap and of Student's."""
    truth = stats.trim_mean(_scores(50_000, shared, np.random.default_rng(1)).ravel(), 0.25)
    rng = np.random.default_rng(2)
    holds = []
    for _ in range(NUM_STUDIES):
        scores = _scores(NUM_RUNS, shared, rng)
        found = interquartile_mean(scores, rng), of_each_run(scores)
        holds.append([estimate.low <= truth <= estimate.high for estimate in found])
    return np.mean(holds, axis=0)


def _scores(num_runs: int, shared: float, rng: np.random.Generator) -> np.ndarray:
    """Of runs on all cells, [runs, cells]."""
    own = rng.normal(size=(num_runs, NUM_CELLS))
    common = rng.normal(size=(num_runs, 1))
    noise = np.sqrt(1 - shared) * own + np.sqrt(shared) * common
    return np.linspace(0, 1, NUM_CELLS) + 0.1 * noise


if __name__ == "__main__":
    main()
