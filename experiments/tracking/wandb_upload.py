"""Upload an offline run while it is written, in a process that outlives its training for a while.

`Upload` starts the process, whose output is in `<run>/logs/upload.log`. An unreachable server does
not affect the training: the run stays on disk, and `wandb sync` uploads it later.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from experiments.settings.places import ROOT

# Variables of the training: its connection, which ends with it, and a mode that is set aside.
LEFT_OUT = ("WANDB_SERVICE", "WANDB_MODE")
GRACE_SECONDS = 600.0  # for the rest of the upload after the training has ended


class Upload:
    """The process that uploads one offline run; it ends some time after its input is closed."""

    def __init__(self, run: Path) -> None:
        env = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
        with (run / "logs" / "upload.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(run.absolute())],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log,
                start_new_session=True, env=env,
            )  # fmt: skip

    def end(self) -> None:
        """Close the process's input; it then ends by itself, also after a killed training."""
        assert self._process.stdin is not None
        self._process.stdin.close()


def upload(run: Path, grace_seconds: float = GRACE_SECONDS) -> None:
    """Sync an offline run until it is complete, or until a while after its writer has ended."""
    command = [sys.executable, "-m", "wandb", "beta", "sync", "--live", "--yes", str(run)]
    sync = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    sys.stdin.read()  # returns when the writer closes it or is killed
    limit = time.monotonic() + grace_seconds
    while sync.poll() is None and time.monotonic() < limit and run.exists():
        time.sleep(0.5)
    if sync.poll() is None:  # the server is unreachable, or a later start replaced the run
        sync.kill()
    if sync.wait():
        sys.stderr.write(f"not uploaded: `wandb sync {run}` uploads it\n")


if __name__ == "__main__":
    upload(Path(sys.argv[1]))
