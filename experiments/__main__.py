"""The commands of the suite: python -m experiments."""

import ast
from pathlib import Path

from data_gen.patterns import visible


def commands() -> dict[str, str]:
    """Return the commands, the files of this folder, with the first line of their docstrings."""
    files = [p for p in visible(Path(__file__).parent, "*.py") if not p.stem.startswith("_")]
    docs = {path.stem: ast.get_docstring(ast.parse(path.read_text())) or "" for path in files}
    return {name: doc.partition("\n")[0] for name, doc in docs.items()}


if __name__ == "__main__":
    for name, doc in commands().items():
        print(f"python -m experiments.{name:<10} {doc}")  # noqa: T201  (what the command is for)
