"""Worker processes that generate instances and never outlive their parent."""

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
AHEAD = 4  # the number of calls that a worker is given before its first result is awaited


class LostWorkerError(OSError):
    """A worker process ended before its work was done."""

    def __init__(self) -> None:
        super().__init__("a worker process was killed, by hand or because memory ran out")


class WorkerPool:
    """A pool that runs calls in `num_workers` processes, or in this process if there is only one.

    Each worker has a pipe of its own and shares no lock, so killing it at any moment leaves no
    process waiting. (`concurrent.futures` waits forever for the rest of a result whose writer was
    killed.)
    """

    def __init__(self, num_workers: int) -> None:
        self.num_workers = num_workers
        self._workers: list[tuple[BaseProcess, Connection]] = []
        self._calls: list[SimpleQueue[bytes | None]] = []  # each worker's pickled calls to send

    def __enter__(self) -> "WorkerPool":
        if self.num_workers > 1:
            context = _context()
            for _ in range(self.num_workers):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs,), daemon=True)
                process.start()
                theirs.close()  # so that this process is notified when the worker ends
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
        """Yield `function(*arguments)` for all arguments, in order.

        Only one map may run at a time, and it must be exhausted.

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
    """Return the context in which workers start: a fork server if there is one, else "spawn".

    Importing torch and torch-geometric takes seconds, so the server imports them once, with all
    that lies beside the main module. It computes nothing, so forking it is safe; forking this
    process, with its threads and its GPU, is not.
    """
    methods = multiprocessing.get_all_start_methods()
    if multiprocessing.get_start_method() not in methods:
        # In a process of joblib the method is "loky", which is passed to a child that lacks it.
        multiprocessing.set_start_method("spawn", force=True)
    if "forkserver" not in methods:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    main = getattr(sys.modules["__main__"], "__spec__", None)  # of a command: children run it
    beside = f"{main.parent}." if main and main.parent else None
    imported = [name for name in sys.modules if beside and name.startswith(beside)]
    # The main module itself is left out: Python warns of a module that is imported and then run.
    preloaded = [name for name in imported if name != main.name] if main else []
    context.set_forkserver_preload(["data_gen.cell", *preloaded])
    return context


def _send(connection: Connection, calls: "SimpleQueue[bytes | None]") -> None:
    """Send calls to a worker from a thread, so that the reader of its results never blocks."""
    with suppress(OSError):  # the worker has ended; the reader of its results gets an error
        while (call := calls.get()) is not None:
            connection.send_bytes(call)


def _result(connection: Connection) -> Any:  # noqa: ANN401
    """Return the result of a call, or raise the exception that it raised."""
    try:
        result, error = connection.recv()
    except (EOFError, OSError) as lost:
        raise LostWorkerError from lost
    if error is not None:
        raise error
    return result


def _work(connection: Connection) -> None:
    """Run the received calls in one thread; ignore Ctrl-C; end when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    end_with_parent()
    with suppress(EOFError, OSError):  # the parent has ended
        while True:
            function, args = connection.recv()
            answer: tuple[Any, Exception | None]
            try:
                answer = function(*args), None
            except Exception as error:
                error.add_note(traceback.format_exc())  # the traceback is lost in pickling
                answer = None, error
            connection.send(answer)


def end_with_parent() -> None:
    """End this process within a second of its parent's end, even if SIGKILL ended the parent."""
    parent = multiprocessing.parent_process()
    # os.getppid() is only the fallback: if the parent has already ended it is another process.
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
    """Return tqdm's `disable`: True in a child process; None (hidden without a terminal) else."""
    return True if multiprocessing.parent_process() is not None else None
