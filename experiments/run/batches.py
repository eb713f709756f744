"""Select the training instances of an update, given the configuration, the seed and its number.

Instances come from a data set, or are generated while the training runs. A resumed training sees
the same batches as an uninterrupted one.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.cell import Cell
from data_gen.dataset import pack_block
from data_gen.packed import Packed, consecutive
from data_gen.task import Task
from data_gen.workers import LostWorkerError, WorkerPool
from experiments.learning.learner import Update
from experiments.processes.world import ALONE, World
from experiments.settings.errors import UserError
from experiments.settings.run_settings import RunSettings
from gn.model import GraphModel

LOG = logging.getLogger(__name__)


class Batches(ABC):
    """The batches of all updates; a context manager, to end worker processes."""

    @abstractmethod
    def batch(self, step: int) -> Batch:
        """Return the batch of an update, or this process's part of it, on the model's device."""

    @abstractmethod
    def indices(self, step: int) -> Tensor:
        """Return the batch's instances in all processes, as indices into the training cell [B]."""

    def __enter__(self) -> "Batches":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:  # noqa: B027  (most have nothing to close)
        """End the worker processes."""


class CachedBatches(Batches):
    """Batches of a data set, in whole groups of instances that were drawn together.

    In the first `curriculum.num_steps` updates (S), update s draws without replacement from the
    share start + (1 - start) s / S of the groups that are smallest. Then epochs begin: each has a
    new order, and drops the groups that do not fill a batch.
    """

    def __init__(
        self,
        settings: RunSettings,
        packed: Packed,
        task: Task[Any],
        group_size: int,
        world: World = ALONE,
    ) -> None:
        self.settings, self.packed, self.task, self.group_size = settings, packed, task, group_size
        self.world = world
        firsts = np.arange(0, len(packed), group_size)
        num_nodes = packed.node_ptr.diff().cpu().numpy()
        self.num_groups = len(firsts)
        self.by_size = np.maximum.reduceat(num_nodes, firsts).argsort(kind="stable")
        self.size = min(groups_in_batch(settings.train.batch_size, group_size), self.num_groups)

    def batch(self, step: int) -> Batch:
        """Return the batch of an update, gathered on the device of the data set."""
        groups, part = self._groups(step), self.world.part(self.size)
        rng = Update(self.settings.seed, step).rng(4)
        batch = self.task.batch(self.packed, self._instances(groups), rng)
        if self.world.size == 1:
            return batch
        # Each process gathers the whole batch, so that random draws equal those of one process.
        before, own = (self._instances(of) for of in (groups[: part.start], groups[part]))
        return consecutive(batch, slice(len(before), len(before) + len(own)))

    def indices(self, step: int) -> Tensor:
        """Return the batch's instances by group; the last group of a data set may be smaller."""
        return self._instances(self._groups(step))

    def _instances(self, groups: np.ndarray) -> Tensor:
        width = self.group_size
        indices = (groups[:, None] * width + np.arange(width)).ravel()
        return torch.from_numpy(indices[indices < len(self.packed)])

    def pool_size(self, step: int) -> int:
        """Return the number of smallest groups that an update of the curriculum draws from."""
        curriculum = self.settings.train.curriculum
        share = curriculum.start + (1 - curriculum.start) * step / curriculum.num_steps
        return max(self.size, round(share * self.num_groups))

    def _groups(self, step: int) -> np.ndarray:
        seed, later = self.settings.seed, step - self.settings.train.curriculum.num_steps
        if later < 0:
            pool = self.by_size[: self.pool_size(step)]
            return np.random.default_rng([seed, step, 3]).choice(pool, self.size, replace=False)
        epoch, place = divmod(later, self.num_groups // self.size)
        order = np.random.default_rng([seed, epoch, 1]).permutation(self.num_groups)
        return order[place * self.size : (place + 1) * self.size]


class StreamedBatches(Batches):
    """Batches of new instances: update s sees instances s B to (s + 1) B - 1.

    Worker processes generate the batches ahead and in order. The batches depend neither on the
    number of processes nor on where a training is resumed.
    """

    def __init__(
        self,
        settings: RunSettings,
        cell: Cell,
        num_workers: int,
        model: GraphModel,
        world: World = ALONE,
    ) -> None:
        self.settings, self.cell, self.num_workers, self.model = settings, cell, num_workers, model
        self.world = world
        self.size = cell.group_size * groups_in_batch(settings.train.batch_size, cell.group_size)
        self._workers = ExitStack()
        self._made: Iterator[dict[str, np.ndarray]] = iter(())
        self._next = -1  # the update whose batch comes next

    def batch(self, step: int) -> Batch:
        """Return the batch of an update; fast if updates are asked for in order."""
        arrays = self._arrays(step)
        packed = Packed.from_tensors({name: torch.from_numpy(a) for name, a in arrays.items()})
        check_num_nodes(packed, self.model)
        device = self.model.device
        rng = Update(self.settings.seed, step, self.world.rank).rng(4)
        return self.cell.task.batch(packed.to(device), range(len(packed)), rng)

    def indices(self, step: int) -> Tensor:
        """Return the indices of the batch's instances: consecutive numbers."""
        return torch.arange(step * self.size, (step + 1) * self.size)

    def close(self) -> None:
        """End the worker processes; the next batch starts new ones."""
        self._next = -1
        self._workers.close()

    def _arrays(self, step: int) -> dict[str, np.ndarray]:
        if step != self._next:
            self.close()
            pool = self._workers.enter_context(WorkerPool(self.num_workers))
            steps = range(step, self.settings.train.num_updates)
            self._made = pool.map(pack_block, (self._block(later) for later in steps))
        self._next = step + 1
        try:
            return next(self._made)
        except LostWorkerError as error:
            LOG.warning("%s; update %d generates its own instances", error, step)
            self.close()
            return pack_block(*self._block(step))

    def _block(self, step: int) -> tuple[Cell, int, int]:
        width = self.cell.group_size
        part = self.world.part(self.size // width)
        first = step * self.size
        return self.cell, first + part.start * width, first + part.stop * width


def check_num_nodes(packed: Packed, model: GraphModel) -> None:
    """Raise UserError if training graphs are larger than the model can take."""
    largest, most = packed.num_nodes_of_largest, model.max_num_nodes
    if most is not None and largest > most:
        raise UserError(
            f"model.max_num_nodes must be at least {largest}, the size of the largest training"
            f" graph, got {most}"
        )


def groups_in_batch(batch_size: int, group_size: int) -> int:
    """Return the number of groups in a batch, if the data set has as many."""
    return max(1, batch_size // group_size)
