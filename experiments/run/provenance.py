"""What made a row of a table: the commit of the code, the versions of what it stands on."""

import platform
import subprocess

import torch
import torch_geometric

from experiments.settings.places import ROOT

VERSIONS = " ".join(
    (
        f"python-{platform.python_version()}",
        f"torch-{torch.__version__}",
        f"pyg-{torch_geometric.__version__}",
    )
)


def commit() -> str:
    """The commit of the code, with a + if files differ from it; "unknown" outside git.

    The code may lie, without a repository of its own, inside a repository of something else.
    """
    if not (ROOT / ".git").exists():
        return "unknown"
    try:
        text = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return text.strip()
