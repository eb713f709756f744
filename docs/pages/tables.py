"""Write the tables of the pages from the tables of the studies.

    python -m docs.pages.tables

A table of a page whose numbers are those of a study has a comment above it, as in
`<!-- table: sat_tables.rounds -->`: the function that yields its lines below the head. The head is
written by hand.
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
    """A page whose marked tables say what the studies say."""
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
    """A mean with its interval, where there is one; n/a where it is not defined."""
    mean, low, high = estimate
    if math.isnan(mean):
        return "n/a"
    return number(mean) if math.isnan(low) else f"{number(mean)} [{number(low)}, {number(high)}]"


def pages() -> list[Path]:
    """All that may have such tables."""
    return sorted((ROOT / "docs").glob("*.md"))


def main() -> None:
    """Write those that changed."""
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = with_tables(before)
        if after != before:
            page.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
