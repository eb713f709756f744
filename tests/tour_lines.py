"""The lines of the tables of docs/tours.md, from the committed table of the study.

python -m tests.tour_lines    # prints them
"""

import sys
from pathlib import Path

from experiments.statistics.methods import over_runs
from experiments.tables.rows import read_table

TABLE = Path(__file__).parent.parent / "results" / "tour_mini" / "transfer.csv"
SIZES = (10, 15, 20)
MODELS = (
    "transformer", "transformer_labels", "graph_network", "deep_sets", "nearest_neighbour",
    "untrained", "random",
)  # fmt: skip


def estimate(rows, model, metric, distribution, size):
    """In percent, with a 95 % interval: over the runs, of what learns nothing over instances."""
    place = (model, metric, distribution, size)
    found = [r for r in rows if (r.model, r.metric, r.distribution, r.size) == place]
    runs = found if found[0].num_parameters else found[:1]
    mean, low, high = (100 * value for value in over_runs(runs))
    high = min(100.0, high) if metric == "optimal" else high
    return f"{mean:.1f} [{max(0.0, low):.1f}, {high:.1f}]"


def all_lines():
    """Of every distribution and metric, a line for each method."""
    rows = read_table(TABLE)
    for distribution in ("uniform_points", "clustered_points"):
        for metric in ("gap", "optimal"):
            for model in MODELS:
                cells = [estimate(rows, model, metric, distribution, size) for size in SIZES]
                yield f"| `{model}` | {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(all_lines()) + "\n")
