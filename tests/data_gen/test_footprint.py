import time
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest
from omegaconf import OmegaConf

from data_gen.cell import Cell, StructureError
from data_gen.dataset import pack_block
from data_gen.distribution import GenerationError
from data_gen.footprint import Footprint, Growth, growth
from data_gen.graphs.distributions.geographic_threshold import GeographicThreshold
from data_gen.graphs.distributions.random_tree import RandomTree
from data_gen.paths.tasks.shortest_path import ShortestPath
from data_gen.sat.distributions.sr import Sr
from data_gen.sat.tasks.satisfiability import Satisfiability
from experiments.run.bounds import MARGIN
from experiments.settings.construct import construct
from tests.conftest import ROOT, stems, the_study

SQUARES = Growth(tuple((size, Footprint(size, size**2, 1.0)) for size in (10, 20, 40, 80)))


def test_sizes_above_are_reached_along_a_power_of_the_size():
    assert SQUARES.at(400) == pytest.approx((400, 400**2, 1))
    assert SQUARES.at(10**400).peak == pytest.approx(1e36)


def test_measured_sizes_are_kept_and_those_between_lie_between():
    assert SQUARES.at(80) == (80, 80**2, 1)
    assert SQUARES.at(30) == pytest.approx((30, 30**2, 1))
    assert SQUARES.at(5) == SQUARES.at(10)


def test_of_a_single_measured_size_twice_the_size_takes_twice():
    assert Growth(((8, Footprint(3, 5, 7)),)).at(80) == pytest.approx((30, 50, 70))


def test_of_few_measured_sizes_no_fast_growth_is_believed():
    few = Growth(SQUARES.found[:3])
    assert few.at(400) == pytest.approx((400, 40**2 * 10, 1))
    assert few.at(30) == pytest.approx((30, 30**2, 1))


def test_of_several_sizes_the_mean_and_the_largest_peak_count():
    assert SQUARES.over([10, 40]) == pytest.approx((25, 1600, 1))


def taken(task, law, size):
    """Return the bytes that an instance takes, stored and at most while it is generated."""
    cell = Cell(task, law, (size,), "test")
    tracemalloc.start()
    try:
        arrays = pack_block(cell, 0, cell.group_size)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return np.array([sum(array.nbytes for array in arrays.values()) / cell.group_size, peak])


@pytest.mark.parametrize(
    ("task", "law"),
    [
        pytest.param(ShortestPath(), GeographicThreshold(), id="dense"),
        pytest.param(ShortestPath(), RandomTree(), id="sparse"),
        pytest.param(Satisfiability(), Sr(), id="groups", marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_an_instance_of_twice_the_measured_size_is_foreseen(task, law):
    known = growth(task, law, 256)
    assert known is not None
    top = int(known.found[-1][0])
    ratio = np.array(known.at(2 * top)[:2]) / taken(task, law, 2 * top)
    assert (ratio > 0.3).all()
    assert (ratio < MARGIN).all()


def test_a_matrix_of_all_pairs_is_foreseen_at_sizes_that_cannot_be_drawn():
    size = 100_000
    known = growth(ShortestPath(), GeographicThreshold(), size)
    assert known is not None
    assert known.at(size).peak > 8 * size**2 / 8  # an eighth of the matrix of distances


def test_the_estimate_for_a_huge_size_takes_neither_long_nor_much_memory():
    growth(ShortestPath(), RandomTree(), 16)
    began = time.process_time()
    tracemalloc.start()
    try:
        assert growth(ShortestPath(), RandomTree(), 10**400) is not None
        assert tracemalloc.get_traced_memory()[1] < 2**28
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 5


@dataclass(frozen=True)
class Impossible(RandomTree):
    """A law of which nothing can be drawn."""

    def draw(self, size, rng):
        raise GenerationError("nothing")


def test_what_cannot_be_drawn_has_no_estimate():
    assert growth(ShortestPath(), Impossible(), 10**6) is None


def laws():
    """Yield every task with each distribution that it takes."""
    for task_name in stems("task"):
        parts = the_study(f"task={task_name}")
        for name in stems("distribution"):
            node = OmegaConf.load(ROOT / "conf" / "distribution" / f"{name}.yaml")
            law = construct(node[name], name)
            weights = getattr(parts.home_distribution, "edge_weights", None)
            try:
                law = law if weights is None else weights.applied_to(law)
                if not law.is_list:
                    Cell(parts.task, law, (max(16, law.min_size),), "test")
                    yield f"{task_name} {name}", parts.task, law
            except (GenerationError, StructureError):
                continue


@pytest.mark.slow
def test_no_estimate_is_so_high_that_something_is_refused_that_works():
    for name, task, law in laws():
        known = growth(task, law, 10**6)
        if known is None:
            continue
        top = int(known.found[-1][0])
        for size in (2 * top, 4 * top):
            estimate = known.at(size)
            if estimate.peak > 2**29 or estimate.seconds > 5:
                break
            try:
                ratio = np.array(estimate[:2]) / taken(task, law, size)
            except GenerationError:
                continue
            print(f"{name} {size}: {ratio[0]:.2f} {ratio[1]:.2f}")  # noqa: T201  (with -s, a table)
            assert (ratio < MARGIN).all(), (name, size, ratio)
