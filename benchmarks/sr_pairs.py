"""SR pairs per second: our generator against the published loop, which solves after every clause.

    python -m benchmarks.sr_pairs [--json out.json]

The peer draws clauses one by one as NeuroSAT's `gen_sr_dimacs.py` does, with our version of
MiniSat. A second peer runs its loop over our clauses, which are drawn in blocks: this ratio is the
gain from solving less often, on equal pairs. The last column is the rate of all cores together,
including a second proof of the labels and the packing of graphs.
"""

import argparse
import json
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.timing import compare
from data_gen.cell import Cell
from data_gen.packed import Packed
from data_gen.sat.distributions.sr import Sr, _Clauses
from data_gen.sat.solver import solver
from data_gen.sat.tasks.satisfiability import Satisfiability
from data_gen.workers import WorkerPool

CASES = {10: 128, 40: 32, 100: 12}  # size -> pairs timed
NUM_CALLS = 8  # of each worker


def peer_pair(size: int, rng: np.random.Generator) -> list[list[list[int]]]:
    """Draw a pair by the published loop; return the clauses of both formulas."""
    clauses: list[list[int]] = []
    with solver() as engine:
        while engine.solve():
            length = min(1 + int(rng.random() >= 0.3) + int(rng.geometric(0.4)), size)
            variables = rng.choice(size, length, replace=False) + 1
            clauses.append([int(v) if rng.random() < 0.5 else -int(v) for v in variables])
            engine.add_clause(clauses[-1])
    last = clauses[-1]
    return [clauses, [*clauses[:-1], [-last[0], *last[1:]]]]


def peer_pair_of_blocks(size: int, rng: np.random.Generator) -> int:
    """Draw a pair by the published loop over clauses in blocks; return the number of clauses."""
    clauses = _Clauses(Sr(), size, rng)
    with solver() as engine:
        for index in count():
            engine.add_clause(clauses[index])
            if not engine.solve():
                return index + 1
    raise AssertionError  # unreachable: there is no last clause


def many(draw: Callable[[int, np.random.Generator], object], size: int, num: int) -> None:
    """Draw `num` pairs, equal in every call."""
    rng = np.random.default_rng(0)
    for _ in range(num):
        draw(size, rng)


def packed_bytes(cell: Cell, start: int, stop: int) -> int:
    """Make and pack the graphs of instances in a worker; return their bytes."""
    packed = Packed.pack(cell.instances(start, stop))
    return sum(value.nbytes for value in packed.tensors().values())


def packed_pairs_per_second(size: int, num_pairs: int, pool: WorkerPool) -> float:
    """Return the rate of all workers together, without the time to start them."""
    cell = Cell(Satisfiability(), Sr(), (size,), "test")
    calls = [(cell, 2 * i * num_pairs, 2 * (i + 1) * num_pairs) for i in range(NUM_CALLS)]
    calls *= pool.num_workers
    shortest = float("inf")
    for _ in range(3):
        start = perf_counter()
        list(pool.map(packed_bytes, calls))
        shortest = min(shortest, perf_counter() - start)
    return num_pairs * len(calls) / shortest


def measure(size: int, num_pairs: int, pool: WorkerPool) -> dict[str, object]:
    """Time one size; return its row of the table."""
    ms = compare(
        {
            "ours": lambda: many(Sr().draw_group, size, num_pairs),
            "peer": lambda: many(peer_pair, size, num_pairs),
            "peer_of_blocks": lambda: many(peer_pair_of_blocks, size, num_pairs),
        },
        rounds=10,
    )
    return {
        "benchmark": "sr_pairs",
        "case": f"SR({size})",
        "ours_ms": ms["ours"],
        "peer": "the loop of NeuroSAT's gen_sr_dimacs.py",
        "peer_ms": ms["peer"],
        "ratio": ms["peer"] / ms["ours"],
        "ratio_of_blocks": ms["peer_of_blocks"] / ms["ours"],
        "pairs_per_second": 1e3 * num_pairs / ms["ours"],
        "peer_pairs_per_second": 1e3 * num_pairs / ms["peer"],
        "cores": pool.num_workers,
        "packed_pairs_per_second": packed_pairs_per_second(size, num_pairs, pool),
    }


def main() -> None:
    """Print the table; write it with --json."""
    parser = argparse.ArgumentParser(description="SR pairs per second, against the published loop.")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    arguments = parser.parse_args()
    with WorkerPool(len(os.sched_getaffinity(0))) as pool:
        rows = [measure(size, num_pairs, pool) for size, num_pairs in CASES.items()]
        packed = f"packed/s, {pool.num_workers} cores"
    print(f"SR pairs      ours/s    peer/s  ratio  ratio, clauses in blocks  {packed:>17}")
    for row in rows:
        speeds = f"{row['pairs_per_second']:>8.0f}  {row['peer_pairs_per_second']:>8.0f}"
        ratios = f"{row['ratio']:>5.1f}  {row['ratio_of_blocks']:>24.1f}"
        print(f"{row['case']:<10}  {speeds}  {ratios}  {row['packed_pairs_per_second']:>17.0f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
