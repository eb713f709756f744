"""The key of a formula: equal for formulas that are equal up to names, signs and order."""

from functools import lru_cache

import numpy as np

from data_gen.fingerprint import MARK, MORE_ROUNDS, ODD, ROUNDS, mixed, segment_sums


def formula_key(num_variables: int, literals: np.ndarray, pointers: np.ndarray) -> int:
    """Return a 64-bit hash of the variables in each clause, without their signs.

    The key is the fingerprint (see `data_gen/fingerprint.py`) of the graph of variables and
    clauses. Renaming or negating variables, or reordering clauses or literals, does not change it;
    both formulas of a pair of SR have the same key.

    Args:
        num_variables: n.
        literals: the literals of all clauses, as in `Cnf`.
        pointers: [m + 1], where each clause begins.
    """
    variables = abs(literals).astype(np.int64) - 1
    return _key(num_variables, variables.tobytes(), pointers.astype(np.int64).tobytes())


@lru_cache(maxsize=64)  # a pair of SR has one key, and distributions and cells both compute it
def _key(num_variables: int, variables: bytes, pointers: bytes) -> int:
    occurrences = _Occurrences(
        num_variables, np.frombuffer(variables, np.int64), np.frombuffer(pointers, np.int64)
    )
    colors = occurrences.refined(np.full(num_variables, ODD))
    key = mixed(colors).sum(keepdims=True) * ODD + np.uint64(len(pointers))
    alone = _smallest_class(colors)
    if len(alone):
        copies = np.tile(colors, (len(alone), 1))
        copies[np.arange(len(alone)), alone] ^= MARK
        key += mixed(mixed(occurrences.refined(copies, MORE_ROUNDS)).sum(axis=1)).sum(keepdims=True)
    return int(mixed(key)[0])


class _Occurrences:
    """The incidence of variables and clauses, sorted by clause and sorted by variable."""

    def __init__(self, num_variables: int, variables: np.ndarray, pointers: np.ndarray) -> None:
        self.variables, self.by_clause = variables, pointers
        counts = np.bincount(variables, minlength=num_variables)
        self.by_variable = np.append(0, counts.cumsum())
        clause = np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))
        self.clauses: np.ndarray = clause[variables.argsort(kind="stable")]

    def refined(self, colors: np.ndarray, num_rounds: int = ROUNDS) -> np.ndarray:
        """Return the colours [..., n] of the variables after `num_rounds` rounds."""
        for _ in range(num_rounds // 2):  # one iteration goes to the clauses and back: two rounds
            clauses = mixed(segment_sums(colors[..., self.variables], self.by_clause))
            incoming = segment_sums(clauses[..., self.clauses], self.by_variable)
            colors = mixed(colors * MARK + incoming)
        return colors


def _smallest_class(colors: np.ndarray) -> np.ndarray:
    """Return the members of the smallest colour class with two or more variables; [] if none.

    Among several smallest classes it is the one of the least colour.
    """
    values, counts = np.unique(colors, return_counts=True)
    shared = counts > 1
    if not shared.any():
        return np.array([], dtype=np.int64)
    smallest = values[shared][counts[shared].argmin()]
    return np.flatnonzero(colors == smallest)
