"""Upload an offline run while it is written, in a process that outlives its training for a while.

Started by `Upload`; what it says is in `<run>/logs/upload.log`. A server that is away costs the
training nothing: what is not uploaded is on disk, and `wandb sync` sends it.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from experiments.settings.places import ROOT

GRACE_SECONDS = 600.0  # for what is left when the training has ended


class Upload:
    """The process that uploads one offline run; it is told of the end by the end of its input."""

    def __init__(self, run: Path) -> None:
        # Not through the training's own connection, which ends with it:
        env = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
        with (run / "logs" / "upload.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(run.absolute())],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log,
                start_new_session=True, env=env,
            )  # fmt: skip

    def end(self) -> None:
        """Tell that nothing more is written; it ends by itself. A killed training tells as well."""
        assert self._process.stdin is not None
        self._process.stdin.close()


def upload(run: Path, grace_seconds: float = GRACE_SECONDS) -> None:
    """Sync an offline run until it is whole, or until its writer has been gone for a while."""
    command = [sys.executable, "-m", "wandb", "beta", "sync", "--live", "--yes", str(run)]
    sync = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    sys.stdin.read()  # until the writer closes it, or is killed
    limit = time.monotonic() + grace_seconds
    while sync.poll() is None and time.monotonic() < limit and run.exists():
        time.sleep(0.5)
    if sync.poll() is None:  # the server is away, or a later start has replaced the run
        sync.kill()
    if sync.wait():
        sys.stderr.write(f"not uploaded: `wandb sync {run}` does that\n")


if __name__ == "__main__":
    upload(Path(sys.argv[1]))
