"""The provenance of a row: the commit of the code, and the versions of its dependencies."""

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
    """Return the commit of the code, with a + if files differ from it; "unknown" outside git.

    Code without a repository of its own may lie inside a repository of something else.

    Raises:
        OSError: git cannot be started for want of memory or file handles.
    """
    if not (ROOT / ".git").exists():
        return "unknown"
    try:
        text = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    except (FileNotFoundError, PermissionError, subprocess.CalledProcessError):
        return "unknown"
    return text.strip()
