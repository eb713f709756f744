"""A Slurm cluster of one node for the time of a test: real daemons in a temporary folder."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager

from tests.processes import LAST_RESORT

CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
JobRequeue=1
KillWait=1
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def is_installed():
    """Return whether Debian's slurmctld, slurmd, slurm-client and munge can be started."""
    programs = ("slurmctld", "slurmd", "munged", "sbatch")
    return os.geteuid() == 0 and all(shutil.which(name) for name in programs)


@contextmanager
def cluster(folder):
    """Run a cluster; yield the environment in which `sbatch` finds it."""
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    (folder / "key").write_bytes(os.urandom(128))
    (folder / "key").chmod(0o400)
    ports = [_free_port(), _free_port()]
    conf = folder / "slurm.conf"
    conf.write_text(CONF.format(host=socket.gethostname().partition(".")[0], folder=folder,
                                ports=ports))  # fmt: skip
    env = {**os.environ, "SLURM_CONF": str(conf)}
    files = {name: folder / f"munge.{name}" for name in ("socket", "seed", "pid", "log")}
    munge = [f"--{name}{'' if name == 'socket' else '-file'}={p}" for name, p in files.items()]
    daemons = [
        ["munged", "--foreground", "--force", f"--key-file={folder / 'key'}", *munge],
        ["slurmctld", "-D"],
        ["slurmd", "-D"],
    ]
    with ExitStack() as stack:
        for words in daemons:
            log = stack.enter_context((folder / f"{words[0]}.log").open("w"))
            process = subprocess.Popen(words, env=env, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            time.sleep(0.5)
        _wait_for_node(env, folder)
        yield {"SLURM_CONF": str(conf)}


def _wait_for_node(env, folder):
    limit = time.monotonic() + LAST_RESORT
    words = ["sinfo", "--noheader", "--format=%T"]
    while (
        answer := subprocess.run(words, env=env, capture_output=True, text=True)
    ).stdout.strip() != "idle":
        logs = "\n".join(path.read_text()[-2000:] for path in folder.glob("*.log"))
        assert time.monotonic() < limit, f"{answer}\n{logs}"
        time.sleep(0.3)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
