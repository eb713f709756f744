import importlib
import sys

import pytest


@pytest.fixture
def in_process(monkeypatch):
    """Start a command in this process; gives what it exits with: a code and a line of text."""

    def start(module, *overrides):
        monkeypatch.setattr(sys, "argv", [f"experiments/{module}.py", *overrides])
        code = importlib.import_module(f"experiments.{module}")
        function = {"train": "train", "evaluate": "evaluate_runs"}[module]
        with pytest.raises(SystemExit) as raised:
            importlib.import_module("experiments.cli").start(module, getattr(code, function))
        return 1, str(raised.value.code)

    return start
