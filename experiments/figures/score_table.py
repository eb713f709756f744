r"""A table of scores for a paper: LaTeX with `booktabs`, ready for `\input`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pandas as pd

from experiments.figures.exhibit import Tables, TextTable
from experiments.statistics.intervals import Estimate
from experiments.statistics.methods import over_runs
from experiments.tables.frame import chosen
from experiments.tables.goals import perfect_of

SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "≥": r"$\geq$", "≤": r"$\leq$", "×": r"$\times$", "θ": r"$\theta$", "–": "--",
    "…": r"\ldots{}",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A test cell and its name; a distribution of "" means the block's."""

    size: int
    name: str
    distribution: str = ""


@dataclass(frozen=True)
class Block:
    """Lines below a heading, with the rows of one task or of all tasks."""

    name: str
    lines: Mapping[str, str]  # `model@rule` (see `lines`) -> name
    task: str = ""  # label of the task; "": all tasks
    distribution: str = ""


@dataclass(frozen=True)
class ScoreTable(TextTable):
    """A table of methods x cells: mean over runs and its 95 % interval, if there is one.

    Methods and blocks without a row are left out. The best mean of a block and column is bold if
    its interval overlaps no other. `spans` maps headings to the number of columns below each.
    """

    needs: ClassVar[str] = "metrics.csv, or a row of one of the blocks"

    study: str
    metric: str
    caption: str
    label: str
    columns: Sequence[Column] = field(default_factory=tuple)
    blocks: Sequence[Block] = field(default_factory=tuple)
    spans: Mapping[str, int] = field(default_factory=dict)

    def can_draw(self, tables: Tables) -> bool:
        """Return whether every block has a row and the goals of metrics are known."""
        blocks = all(len(self._rows(tables, block)) for block in self.blocks)
        return bool(tables.goals) and blocks

    def _rows(self, tables: Tables, block: Block) -> pd.DataFrame:
        """Return the rows of a block."""
        of_task = {"task": block.task} if block.task else {}
        return chosen(tables.scores, metric=self.metric, **of_task)

    def text(self, tables: Tables) -> str:
        """Return a compact page-wide table; five cells need 5.5 inches, six 6.75."""
        lines = [
            r"\begin{table*}", r"\centering", r"\footnotesize", r"\setlength{\tabcolsep}{3pt}",
            r"\setlength{\belowcaptionskip}{4pt}", rf"\caption{{{escaped(self.caption)}}}",
            rf"\label{{{self.label}}}",
            rf"\begin{{tabular}}{{l{'c' * len(self.columns)}}}", r"\toprule",
        ]  # fmt: skip
        lines += self._head()
        for block in self.blocks:
            lines += self._block(block, tables)
        lines += [r"\bottomrule", r"\end{tabular}", r"\end{table*}"]
        return "\n".join(["% Drawn by experiments.plot from the table of scores.", *lines, ""])

    def _head(self) -> list[str]:
        """Return the lines of the column names, below their common headings."""
        lines, first = [], 2
        if self.spans:
            cells = [
                rf"\multicolumn{{{width}}}{{c}}{{{escaped(name)}}}"
                for name, width in self.spans.items()
            ]
            lines.append(_line(["", *cells]))
            rules = []
            for width in self.spans.values():
                rules.append(rf"\cmidrule(lr){{{first}-{first + width - 1}}}")
                first += width
            lines.append(" ".join(rules))
        return [*lines, _line(["", *(escaped(column.name) for column in self.columns)])]

    def _block(self, block: Block, tables: Tables) -> list[str]:
        """Return the lines of a block, below a rule and its name."""
        rows = self._rows(tables, block)
        perfect = perfect_of(tables.goals, rows["task"].iloc[0], self.metric)
        there = {line: name for line, name in block.lines.items() if line in set(rows["method"])}
        if not there:
            return []
        texts = [
            _texts([_estimate(rows, line, column, block) for line in there], perfect)
            for column in self.columns
        ]
        lines = [r"\midrule"]
        if block.name:
            width = len(self.columns) + 1
            lines.append(rf"\multicolumn{{{width}}}{{l}}{{\emph{{{escaped(block.name)}}}}} \\")
        for number, name in enumerate(there.values()):
            lines.append(_line([escaped(name), *(column[number] for column in texts)]))
        return lines


def _estimate(rows: pd.DataFrame, line: str, column: Column, block: Block) -> Estimate | None:
    """Return the score of a method on a cell, or None if it was not scored."""
    distribution = column.distribution or block.distribution
    found = chosen(rows, method=line, distribution=distribution, size=column.size)["row"]
    return over_runs(list(found)) if len(found) else None


def _texts(estimates: Sequence[Estimate | None], perfect: float) -> list[str]:
    """Return the texts of a column of a block, the clearly best one in bold."""
    best = clearly_best(estimates, perfect)
    return [number(e, perfect, is_bold=k == best) for k, e in enumerate(estimates)]


def clearly_best(estimates: Sequence[Estimate | None], perfect: float) -> int | None:
    """Return the index of the best mean if its interval overlaps no other; None otherwise."""
    sign = -1 if perfect else 1
    there = [(k, e) for k, e in enumerate(estimates) if e is not None and math.isfinite(e.mean)]
    ordered = sorted(there, key=lambda pair: sign * pair[1].mean)
    if len(ordered) < 2:
        return None
    (place, best), *others = ordered
    apart = [best.low > e.high if perfect else best.high < e.low for _, e in others]
    return place if all(apart) else None


def number(estimate: Estimate | None, perfect: float, *, is_bold: bool = False) -> str:
    """Return a mean with its interval in small type; "--": not scored; "n/a": no answer.

    Scores have two decimals; errors, of any order of magnitude, two or three significant digits.
    """
    if estimate is None:
        return "--"
    if not math.isfinite(estimate.mean):
        return "n/a"
    power = 0 if perfect or estimate.mean <= 0 else int(f"{estimate.mean:.1e}".partition("e")[2])
    is_scaled = not -1 <= power <= 2
    decimals = 1 if is_scaled else 2 - max(power, 0)
    unit = 10.0**power if is_scaled else 1.0
    mean, low, high = (f"{value / unit:.{decimals}f}" for value in estimate)
    mean = rf"\mathbf{{{mean}}}" if is_bold else mean
    scale = rf" \cdot 10^{{{power}}}" if is_scaled else ""
    if math.isnan(estimate.low):
        return f"${mean}{scale}$"
    return rf"${mean}\,{{\scriptstyle [{low}, {high}]}}{scale}$"


def escaped(text: str) -> str:
    """Escape a text for LaTeX."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"
