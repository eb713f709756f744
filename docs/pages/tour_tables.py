"""The tables of docs/tours.md, made from the table of the study."""

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
    """Yield a line for each method, in percent; of methods without training only one run counts."""
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
    """Yield the excess length over the shortest tour, for uniform points."""
    yield from _lines("uniform_points", "gap")


def optimal() -> Iterator[str]:
    """Yield the share of shortest tours, for uniform points."""
    yield from _lines("uniform_points", "optimal")


def gap_of_clusters() -> Iterator[str]:
    """Yield the excess length over the shortest tour, for points in clusters."""
    yield from _lines("clustered_points", "gap")


def optimal_of_clusters() -> Iterator[str]:
    """Yield the share of shortest tours, for points in clusters."""
    yield from _lines("clustered_points", "optimal")
