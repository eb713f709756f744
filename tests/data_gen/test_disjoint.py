"""No instance is in two splits: by what models read, up to renaming, of every law in conf/."""

import numpy as np
import pytest

from data_gen.cell import Cell
from data_gen.distribution import GenerationError
from data_gen.fingerprint import fingerprints
from data_gen.packed import Packed
from tests.conftest import stems, the_study
from tests.data_gen.test_distributions import ALL

LAWS = {name: law for name, law in ALL.items() if not law.is_list}
SPLITS = ("train", "val", "test")
COUNT = 200  # instances of each split


def tasks_of(law):
    tasks = {name: the_study(f"task={name}").task for name in stems("task")}
    return {name: task for name, task in tasks.items() if task.structure is law.structure}


def prints(task, law, size, count=COUNT):
    """The fingerprints of the instances of each split."""
    cells = [Cell(task, law, (size,), split) for split in SPLITS]
    return [fingerprints(Packed.pack(cell.instances(0, count))) for cell in cells]


def smallest(task, law):
    """The smallest size that every split has structures of."""
    for size in range(law.min_size, law.min_size + 10):
        try:
            return size, prints(task, law, size)
        except GenerationError:
            continue
    raise AssertionError(f"{law}: no size")


@pytest.mark.parametrize("name", LAWS)
def test_splits_share_no_instance_and_laws_that_say_so_repeat_none(name):
    law = LAWS[name]
    for task in list(tasks_of(law).values())[:1]:
        size, found = smallest(task, law)
        for k, of_one in enumerate(found):
            for of_other in found[:k]:
                assert not np.isin(of_one, of_other).any()
        if law.repeats_to:
            size = law.repeats_to + 1
            found = prints(task, law, size)
        joined = np.concatenate(found)
        assert len(np.unique(joined)) == len(joined), size
