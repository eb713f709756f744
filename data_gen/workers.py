"""Worker processes that make instances, and that never outlive their parent."""

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import cycle
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import Any, TypeVar

import torch

R = TypeVar("R")
AHEAD = 4  # calls that a worker is given before the result of the first is asked for


class LostWorkerError(OSError):
    """A worker process that ended before its work."""

    def __init__(self) -> None:
        super().__init__("a worker process was ended: by hand, or for want of memory")


class WorkerPool:
    """Calls in `num_workers` processes, results in order; in this process if that is 1.

    Each process has a pipe of its own and shares no lock, so it can be killed at any moment and
    nobody waits for it. (`concurrent.futures` waits forever for the rest of a result whose writer
    was killed.)
    """

    def __init__(self, num_workers: int) -> None:
        self.num_workers = num_workers
        self._workers: list[tuple[BaseProcess, Connection]] = []
        self._calls: list[SimpleQueue[bytes | None]] = []  # of each worker, pickled, to be sent

    def __enter__(self) -> "WorkerPool":
        if self.num_workers > 1:
            context = _context()
            for _ in range(self.num_workers):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs,), daemon=True)
                process.start()
                theirs.close()  # so that its end is told to us
                self._workers.append((process, ours))
                self._calls.append(SimpleQueue())
                sender = threading.Thread(target=_send, args=(ours, self._calls[-1]), daemon=True)
                sender.start()
        return self

    def __exit__(self, *error: object) -> None:
        for (process, _), calls in zip(self._workers, self._calls, strict=True):
            process.kill()
            calls.put(None)
        for process, connection in self._workers:
            process.join()
            connection.close()
        self._workers.clear()
        self._calls.clear()

    def map(self, function: Callable[..., R], arguments: Iterable[tuple[Any, ...]]) -> Iterator[R]:
        """Results of `function(*arguments)` in order; one map at a time, to its end.

        Raises:
            LostWorkerError: a worker was killed.
        """
        if not self._workers:
            yield from (function(*args) for args in arguments)
            return
        waiting: deque[Connection] = deque()
        workers = cycle(zip(self._workers, self._calls, strict=True))
        for args, ((_, connection), calls) in zip(arguments, workers, strict=False):
            calls.put(bytes(ForkingPickler.dumps((function, args))))
            waiting.append(connection)
            if len(waiting) == AHEAD * self.num_workers:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())


def _context() -> BaseContext:
    """How workers start: as forks of a process that has imported all, made once; else anew each.

    To import torch and torch-geometric takes seconds. That process computes nothing, so that a fork
    of it is safe where one of this process, with its threads and its GPU, is not.
    """
    methods = multiprocessing.get_all_start_methods()
    if multiprocessing.get_start_method() not in methods:
        # in a process of joblib it is "loky", which a child is told and does not know
        multiprocessing.set_start_method("spawn", force=True)
    if "forkserver" not in methods:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    main = getattr(sys.modules["__main__"], "__spec__", None)  # a child imports it: a command's
    context.set_forkserver_preload(["data_gen.cell", *([main.name] if main else [])])
    return context


def _send(connection: Connection, calls: "SimpleQueue[bytes | None]") -> None:
    """Send calls to a worker, from a thread: who reads its results must not wait for it to read."""
    with suppress(OSError):  # of a worker that has ended, as who reads its results is told
        while (call := calls.get()) is not None:
            connection.send_bytes(call)


def _result(connection: Connection) -> Any:  # noqa: ANN401
    """What a call returned; raises what it raised."""
    try:
        result, error = connection.recv()
    except (EOFError, OSError) as lost:
        raise LostWorkerError from lost
    if error is not None:
        raise error
    return result


def _work(connection: Connection) -> None:
    """Do what is asked for, in one thread; on Ctrl-C the parent decides; end when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    end_with_parent()
    with suppress(EOFError, OSError):  # of a parent that has ended
        while True:
            function, args = connection.recv()
            answer: tuple[Any, Exception | None]
            try:
                answer = function(*args), None
            except Exception as error:
                error.add_note(traceback.format_exc())  # of where it was raised
                answer = None, error
            connection.send(answer)


def end_with_parent() -> None:
    """Let this process end within a second of its parent, be that killed by SIGKILL."""
    parent = multiprocessing.parent_process()
    # Not os.getppid() if it can be told otherwise: the parent may have ended already.
    pid = parent.pid if parent is not None and parent.pid else os.getppid()

    def follow() -> None:
        if parent is not None and parent.sentinel is not None:  # joblib's workers have none
            wait([parent.sentinel])
        else:
            while os.getppid() == pid:
                time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def bars_are_hidden() -> bool | None:
    """For tqdm: in a process that shares its terminal with others; None: where there is none."""
    return True if multiprocessing.parent_process() is not None else None
