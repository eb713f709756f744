"""The process group of a run: entered together, left together or by ending this process at once.

gloo has no third way: to leave it while others wait for this process is waited for in turn, and
threads of a group that was not left crash the interpreter when it ends.
"""

import gc
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from itertools import count
from typing import NoReturn

import torch
import torch.distributed as dist
from torch.distributed import PrefixStore, Store  # pyright: ignore
from torch.distributed.rendezvous import rendezvous

from experiments.settings.errors import message

START = timedelta(minutes=10)  # that processes wait for one another to start
WORK = timedelta(days=30)  # that they wait while one of them works
GRACE = 10.0  # seconds in which processes that fail alike have all failed
_GROUPS = count()  # a process of a sweep trains one run after another


@contextmanager
def process_group(name: str, rank: int, size: int, device: torch.device) -> Iterator[None]:
    """The default group of `torch.distributed`: gloo for the CPU, and nccl if the device is a GPU.

    An error that all processes have is raised in each. After one that others do not have this
    process ends, with a line or a traceback and exit code 1; the others lose it, and end too.

    Args:
        name: of the run, the same in all.
        rank: number of this process, from 0.
        size: how many there are.
        device: of the model.
    """
    store = PrefixStore(f"{name}/{next(_GROUPS)}", _store())
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=WORK)
    try:
        yield
    except BaseException as error:
        if not _all_failed(store, size):
            _end(error, store, f"process {rank} of {size}")
        traceback.clear_frames(error.__traceback__)
        _leave()
        raise
    _leave()


@cache
def _store() -> Store:
    """Where processes find one another."""
    return next(rendezvous("env://", timeout=START))[0]


def _leave() -> None:
    """First what uses the group goes, then all wait for one another, then the group goes."""
    gc.collect()
    dist.all_reduce(torch.zeros(1))  # a barrier, on the CPU whatever the device is
    dist.destroy_process_group()


def _all_failed(store: Store, size: int) -> bool:
    """Whether all processes fail, as at the same wrong value; not if one was lost."""
    try:
        store.add("failed", 1)
        limit = time.monotonic() + GRACE
        while time.monotonic() < limit and not store.check(["lost"]):
            if store.add("failed", 0) == size:
                return True
            time.sleep(0.02)
    except RuntimeError:  # of a store that has ended
        pass
    return False


def _end(error: BaseException, store: Store, place: str) -> NoReturn:
    """End this process as it is; who is the first to fail says why."""
    try:
        is_first = not store.check(["lost"])
        store.set("lost", place)
    except RuntimeError:
        is_first = False
    out = sys.__stderr__ or sys.stderr
    if is_first and isinstance(error, Exception):
        traceback.print_exception(error, file=out)
    out.write(f"error: {place}: {message(error)[:300]}\n")
    out.flush()
    os._exit(1)
