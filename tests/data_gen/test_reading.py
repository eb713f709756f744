"""Only regular files inside their folder are read, and only as they were written."""

import os
import subprocess
import tracemalloc

import pytest

from data_gen.patterns import visible
from data_gen.reading import (
    SUMS,
    RefusedFileError,
    add_sums,
    check_links,
    read_bytes,
    read_checked,
    sums_of,
)


@pytest.fixture
def home(tmp_path):
    """A folder with a file, beside a secret that is not in it."""
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "home"
    (folder / "below").mkdir(parents=True)
    (folder / "file").write_text("mine")
    return folder


def link_to_a_file(home):
    (home / "bad").symlink_to(home.parent / "secret")


def link_to_a_folder(home):
    (home / "below").rmdir()
    (home / "below").symlink_to(home.parent)
    return home / "below" / "secret"


def circle_of_links(home):
    (home / "bad").symlink_to(home / "other")
    (home / "other").symlink_to(home / "bad")


def pipe(home):
    os.mkfifo(home / "bad")


def device(home):
    (home / "bad").symlink_to("/dev/zero")


def large(home):
    with (home / "bad").open("wb") as file:
        file.truncate(2**40)  # has no blocks on the disk


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (link_to_a_file, "must not be a link that leaves"),
        (link_to_a_folder, "must not be a link that leaves"),
        (circle_of_links, "must not be a link that leaves"),
        (device, "must not be a link that leaves"),
        (pipe, "must be a regular file, got a pipe"),
        (large, "must have at most 1000 bytes, got more"),
    ],
)
def test_what_is_no_file_of_the_folder_is_not_read(home, make, reason):
    path = make(home) or home / "bad"
    with pytest.raises(RefusedFileError) as raised:
        read_bytes(path, home, most=1000)
    assert raised.value.filename == str(path)
    assert raised.value.strerror.startswith(reason)


@pytest.mark.parametrize("make", [link_to_a_file, link_to_a_folder, circle_of_links, device, pipe])
def test_a_folder_with_a_way_out_is_refused_before_anything_is_written(home, make):
    check_links(home)
    make(home)
    with pytest.raises(RefusedFileError):
        check_links(home)


@pytest.mark.parametrize("make", [link_to_a_file, circle_of_links])
def test_no_list_of_files_has_a_link_that_leaves_the_folder(home, make):
    assert visible(home, "*")
    make(home)
    with pytest.raises(RefusedFileError):
        visible(home, "*")


def test_links_within_a_folder_and_to_the_folder_are_followed(home, tmp_path):
    (home / "other").symlink_to("file")
    (tmp_path / "there").symlink_to(home)
    for path in (home / "other", tmp_path / "there" / "other"):
        assert read_bytes(path) == b"mine"
    check_links(tmp_path / "there")
    assert len(visible(tmp_path / "there", "*")) == 3


def test_a_file_is_read_as_it_was_written_or_not_at_all(home):
    (home / "below" / "other").write_text("other")
    add_sums(home, [home / "file", home / "below" / "other"])
    before = (home / SUMS).read_bytes()
    assert read_checked(home / "file") == b"mine"
    assert read_checked(home / "below" / "other", home) == b"other"
    for path in (home / "file", home / "below" / "other"):
        content = bytearray(path.read_bytes())
        content[1] ^= 1
        path.write_bytes(content)
        with pytest.raises(RefusedFileError, match="is damaged or was changed"):
            read_checked(path, home)
    add_sums(home, [home / "file"])  # it was written again
    assert read_checked(home / "file") == b"mhne"
    assert (home / SUMS).read_bytes() != before


def test_a_damaged_list_is_refused(home):
    add_sums(home, [home / "file"])
    assert subprocess.run(["sha256sum", "-c", SUMS], cwd=home, check=False).returncode == 0
    (home / SUMS).write_bytes(b"0" * 40)
    with pytest.raises(RefusedFileError, match="is not a list of SHA-256 sums"):
        read_checked(home / "file")


def test_a_folder_without_a_list_is_read(home):
    assert sums_of(home) == {}
    assert read_checked(home / "file") == b"mine"


def test_a_small_file_takes_little_memory(tmp_path):
    path = tmp_path / "small"
    path.write_bytes(b"abc")
    tracemalloc.start()
    try:
        assert read_bytes(path) == b"abc"
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()
