"""Fill the evidence of each claim in docs/claims.md from the tables of the studies.

    python -m docs.pages.claims

The first four columns of an evidence line are written by hand: study, method (`model@rule`, or
`task/model@rule`), cell and metric. The mean with its interval, the runs and the instances come
from the tables.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from docs.pages.tables import RESULTS, ROOT, written
from experiments.statistics.matrix import by_method
from experiments.statistics.methods import over_runs
from experiments.tables.rows import Row, read_table

PAGE = ROOT / "docs" / "claims.md"
LINE = re.compile(r"\| (?P<study>\w+) \| `(?P<method>[^`]+)` \| `(?P<law>[^`]+)` (?P<size>\d+) \|"
                  r" (?P<metric>\w+) \|.*")  # fmt: skip


def number(value: float) -> str:
    """Format a number with two decimals, or with three digits if it is below 0.1."""
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"


@lru_cache
def _methods(study: str, metric: str) -> dict[str, list[Row]]:
    rows = read_table(RESULTS / study / "transfer.csv")
    return by_method(row for row in rows if row.metric == metric)


def rows_of(line: str) -> list[Row]:
    """Return the rows of the tables behind a line; raise KeyError if there are none."""
    match = LINE.fullmatch(line)
    assert match is not None, line
    of_method = _methods(match["study"], match["metric"])[match["method"]]
    cell = match["law"], int(match["size"])
    found = [row for row in of_method if (row.distribution, row.size) == cell]
    if not found:
        raise KeyError(line)
    return found


def filled(text: str) -> str:
    """Return the page with its evidence lines filled from the tables."""
    lines = [_filled(line) if LINE.fullmatch(line) else line for line in text.splitlines()]
    return "\n".join([*lines, ""])


def _filled(line: str) -> str:
    kept = " | ".join(line.strip("| ").split(" | ")[:4])
    rows: Sequence[Row] = rows_of(line)
    instances = max(row.num_instances for row in rows)
    mean = written(over_runs(rows), number)
    return f"| {kept} | {mean} | {len(rows)} | {instances:,} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
