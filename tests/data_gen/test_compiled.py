"""Compiled code finds a place where the sources are read-only and there is no home."""

import os
import tempfile
from pathlib import Path

import pytest

from data_gen.bodies.dynamics.compiled import place_of_compiled_code
from experiments.settings.errors import UserError
from experiments.settings.trusted import trusted

NOWHERE = Path("/proc/nope")  # cannot be made, not even by root


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Make a folder for temporary files, and a home in which nothing can be written."""
    monkeypatch.setenv("HOME", str(NOWHERE))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_beside_the_sources_is_first_and_the_users_cache_next(places, monkeypatch):
    assert place_of_compiled_code("", places / "beside") == places / "beside"
    monkeypatch.setenv("HOME", str(places))
    assert place_of_compiled_code("", NOWHERE) == places / ".cache" / "finite_means"
    monkeypatch.setenv("XDG_CACHE_HOME", str(places / "cache"))
    assert place_of_compiled_code("", NOWHERE) == places / "cache" / "finite_means"


def test_without_a_home_it_is_a_folder_of_the_users_own(places):
    for _ in range(2):  # made, then found
        own = place_of_compiled_code("", NOWHERE)
        assert own == places / f"finite_means-{os.geteuid()}"
        assert own.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("trap", ["link", "open"])
def test_compiled_code_is_not_taken_from_a_folder_that_others_can_write_to(places, trap):
    own = places / f"finite_means-{os.geteuid()}"
    if trap == "link":
        (places / "of_a_stranger").mkdir()
        own.symlink_to(places / "of_a_stranger")
    else:
        own.mkdir()
        own.chmod(0o777)
    with pytest.raises(OSError, match=r"^NUMBA_CACHE_DIR must be a folder that can be written to"):
        place_of_compiled_code("", NOWHERE)


def test_a_given_folder_is_taken_or_refused(places):
    assert place_of_compiled_code(str(places / "given"), places) == places / "given"
    with pytest.raises(OSError, match=r"^NUMBA_CACHE_DIR must be .*, got '/proc/nope' \(No such"):
        place_of_compiled_code(str(NOWHERE), places)


def test_a_module_without_a_place_is_not_called_a_wrong_name(tmp_path, monkeypatch):
    (tmp_path / "placeless.py").write_text("raise OSError('NUMBA_CACHE_DIR must be a folder')")
    monkeypatch.setattr("gn.__path__", [str(tmp_path)])
    with pytest.raises(UserError, match=r"^NUMBA_CACHE_DIR must be a folder$"):
        trusted("gn.placeless.Model", "model._target_")
