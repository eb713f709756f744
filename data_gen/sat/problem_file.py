"""A proved formula as a file: DIMACS, with its answer in the name and in comments."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from data_gen.sat import dimacs
from data_gen.sat.cnf import Problem
from data_gen.sat.solver import SOLVER

ANSWERS = {True: "-sat.cnf", False: "-unsat.cnf"}
PER_LINE = 10  # literals of a model


def write_problem(problem: Problem, stem: Path, about: Sequence[str]) -> Path:
    """Write `<stem>-sat.cnf` or `<stem>-unsat.cnf`; comments say `about`, and the model if any."""
    path = stem.with_name(f"{stem.name}{ANSWERS[problem.is_sat]}")
    dimacs.write(problem.formula, path, [*about, *_answer(problem)])
    return path


def _answer(problem: Problem) -> Iterator[str]:
    """The model, in the form of a solver, or that there is none."""
    if problem.model is None:
        yield f"unsatisfiable, proved by {SOLVER}"
        return
    yield "satisfiable, by the model"
    signed = [v if true else -v for v, true in enumerate(problem.model.tolist(), 1)]
    for first in range(0, len(signed), PER_LINE):
        yield " ".join(map(str, ["v", *signed[first : first + PER_LINE]]))
    yield "v 0"
