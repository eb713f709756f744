"""Problem files: a formula as DIMACS, with its proved answer in the file name and in comments."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from data_gen.sat import dimacs
from data_gen.sat.cnf import Problem
from data_gen.sat.solver import SOLVER

ANSWERS = {True: "-sat.cnf", False: "-unsat.cnf"}
PER_LINE = 10  # the number of a model's literals on one line


def write_problem(problem: Problem, stem: Path, about: Sequence[str]) -> Path:
    """Write `<stem>-sat.cnf` or `<stem>-unsat.cnf`, with `about` and any model as comments.

    Raises:
        FileExistsError: the file exists; it is left unchanged.
    """
    path = stem.with_name(f"{stem.name}{ANSWERS[problem.is_sat]}")
    dimacs.write(problem.formula, path, [*about, *_answer(problem)])
    return path


def _answer(problem: Problem) -> Iterator[str]:
    """Yield the lines of a model as solvers print it, or a line that there is none."""
    if problem.model is None:
        yield f"unsatisfiable, proved by {SOLVER}"
        return
    yield "satisfiable, by the model"
    signed = [v if true else -v for v, true in enumerate(problem.model.tolist(), 1)]
    for first in range(0, len(signed), PER_LINE):
        yield " ".join(map(str, ["v", *signed[first : first + PER_LINE]]))
    yield "v 0"
