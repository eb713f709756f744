"""What all questions about formulas share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from data_gen.distribution import Distribution
from data_gen.packed import Packed
from data_gen.sat.cnf import Problem
from data_gen.sat.distributions.dimacs_files import DimacsFiles
from data_gen.sat.formula_graph import formula_facts, spec
from data_gen.sat.problem_file import ANSWERS, write_problem
from data_gen.spec import GraphSpec
from data_gen.task import Task


class FormulaTask(Task[Problem]):
    """A question about a formula, answered by votes of its literals."""

    size_unit: ClassVar[str] = "variables"
    cost: ClassVar[float] = 20.0
    file_law: ClassVar[type[Distribution[Any]] | None] = DimacsFiles
    file_endings: ClassVar[tuple[str, ...]] = tuple(ANSWERS.values())
    asks_of_sat: ClassVar[bool | None] = None  # of formulas with a model, without; None: of both

    @property
    def spec(self) -> GraphSpec:
        """A vote of every node goes out, of which those of literals count."""
        return spec(node_out=1)

    def group_size(self, distribution: Distribution[Problem]) -> int:
        """Of a group all formulas, or one where the task asks of one kind."""
        return distribution.group_size if self.asks_of_sat is None else 1

    def posed(self, structures: list[Problem]) -> list[Problem]:
        """All formulas of a group, or the first of the one kind, if there is one."""
        if self.asks_of_sat is None:
            return structures
        return [problem for problem in structures if problem.is_sat == self.asks_of_sat][:1]

    def write(self, structure: Problem, stem: Path, about: Sequence[str]) -> Path:
        """The formula as DIMACS."""
        return write_problem(structure, stem, about)

    def facts(self, packed: Packed) -> dict[str, float]:
        """Size and difficulty of the formulas."""
        return formula_facts(packed)
