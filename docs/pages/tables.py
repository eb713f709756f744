"""Write the tables of the pages from the tables of the studies.

    python -m docs.pages.tables

A generated table has a comment above it, such as `<!-- table: sat_tables.rounds -->`, that names
the function which yields its lines. The head of the table is written by hand.
"""

import importlib
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from experiments.statistics.intervals import Estimate

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "results"
MARK = re.compile(r"<!-- table: (\w+)\.(\w+) -->")
HEAD = 2  # lines of a table that are written by hand


def with_tables(text: str) -> str:
    """Return the page with its marked tables filled from the studies."""
    lines, written = iter(text.splitlines()), []
    for line in lines:
        written.append(line)
        mark = MARK.fullmatch(line)
        if mark is None:
            continue
        written += [next(lines) for _ in range(HEAD)]
        written += list(_lines_of(*mark.groups()))
        following = next((later for later in lines if not later.startswith("|")), None)
        written += [] if following is None else [following]
    return "\n".join([*written, ""])


def _lines_of(module: str, name: str) -> Iterable[str]:
    make: Callable[[], Iterable[str]] = getattr(
        importlib.import_module(f"docs.pages.{module}"), name
    )
    return make()


def written(estimate: Estimate, number: Callable[[float], str] = "{:.2f}".format) -> str:
    """Format a mean with its interval, if there is one; n/a if the mean is not defined."""
    mean, low, high = estimate
    if math.isnan(mean):
        return "n/a"
    return number(mean) if math.isnan(low) else f"{number(mean)} [{number(low)}, {number(high)}]"


def pages() -> list[Path]:
    """Return all pages that may have generated tables."""
    return sorted((ROOT / "docs").glob("*.md"))


def main() -> None:
    """Write the pages whose tables changed."""
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = with_tables(before)
        if after != before:
            page.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
