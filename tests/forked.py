"""Commands of the project in processes of their own, each a fork of one that has imported all.

To import torch and torch-geometric takes longer than most trainings of the tests. All else is as
where `python -m` starts one: arguments, environment, signals, exit code, what is said.
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
    """`python -m module words`; like `subprocess.Popen`."""

    def __init__(self, module, *words, env=None):
        SERVER.set_forkserver_preload(IMPORTED)
        self._said = tempfile.NamedTemporaryFile("r")  # noqa: SIM115  (closed with the object)
        job = module, words, dict(os.environ if env is None else env), self._said.name
        self._process = SERVER.Process(target=_become, args=job, daemon=True)
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self):
        """None while it lives."""
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
        """As of a process whose stderr is read: nothing, and what it said."""
        self.wait(timeout)
        return None, self._said.read()


def _become(module, words, env, said):
    """Be that command."""
    # It is no worker of the tests' process, and may have workers.
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
