"""No instance is in two splits, up to renaming of its nodes, for every distribution in conf/."""

import numpy as np
import pytest

from data_gen.bodies.dynamics.scene import Scene
from data_gen.cell import Cell
from data_gen.dataset import DataSet
from data_gen.distribution import GenerationError
from data_gen.fingerprint import fingerprints
from data_gen.packed import Packed
from data_gen.sat.cnf import Cnf
from data_gen.sat.distributions.k_clique import KClique
from data_gen.sat.distributions.random_ksat import RandomKsat
from data_gen.sat.distributions.sr import Sr
from data_gen.sat.formula_graph import as_graph
from data_gen.sat.tasks.satisfiability import Satisfiability
from tests.conftest import stems, the_study
from tests.contracts import relabelled, shuffled
from tests.data_gen.test_distributions import ALL

LAWS = {name: law for name, law in ALL.items() if not law.is_list}
SPLITS = ("train", "val", "test")
TAKE_SECONDS = ("k_coloring", "k_vercov", "k_domset", "random_ksat", "domset_of_graphs")


def cases():
    """Yield every law with every task on its structures; one task of each law is a fast test."""
    for name, law in LAWS.items():
        tasks = {task: the_study(f"task={task}").task for task in stems("task")}
        fitting = [task for task, of in tasks.items() if of.structure is law.structure]
        if law.structure is Scene:
            fitting = sorted(task for task in fitting if tasks[task].dim == getattr(law, "dim", 2))
        first = "satisfiability" if "satisfiability" in fitting else fitting[0]
        for task in fitting:
            is_fast = task == first and name not in TAKE_SECONDS
            yield pytest.param(name, task, marks=() if is_fast else pytest.mark.slow)


def prints(task, law, size, count):
    """Return the fingerprints of the instances of each split."""
    cells = [Cell(task, law, (size,), split) for split in SPLITS]
    return [fingerprints(Packed.pack(cell.instances(0, count))) for cell in cells]


def smallest(task, law, count):
    """Return the smallest size that has structures in every split, with the fingerprints."""
    for size in range(law.min_size, law.min_size + 6):
        try:
            return size, prints(task, law, size, count)
        except GenerationError:
            continue
    return pytest.fail(f"{task} cannot pose {law}")


@pytest.mark.parametrize(("name", "task_name"), [*cases()])
def test_splits_share_no_instance_and_laws_that_say_so_repeat_none(name, task_name):
    law, task = LAWS[name], the_study(f"task={task_name}").task
    size, found = smallest(task, law, 12 if law.structure is Scene else 60)
    for k, of_one in enumerate(found):
        for of_other in found[:k]:
            assert not np.isin(of_one, of_other).any()
    if size > law.repeats_to:
        joined = np.concatenate(found)
        assert len(np.unique(joined)) == len(joined)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in TAKE_SECONDS else ())
        for name, law in LAWS.items()
        if law.repeats_to
    ],
)
def test_a_law_repeats_no_structure_above_its_bound(name):
    law, rng = LAWS[name], np.random.default_rng(0)
    if law.group_size == 2 and law.repeats_to > 20:
        return  # drawing a pair takes seconds
    keys = [law.draw_group(law.repeats_to + 1, rng)[0].key for _ in range(100)]
    assert len(set(keys)) == len(keys)


def renamed(formula, rng):
    """Rename and negate the variables, and shuffle the clauses and their literals."""
    names = rng.permutation(formula.num_variables) + 1
    signs = rng.choice([-1, 1], formula.num_variables)
    clauses = [[int(np.sign(v) * (names * signs)[abs(v) - 1]) for v in c] for c in formula.clauses]
    order = rng.permutation(len(clauses))
    return Cnf.from_clauses(
        formula.num_variables, [rng.permutation(clauses[k]).tolist() for k in order]
    )


@pytest.mark.parametrize(("law", "size"), [(Sr(), 3), (Sr(), 8), (KClique((3,)), 6)])
def test_names_signs_and_order_do_not_change_a_key_and_other_formulas_have_others(law, size):
    rng = np.random.default_rng(0)
    formulas = [law.draw_group(size, rng)[0].formula for _ in range(20)]
    assert all(renamed(formula, rng).key == formula.key for formula in formulas)
    assert len({formula.key for formula in formulas}) > 10


def test_both_formulas_of_a_pair_of_sr_have_one_key():
    unsat, sat = Sr().draw_group(6, np.random.default_rng(0))
    assert unsat.key == sat.key


def two_literals(edges):
    """Return a formula with a clause of two literals for every edge of a graph."""
    return Cnf.from_clauses(6, [[a, b] for a, b in edges])


def test_a_key_and_a_fingerprint_tell_six_vertices_on_a_ring_from_two_triangles():
    ring = two_literals([(1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 1)])
    triangles = two_literals([(1, 2), (2, 3), (3, 1), (4, 5), (5, 6), (6, 4)])
    assert ring.key != triangles.key
    graphs = [as_graph(ring), as_graph(triangles), as_graph(ring)]
    first, other, again = fingerprints(Packed.pack(graphs))
    assert first == again != other


def test_relabelling_the_nodes_does_not_change_a_fingerprint():
    task = the_study("task=shortest_path").task
    graphs = Cell(task, LAWS["grid"], (9,), "test").instances(0, 10)
    moved = [relabelled(graph, shuffled(graph)) for graph in graphs]
    before, after = fingerprints(Packed.pack(graphs)), fingerprints(Packed.pack(moved))
    assert (before == after).all()
    assert len(set(before)) == 10


def test_a_data_set_of_few_distinct_instances_is_refused_in_one_line(tmp_path):
    law = KClique((3,), is_paired=True)
    few = DataSet(Cell(Satisfiability(), law, (4,), "test"), 200, tmp_path)
    with pytest.raises(
        GenerationError, match=r"^[^\n]+only \d+ distinct of 200 inst[^\n]+ size 4[^\n]+$"
    ):
        few.load()
    DataSet(Cell(Satisfiability(), law, (4,), "train"), 200, tmp_path).load()


def test_only_where_structures_repeat_is_there_another_identity():
    cells = [Cell(Satisfiability(), Sr(), sizes, "train") for sizes in ((5, 6), (4, 5))]
    assert ["kept apart" in cell.identity for cell in cells] == [False, True]
    assert RandomKsat().repeats_to < RandomKsat().min_size
