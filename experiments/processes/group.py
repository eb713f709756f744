"""The process group of a run: all processes leave it together, or a failed one ends at once.

gloo offers nothing else: leaving the group while others wait for this process blocks, and the
threads of a group that was never left crash the interpreter at exit.
"""

import gc
import os
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from itertools import count
from threading import Thread
from typing import NoReturn

import torch
import torch.distributed as dist
from torch.distributed import PrefixStore, Store  # pyright: ignore
from torch.distributed.rendezvous import rendezvous

from experiments.settings.errors import UserError, message

NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # variables of the environment
HINT = "without RANK and WORLD_SIZE in its environment a process trains alone"
START = timedelta(minutes=10)  # for which processes wait for one another to start
PATIENCE = 10.0  # seconds after which a process says that it waits for the others
WORK = timedelta(days=30)  # for which the others wait while one process works
GRACE = 10.0  # seconds within which an error common to all processes has reached all of them
_GROUPS = count()  # numbers the groups of a process: a sweep trains one run after another


@contextmanager
def process_group(name: str, rank: int, size: int, device: torch.device) -> Iterator[None]:
    """Enter the default group of `torch.distributed`: gloo for the CPU, nccl for a GPU.

    An error that occurs in all processes is raised in each. After an error of its own, this process
    ends at once, with a line or a traceback and exit code 1; the others lose it and end too.

    Args:
        name: the name of the run, the same in all processes.
        rank: the number of this process, from 0.
        size: the number of processes.
        device: the device of the model.

    Raises:
        UserError: the processes have not met.
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
    """Return the store in which the processes find one another.

    Raises:
        UserError: not all of them have come in time, or the address cannot be had.
    """
    told = " ".join(f"{name}={os.environ[name]}" for name in NEEDED)
    found: Future[Store] = Future()
    Thread(target=_meet, args=[found], daemon=True).start()  # so that Ctrl-C ends the waiting
    if not wait([found], PATIENCE).done:
        _say(f"waiting for all processes ({told}); {HINT}\n")
    try:
        return found.result()
    except (RuntimeError, ValueError) as error:  # torch adds its stack in further lines
        reason = str(error).partition("\n")[0].rstrip(" .")
        raise UserError(
            f"WORLD_SIZE must be the number of processes that start, got {told}, which have not met"
            f" ({reason}); {HINT}"
        ) from error


def _meet(found: "Future[Store]") -> None:
    """Wait for all processes; set the store, or the error."""
    try:
        found.set_result(next(rendezvous("env://", timeout=START))[0])
    except Exception as error:  # raised where the result is asked for
        found.set_exception(error)


def _say(text: str) -> None:
    """Write to the terminal, also from a process that is silent otherwise."""
    out = sys.__stderr__ or sys.stderr
    out.write(text)
    out.flush()


def _leave() -> None:
    """Free everything that uses the group, wait for all processes, then destroy the group."""
    gc.collect()
    dist.all_reduce(torch.zeros(1))  # a barrier, always on the CPU
    dist.destroy_process_group()


def _all_failed(store: Store, size: int) -> bool:
    """Return whether all processes fail, as at a wrong value; False if one was lost."""
    try:
        store.add("failed", 1)
        limit = time.monotonic() + GRACE
        while time.monotonic() < limit and not store.check(["lost"]):
            if store.add("failed", 0) == size:
                return True
            time.sleep(0.02)
    except RuntimeError:  # the store has ended
        pass
    return False


def _end(error: BaseException, store: Store, place: str) -> NoReturn:
    """End this process without cleanup; the first one to fail prints the traceback."""
    try:
        is_first = not store.check(["lost"])
        store.set("lost", place)
    except RuntimeError:
        is_first = False
    if is_first and isinstance(error, Exception):
        _say("".join(traceback.format_exception(error)))
    _say(f"error: {place}: {message(error)[:300]}\n")
    os._exit(1)
