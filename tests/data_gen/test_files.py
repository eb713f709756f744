"""Files are written whole or not at all, on a disk that may be full, for whoever may read them."""

import errno
import os
import resource
import stat
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from data_gen.files import append, write_atomically

NUMBERS = np.random.default_rng(0).random(30_000)
WRITERS = {
    "safetensors": lambda path: save_file({"a": torch.from_numpy(NUMBERS)}, path),
    "torch": lambda path: torch.save({"a": torch.from_numpy(NUMBERS)}, path),
    "parquet": lambda path: pd.DataFrame({"a": NUMBERS}).to_parquet(path, index=False),
    "text": lambda path: path.write_text(",".join(map(str, NUMBERS))),
}


@contextmanager
def files_of_at_most(size):
    """Let no file of this process grow beyond a size, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def umask(value):
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    ("writer", "size"), [*((writer, 20_000) for writer in WRITERS), ("safetensors", 200_000)]
)
def test_a_full_disk_is_named_with_the_path_and_leaves_nothing(tmp_path, writer, size):
    path = tmp_path / "folder" / f"x.{writer}"
    with files_of_at_most(size), pytest.raises(OSError, match="File too large") as raised:
        write_atomically(path, WRITERS[writer])
    assert raised.value.errno == errno.EFBIG
    assert raised.value.filename == str(path)
    assert not list(path.parent.iterdir())


def test_a_full_disk_leaves_the_file_of_before(tmp_path):
    path = tmp_path / "x"
    write_atomically(path, lambda temporary: temporary.write_text("before"))
    with files_of_at_most(20_000), pytest.raises(OSError, match="File too large"):
        write_atomically(path, WRITERS["text"])
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("x", "before")]


def test_a_line_that_the_disk_refuses_is_an_error_with_the_path(tmp_path):
    path = tmp_path / "curve"
    with files_of_at_most(3), pytest.raises(OSError, match="File too large") as raised:
        append(path, "four")
    assert raised.value.filename == str(path)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_file_has_the_permissions_that_umask_leaves(tmp_path, writer):
    for mask, mode in ((0o022, 0o644), (0o002, 0o664), (0o077, 0o600)):
        path = tmp_path / f"{mask}"
        with umask(mask):
            write_atomically(path, WRITERS[writer])
        assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize(
    "error", [ValueError("of the writer"), OSError("a worker was lost"), KeyboardInterrupt()]
)
def test_an_error_of_the_writer_stays_what_it_is_and_leaves_nothing(tmp_path, error):
    def write(path):
        path.write_text("half")
        raise error

    with pytest.raises(type(error)) as raised:
        write_atomically(tmp_path / "x", write)
    assert raised.value is error
    assert not list(tmp_path.iterdir())


def test_an_error_with_another_path_keeps_it(tmp_path):
    missing = tmp_path / "missing"
    with pytest.raises(FileNotFoundError) as raised:
        write_atomically(tmp_path / "x", lambda path: path.write_bytes(missing.read_bytes()))
    assert raised.value.filename == str(missing)
