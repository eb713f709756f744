"""GraphProblem: graph problems as formulas; the base class of colouring, clique and the like."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data_gen.distribution import MAX_TRIES, Distribution, GenerationError
from data_gen.graphs.graph import Graph
from data_gen.sat.cnf import Cnf, Problem
from data_gen.sat.solver import solve
from data_gen.split import Keep, keep_all

MAX_REJECTED = 10  # graphs of a pair in the wrong split (3 in 4 for test) before k is redrawn


@dataclass(frozen=True)
class GraphProblem(Distribution[Problem]):
    """The question whether a random graph of v vertices has a solution of size k; v is the size.

    Args:
        k: the allowed k; for each problem or pair one of those that fit v is drawn uniformly.
        graphs: the law of the graphs; None: G(v, p) with p = `threshold(v, k)`, connected or not.
        is_paired: True: draw graphs with the same k until one has a solution and one has none; the
            two are a group, the unsatisfiable one first.

    Raises:
        ValueError: `k` has no or too small numbers, or `graphs` does not draw graphs.
    """

    k: Sequence[int]
    graphs: Distribution[Graph] | None = None
    is_paired: bool = False

    repeats_to: ClassVar[int] = 20
    least_k: ClassVar[int] = 1
    slack: ClassVar[int] = 1  # with k > v - slack the answer is the same for all graphs

    def __post_init__(self) -> None:
        # Always store a tuple, so that equal configurations have equal reprs and hashes.
        is_sequence = isinstance(self.k, Sequence) and not isinstance(self.k, str)
        k = tuple(self.k) if is_sequence else ()
        if not k or any(type(one) is not int or one < self.least_k for one in k):
            allowed = f"a list of whole numbers of at least {self.least_k}"
            raise ValueError(f"k must be {allowed}, got {self.k!r}")
        object.__setattr__(self, "k", k)
        graphs = self.graphs
        if graphs is not None and getattr(graphs, "structure", None) is not Graph:
            raise ValueError(f"graphs must be null or a distribution of graphs, got {graphs!r}")

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The smallest size at which some k fits and the law draws graphs."""
        least = min(self.k) + self.slack
        return least if self.graphs is None else max(least, self.graphs.min_size)

    @property
    def group_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The group size: 2 for pairs, else 1."""
        return 2 if self.is_paired else 1

    @property
    def identity(self) -> str:
        """The identity of the problems and of the law of the graphs."""
        if self.graphs is None:
            return super().identity
        return f"{super().identity}, {self.graphs.identity}"

    @abstractmethod
    def encode(self, edges: np.ndarray, num_nodes: int, k: int) -> Cnf:
        """Return the formula that is satisfiable if and only if the graph has a solution.

        Args:
            edges: the edges of the graph [m, 2].
            num_nodes: its number of vertices v.
            k: the size of the solution.
        """

    @abstractmethod
    def threshold(self, num_nodes: int, k: int) -> float:
        """Return the p at which a graph of G(v, p) has one solution in expectation."""

    def draw(self, size: int, rng: np.random.Generator) -> Problem:
        """Draw one problem; of a pair, each member with probability 1/2."""
        if self.is_paired:
            return self.draw_group(size, rng)[int(rng.integers(2))]
        formula = self._formula(size, self._draw_k(size, rng), rng)
        return Problem(formula, solve(formula).model, size)

    def draw_group(
        self, size: int, rng: np.random.Generator, keep: Keep = keep_all
    ) -> list[Problem]:
        """Draw one problem, or a pair: the first unsatisfiable problem, then the first satisfiable.

        Graphs that `keep` rejects are drawn again at most `MAX_REJECTED` times, as there may be no
        other graph without a solution for this k; then the result is an empty list.

        Raises:
            ValueError: `size` is too small for every k.
            GenerationError: no pair was found in `MAX_TRIES` tries.
        """
        if not self.is_paired:
            return [self.draw(size, rng)]
        k = self._draw_k(size, rng)
        found: dict[bool, Problem] = {}
        num_rejected = 0
        for _ in range(MAX_TRIES):
            formula = self._formula(size, k, rng)
            problem = Problem(formula, solve(formula).model, size)
            if problem.is_sat in found:
                continue
            if keep(problem):
                found[problem.is_sat] = problem
            else:
                num_rejected += 1
            if len(found) == 2:
                return [found[False], found[True]]
            if num_rejected == MAX_REJECTED:
                return []
        missing = "unsatisfiable" if True in found else "satisfiable"
        raise GenerationError(
            f"{self}: no {missing} problem of size {size} with k = {k} in {MAX_TRIES} tries"
        )

    def _draw_k(self, size: int, rng: np.random.Generator) -> int:
        fitting = [k for k in self.k if k <= size - self.slack]
        if not fitting:
            raise ValueError(f"size must be at least {self.min_size} for {self}, got {size}")
        return fitting[int(rng.integers(len(fitting)))]

    def _formula(self, size: int, k: int, rng: np.random.Generator) -> Cnf:
        if self.graphs is None:
            pairs = np.stack(np.triu_indices(size, 1), axis=1)
            edges = pairs[rng.random(len(pairs)) < self.threshold(size, k)]
        else:
            edges = self.graphs.draw(size, rng).edges
        return self.encode(edges, size, k)


def cnf_of_blocks(num_variables: int, blocks: Iterable[np.ndarray]) -> Cnf:
    """Return a formula from blocks of clauses of equal length, each [clauses, length]."""
    blocks = list(blocks)
    lengths = np.repeat([block.shape[1] for block in blocks], [len(block) for block in blocks])
    literals = np.concatenate([block.ravel() for block in blocks]).astype(np.int32)
    return Cnf(num_variables, literals, np.concatenate([[0], lengths.cumsum()]))


def slots(num_nodes: int, k: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Encode a set of k vertices as variables "slot i holds vertex v" [k, v] and their clauses.

    With i < j and u < v:
      some_v x(i, v)             a slot holds a vertex
      ¬x(i, u) or ¬x(i, v)       a slot holds no second vertex
      ¬x(i, v) or ¬x(j, v)       no vertex is in two slots
      ¬x(i, v) or ¬x(j, u)       vertices in slots are in ascending order

    So each set has exactly one assignment. The last line only removes the k! orders of a set:
    interchangeable slots would look the same to a network that is equivariant to permutations.
    """
    x = 1 + np.arange(k * num_nodes).reshape(k, num_nodes)
    first, second = np.triu_indices(num_nodes, 1)
    at_most_one = -np.stack([x[:, first], x[:, second]], axis=-1).reshape(-1, 2)
    lower, upper = np.triu_indices(num_nodes)
    ascending = exclude(x, upper, lower)
    return x, [x, at_most_one, ascending]


def exclude(x: np.ndarray, earlier: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Return the clauses ¬x(i, u) or ¬x(j, v) of slots i < j, for pairs u, v of earlier, later."""
    i, j = np.triu_indices(len(x), 1)
    return -np.stack([x[i][:, earlier], x[j][:, later]], axis=-1).reshape(-1, 2)
