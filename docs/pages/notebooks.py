"""Execute the notebooks in fresh kernels and save their outputs.

python -m docs.pages.notebooks          # all of docs/notebooks
python -m docs.pages.notebooks physics  # one of them
"""

import os
import sys
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from data_gen.files import write_atomically
from experiments.settings.places import ROOT

FOLDER = ROOT / "docs" / "notebooks"
SLOWEST_START = 600  # seconds
SETTINGS = {
    "PYTHONPATH": str(ROOT),
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONWARNINGS": "ignore:IProgress not found",  # by tqdm, where ipywidgets are not installed
}


def notebooks() -> list[Path]:
    """Return the paths of all notebooks."""
    return sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    """Read and validate a notebook."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Return a copy with the outputs of a fresh kernel that works in a folder.

    The copy keeps neither times nor the version of Python, so that only outputs can change.

    Raises:
        CellExecutionError: a cell raises an exception.
    """
    copy = deepcopy(notebook)
    metadata = deepcopy(copy.metadata)
    client = NotebookClient(
        copy,
        extra_arguments=["--log-level=ERROR"],  # a warning says that local sockets are unencrypted
        startup_timeout=SLOWEST_START,
        timeout=None,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env={**os.environ, **SETTINGS, "IPYTHONDIR": str(folder / ".ipython")})
    copy.metadata = metadata
    return copy


def main() -> None:
    """Execute the notebooks that the command line names, or all."""
    names = sys.argv[1:]
    for path in [FOLDER / f"{name}.ipynb" for name in names] or notebooks():
        with TemporaryDirectory() as folder:
            notebook = executed(read(path), Path(folder))
        write_atomically(path, lambda file, notebook=notebook: nbformat.write(notebook, file))


if __name__ == "__main__":
    main()
