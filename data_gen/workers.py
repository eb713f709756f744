"""Worker processes that make instances, and that never outlive their parent."""

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, TypeVar

import torch

R = TypeVar("R")


class WorkerPool:
    """Calls in `num_workers` processes, results in order; in this process if that is 1."""

    def __init__(self, num_workers: int) -> None:
        self.num_workers = num_workers
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> "WorkerPool":
        if self.num_workers > 1:
            if multiprocessing.get_start_method() not in multiprocessing.get_all_start_methods():
                # in a process of joblib it is "loky", which a child is told and does not know
                multiprocessing.set_start_method("spawn", force=True)
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self.num_workers, context, _start_worker)
        return self

    def __exit__(self, *error: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    def map(self, function: Callable[..., R], arguments: Iterable[tuple[Any, ...]]) -> Iterator[R]:
        """Results of `function(*arguments)` in order; at most four calls a worker are ahead."""
        if self._executor is None:
            yield from (function(*args) for args in arguments)
            return
        waiting: deque[Future[R]] = deque()
        for args in arguments:
            waiting.append(self._executor.submit(function, *args))
            if len(waiting) >= 4 * self.num_workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _start_worker() -> None:
    """One thread of computation, and an end when the parent ends."""
    torch.set_num_threads(1)
    end_with_parent()


def end_with_parent() -> None:
    """Let this process end within a second of its parent, be that killed by SIGKILL."""
    started_by = multiprocessing.parent_process()
    # Not os.getppid() if it can be told otherwise: the parent may have ended already.
    parent = started_by.pid if started_by is not None and started_by.pid else os.getppid()

    def follow() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
