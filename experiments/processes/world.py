"""Share one training between several processes, and let them communicate.

torchrun starts the processes, or submitit in a job of several tasks; otherwise a training is one
process. The first process does everything that is done once (files, data sets, validation, scores)
while the others wait. Gradients are averaged by DistributedDataParallel (Li et al. 2020, PyTorch
Distributed).
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

from experiments.processes.group import GRACE, NEEDED, process_group
from experiments.settings.errors import Stopped, UserError

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """The processes of a training as seen by one of them; a single process never communicates.

    Attributes:
        rank: the number of this process, from 0.
        size: the number of processes.
        local_rank: the number of this process on its machine.
        local_size: the number of processes on its machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

    @classmethod
    def here(cls) -> "World":
        """Return the world that torchrun or a submitit job set up, or a single process.

        Raises:
            UserError: the environment does not say which of how many processes this is, or a
                launcher started its own processes under torchrun.
        """
        if os.environ.get("SUBMITIT_EXECUTOR") and not os.environ.get("RANK"):
            _export_tasks()
        if not _is_told():
            return cls()
        size = _told("WORLD_SIZE", 1, 2**31)
        rank = _told("RANK", 0, size - 1)
        _told("MASTER_PORT", 0, 2**16 - 1)
        if size > 1 and parent_process() is not None:
            raise UserError(
                "hydra/launcher must be serial under torchrun, got one that starts processes"
            )
        local_size = _told("LOCAL_WORLD_SIZE", 1, size, default=size)
        local_rank = _told("LOCAL_RANK", 0, local_size - 1, default=rank % local_size)
        return cls(rank, size, local_rank, local_size)

    @property
    def is_first(self) -> bool:
        """True if this process does the work that is done once."""
        return self.rank == 0

    def device(self, wanted: torch.device) -> torch.device:
        """Return the device of this process: each process of several has its own GPU.

        A GPU becomes the current one, so that nothing takes memory on another.

        Raises:
            UserError: there are more processes on this machine than GPUs, or one GPU is wanted for
                all of them.
        """
        if wanted.type != "cuda":
            return wanted
        if self.size > 1:
            self._check_gpus(wanted)
        index = (wanted.index or 0) if self.size == 1 else self.local_rank
        torch.cuda.set_device(index)
        return torch.device("cuda", index)

    def _check_gpus(self, wanted: torch.device) -> None:
        """Raise UserError if the processes on this machine cannot each have a GPU."""
        if wanted.index is not None:
            raise UserError(
                f"machine.device must be cuda for {self.size} processes, each of which has its own"
                f" GPU, got {str(wanted)!r}"
            )
        if self.local_size > torch.cuda.device_count():
            raise UserError(
                f"machine.device must be cpu, because {self.local_size} processes here have"
                f" {torch.cuda.device_count()} GPUs, got {wanted.type!r}"
            )

    def part(self, number: int) -> slice:
        """Return the slice of `number` ordered items that belongs to this process."""
        return slice(self.rank * number // self.size, (self.rank + 1) * number // self.size)

    def joined(self, name: str, device: torch.device) -> AbstractContextManager[None]:
        """While entered, the processes of the run of that name can communicate."""
        if self.size == 1:
            return nullcontext()
        return process_group(name, self.rank, self.size, device)

    def sum(self, values: Tensor) -> Tensor:
        """Sum CPU values over the processes, in place."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def any(self, flag: bool) -> bool:
        """Return whether the flag is true in at least one process."""
        if self.size == 1:
            return flag
        return bool(self.sum(torch.tensor([int(flag)])).item())

    def shares(self, counts: Sequence[int]) -> list[float]:
        """Return this process's counts as shares of the totals over all processes."""
        if self.size == 1:
            return [1.0] * len(counts)
        totals = self.sum(torch.tensor(counts, dtype=torch.float64)).tolist()
        pairs = zip(counts, totals, strict=True)
        return [number / total if total else math.nan for number, total in pairs]

    def first(self, work: Callable[[], T]) -> T:
        """Run `work` in the first process and return its result in all of them.

        Raises:
            UserError: in the other processes, if `work` failed; the first raises its own error.
        """
        if self.size == 1:
            return work()
        told: list[Any] = [None, None, None]  # result, whether it is an exception, error message
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
        """Wrap the module so that its gradients are averaged over all processes."""
        if self.size == 1:
            return module
        # In an update of few steps a parameter may have no gradient, so unused ones are looked for.
        # Torch warns at an update without any; this parameter never has a gradient.
        module.register_parameter("never_used", nn.Parameter(torch.zeros(1, device=device)))
        return DistributedDataParallel(module, find_unused_parameters=True)


ALONE = World()


@contextmanager
def only_the_first_speaks() -> Iterator[None]:
    """While entered, only the first process of torchrun writes to the terminal.

    torchrun ends all processes when one has ended. The others therefore wait before they end with
    an error, so that the first one can report it. If torchrun has not ended them by then, the error
    is theirs only, and they report it.
    """
    if not _is_told() or os.environ["RANK"] == "0":
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


def _is_told() -> bool:
    """Return whether the environment speaks of several processes; empty values say nothing."""
    return all(os.environ.get(name) for name in NEEDED)


def _told(name: str, low: int, high: int, default: int | None = None) -> int:
    """Return the number that a variable of the environment tells, or a default if it is empty.

    Raises:
        UserError: the variable is not such a number.
    """
    text = os.environ.get(name) or ""
    if not text and default is not None:
        return default
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if not low <= number <= high:
        raise UserError(
            f"{name} must be a whole number from {low} to {high}, or not set, got {text!r}"
        )
    return number


def _export_tasks() -> None:
    """Export the rank of this task of a submitit job to the environment, as torchrun does."""
    from submitit.helpers import TorchDistributedEnvironment

    TorchDistributedEnvironment().export(set_cuda_visible_devices=False, overwrite=True)
