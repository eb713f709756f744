"""Counts of what torture found, and the table of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

COLUMNS = ("tracebacks", "silent differences", "leftovers", "touched outside")
TRACEBACK, DIFFERENCE, LEFTOVER, TOUCHED = COLUMNS
SHOWN = 3  # cases of a row and column that are printed
LONGEST = 700  # characters of a case that are printed


@dataclass(frozen=True)
class Case:
    """One thing that went wrong: in which column, and how to repeat it."""

    column: str
    part: str
    number: int
    text: str


@dataclass
class Tally:
    """A row of the table."""

    kind: str
    tried: int = 0
    seconds: float = 0.0
    cases: list[Case] = field(default_factory=list)
    cpu: float = 0.0  # seconds of all processes
    notes: dict[str, str] = field(default_factory=dict)  # about parts that went another way

    def add(self, column: str, part: str, number: int, text: object) -> None:
        """Count a case."""
        self.cases.append(Case(column, part, number, str(text)))

    def count(self, column: str) -> int:
        """Return the number of cases in a column."""
        return sum(case.column == column for case in self.cases)

    def merge(self, other: "Tally") -> None:
        """Add the counts of another part of the same kind."""
        self.tried += other.tried
        self.seconds += other.seconds
        self.cases += other.cases
        self.notes |= other.notes
        self.cpu += other.cpu


def table(tallies: Iterable[Tally]) -> str:
    """Return the table as text, a row for each kind."""
    head = ["kind", "tried", *COLUMNS, "seconds", "of CPU"]
    lines = [
        [
            t.kind,
            str(t.tried),
            *(str(t.count(c)) for c in COLUMNS),
            f"{t.seconds:.0f}",
            f"{t.cpu:.0f}",
        ]
        for t in tallies
    ]
    widths = [max(len(line[k]) for line in [head, *lines]) for k in range(len(head))]
    return "\n".join(
        "  ".join(word.rjust(width) if k else word.ljust(width)
                  for k, (word, width) in enumerate(zip(line, widths, strict=True)))
        for line in [head, *lines]
    )  # fmt: skip


def report(tallies: Iterable[Tally]) -> str:
    """Return the first cases of each row and column, and the notes, as text."""
    lines = []
    for tally in tallies:
        for column in COLUMNS:
            found = [case for case in tally.cases if case.column == column]
            for case in sorted(found, key=lambda c: (c.part, c.number))[:SHOWN]:
                place = f"--only {tally.kind}/{case.part} --number {case.number}"
                lines.append(f"{column}: {place}\n{indented(case.text)}")
        lines += [f"note: {tally.kind}/{what}: {why}" for what, why in tally.notes.items()]
    return "\n".join(lines)


def indented(text: str) -> str:
    """Return the end of a text, which has the error, with every line indented."""
    return "\n".join(f"    {line}" for line in text[-LONGEST:].splitlines())


def rng_of(seed: int, part: str, number: int) -> np.random.Generator:
    """Return the generator of one case."""
    return np.random.default_rng([seed, number, *part.encode()])
