"""One training over several processes: which one this is, and what they tell one another.

torchrun starts them, or submitit in a job of several tasks; else a training is one process. What
is done once (files, data sets, validation, scores) the first does, and the others wait. Gradients
are averaged by DistributedDataParallel (Li et al. 2020, PyTorch Distributed).
"""

import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stderr
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from experiments.processes.group import GRACE, process_group
from experiments.settings.errors import Stopped, UserError

T = TypeVar("T")
NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True)
class World:
    """The processes of a training, as one of them sees them; of one, nothing is told to anybody.

    Attributes:
        rank: number of this process, from 0.
        size: how many there are.
        local_rank: number of this process on its machine.
        local_size: how many there are on its machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

    @classmethod
    def here(cls) -> "World":
        """That of torchrun or of a job of submitit, else of one.

        Raises:
            UserError: a launcher started processes of its own under torchrun.
        """
        if os.environ.get("SUBMITIT_EXECUTOR") and "RANK" not in os.environ:
            _export_tasks()
        if any(name not in os.environ for name in NEEDED):
            return cls()
        rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        if size > 1 and parent_process() is not None:
            raise UserError(
                "hydra/launcher: one that starts processes is not allowed under torchrun, serial is"
            )
        local_rank = int(os.environ.get("LOCAL_RANK", rank))
        return cls(rank, size, local_rank, int(os.environ.get("LOCAL_WORLD_SIZE", size)))

    @property
    def is_first(self) -> bool:
        """Whether this process does what is done once."""
        return self.rank == 0

    def device(self, wanted: torch.device) -> torch.device:
        """That of this process: each has a GPU of its own.

        Raises:
            UserError: there are more processes on this machine than GPUs.
        """
        if self.size == 1 or wanted.type != "cuda":
            return wanted
        if self.local_size > torch.cuda.device_count():
            raise UserError(
                f"machine.device: {wanted.type!r} is not allowed, {self.local_size} processes here"
                f" have {torch.cuda.device_count()} GPUs: cpu is, or one process for each GPU"
            )
        device = torch.device("cuda", self.local_rank)
        torch.cuda.set_device(device)
        return device

    def part(self, number: int) -> slice:
        """The share of this process in `number` things that are in order."""
        return slice(self.rank * number // self.size, (self.rank + 1) * number // self.size)

    def joined(self, name: str, device: torch.device) -> AbstractContextManager[None]:
        """While entered, the processes that work on the run of that name can tell and wait."""
        if self.size == 1:
            return nullcontext()
        return process_group(name, self.rank, self.size, device)

    def sum(self, values: Tensor) -> Tensor:
        """Over the processes, of values on the CPU, in place."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def any(self, flag: bool) -> bool:
        """Whether it is true of one of the processes."""
        if self.size == 1:
            return flag
        return bool(self.sum(torch.tensor([int(flag)])).item())

    def shares(self, counts: Sequence[int]) -> list[float]:
        """What this process has of each number, as a part of that of all."""
        if self.size == 1:
            return [1.0] * len(counts)
        totals = self.sum(torch.tensor(counts, dtype=torch.float64)).tolist()
        pairs = zip(counts, totals, strict=True)
        return [number / total if total else math.nan for number, total in pairs]

    def first(self, work: Callable[[], T]) -> T:
        """What the first process makes of `work`, told to the others, who wait.

        Raises:
            UserError: in the others, if it failed in the first, which raises what it was.
        """
        if self.size == 1:
            return work()
        told: list[Any] = [None, None, None]  # what it made, or how it failed
        error = None
        if self.is_first:
            try:
                told[0] = work()
            except BaseException as raised:
                text = str(raised) or type(raised).__name__
                error, told[1:] = raised, [isinstance(raised, Exception), text]
        dist.broadcast_object_list(told, device=torch.device("cpu"))
        if error is not None:
            raise error
        result, is_error, text = told
        if text is not None:
            raise UserError(text) if is_error else SystemExit(1)
        return result

    def wrapped(self, module: nn.Module, device: torch.device) -> nn.Module:
        """The module, whose gradients are then the mean of those of all processes."""
        if self.size == 1:
            return module
        # In an update of few steps a parameter may have no gradient. One that never has: or else
        # torch warns, at the first update in which all have one, that none is looked for.
        module.register_parameter("never_used", nn.Parameter(torch.zeros(1, device=device)))
        return DistributedDataParallel(module, find_unused_parameters=True)


ALONE = World()


@contextmanager
def only_the_first_speaks() -> Iterator[None]:
    """While entered, the first process of torchrun alone writes to the terminal.

    The others end after it has said what is wrong: torchrun ends all when one has ended. It would
    have ended them by then, unless the error is theirs alone; then they say it.
    """
    if int(os.environ.get("RANK", 0)) == 0:
        yield
        return
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        try:
            yield
        except Stopped:
            sys.exit(1)
        except (Exception, SystemExit) as error:
            if not isinstance(error, SystemExit) or error.code:
                time.sleep(GRACE)
            raise


def _export_tasks() -> None:
    """Say in the environment, as torchrun does, which task of a job of submitit this is."""
    from submitit.helpers import TorchDistributedEnvironment

    TorchDistributedEnvironment().export(set_cuda_visible_devices=False)
