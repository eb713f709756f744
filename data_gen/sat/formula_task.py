"""FormulaTask: the base class of all tasks on formulas."""

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
    """A question about a formula; the answer is a vote of each of its literals."""

    size_unit: ClassVar[str] = "variables"
    cost: ClassVar[float] = 20.0
    file_law: ClassVar[type[Distribution[Any]] | None] = DimacsFiles
    file_endings: ClassVar[tuple[str, ...]] = tuple(ANSWERS.values())
    # True: only satisfiable formulas become instances; False: only unsatisfiable; None: both
    asks_of_sat: ClassVar[bool | None] = None

    @property
    def spec(self) -> GraphSpec:
        """The widths of the graph, and one vote of every node; only votes of literals count."""
        return spec(node_out=1)

    @property
    def file_settings(self) -> dict[str, object]:
        """The answer of the formulas that the task takes."""
        return {"is_sat": self.asks_of_sat}

    def group_size(self, distribution: Distribution[Problem]) -> int:
        """Return the instances of a group: all its formulas, or one if the task takes one kind."""
        return distribution.group_size if self.asks_of_sat is None else 1

    def posed(self, structures: list[Problem]) -> list[Problem]:
        """Return all formulas of a group, or the first of the kind that the task takes, if any."""
        if self.asks_of_sat is None:
            return structures
        return [problem for problem in structures if problem.is_sat == self.asks_of_sat][:1]

    def write(self, structure: Problem, stem: Path, about: Sequence[str]) -> Path:
        """Write the formula as DIMACS, and return the file's path."""
        return write_problem(structure, stem, about)

    def facts(self, packed: Packed) -> dict[str, float]:
        """Return the mean size and hardness of the formulas."""
        return formula_facts(packed)
