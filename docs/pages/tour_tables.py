"""The tables of docs/tours.md, from that of the study."""

from collections.abc import Iterator

from docs.pages.tables import RESULTS, written
from experiments.statistics.methods import over_runs
from experiments.tables.rows import read_table

SIZES = (10, 15, 20)
MODELS = (
    "transformer", "transformer_labels", "graph_network", "deep_sets", "nearest_neighbour",
    "untrained", "random",
)  # fmt: skip


def _lines(distribution: str, metric: str) -> Iterator[str]:
    """A line for each method, in percent; of what learns nothing one run stands for all."""
    rows = read_table(RESULTS / "tour_mini" / "transfer.csv")
    for model in MODELS:
        cells = []
        for size in SIZES:
            place = (model, metric, distribution, size)
            found = [r for r in rows if (r.model, r.metric, r.distribution, r.size) == place]
            runs = found if found[0].num_parameters else found[:1]
            cells.append(written(over_runs(runs), lambda share: f"{100 * share:.1f}"))
        yield f"| `{model}` | {' | '.join(cells)} |"


def gap() -> Iterator[str]:
    """How much longer than the shortest, points uniform."""
    yield from _lines("uniform_points", "gap")


def optimal() -> Iterator[str]:
    """How often the shortest, points uniform."""
    yield from _lines("uniform_points", "optimal")


def gap_of_clusters() -> Iterator[str]:
    """How much longer than the shortest, points in clusters."""
    yield from _lines("clustered_points", "gap")


def optimal_of_clusters() -> Iterator[str]:
    """How often the shortest, points in clusters."""
    yield from _lines("clustered_points", "optimal")
