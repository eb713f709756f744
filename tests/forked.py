"""Commands of the project in forked processes, which need not import torch again.

Importing torch and torch-geometric takes longer than most trainings of the tests. Everything else
is as with `python -m`: arguments, environment, signals, exit code and output.
"""

import atexit
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading

from tests.processes import LAST_RESORT, ROOT

SERVER = multiprocessing.get_context("forkserver")
IMPORTED = ["experiments.train", "experiments.search", "tests.forked"]


class Forked:
    """A forked `python -m module words` with the interface of `subprocess.Popen`."""

    def __init__(self, module, *words, env=None):
        SERVER.set_forkserver_preload(IMPORTED)
        self._said = tempfile.NamedTemporaryFile("r")  # noqa: SIM115  (closed with the object)
        job = module, words, dict(os.environ if env is None else env), self._said.name
        self._process = SERVER.Process(target=_become, args=job, daemon=True)
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self):
        """The exit code; None while the process runs."""
        return self._process.exitcode

    def poll(self):
        return self.returncode

    def send_signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def wait(self, timeout=LAST_RESORT):
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return self.returncode

    def communicate(self, timeout=LAST_RESORT):
        """Wait for the process; return None for stdout, and its stderr."""
        self.wait(timeout)
        return None, self._said.read()


def _become(module, words, env, said):
    """Turn this process into the command."""
    # The command is not a worker of the test process, and may have workers itself.
    multiprocessing.process._parent_process = None
    multiprocessing.current_process().daemon = False
    for number in (1, 2):
        os.dup2(os.open(said, os.O_WRONLY | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    sys.argv[1:] = words
    sys.path[0] = str(ROOT)
    sys.modules.pop(module, None)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:  # as an interpreter ends
        threading._shutdown()
        atexit._run_exitfuncs()
