"""A folder is replaced at once; what killed writers left is swept by the next one."""

import ctypes
import multiprocessing
import os
import threading

import pytest

from data_gen import replaced as module
from data_gen.files import write_atomically
from data_gen.reading import RefusedFileError
from data_gen.replaced import added_to, replaced
from data_gen.temporary import temporary_folder
from tests.processes import no_superuser

fork = multiprocessing.get_context("fork")


@pytest.fixture
def folder(tmp_path):
    """A folder with two files that belong together."""
    folder = tmp_path / "study"
    folder.mkdir()
    for name in "ab":
        (folder / name).write_text("0")
    return folder


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def visible_names(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


@pytest.mark.parametrize("can_exchange", [True, False])
def test_all_files_of_a_folder_change_together(folder, can_exchange, monkeypatch):
    if not can_exchange:
        monkeypatch.setattr(module, "_exchange", lambda *_: False)
    with replaced(folder) as new:
        assert new.name == folder.name
        assert contents(new) == {"a": "0", "b": "0"}
        (new / "a").write_text("1")
        assert contents(folder) == {"a": "0", "b": "0"}
        (new / "b").unlink()
    assert contents(folder) == {"a": "1"}
    assert visible_names(folder.parent) == ["study"]


def test_a_folder_that_may_not_be_written_to_leaves_no_copy(folder):
    inner = folder / "inner"
    inner.mkdir()
    (inner / "c").write_text("0")
    folder.parent.chmod(0o777)
    for path in (folder, inner):
        path.chmod(0o777)
    inner.chmod(0o555)

    def fails():
        with no_superuser(), replaced(folder) as new:
            (new / "inner" / "c").unlink()

    if os.geteuid() == 0:
        os.chown(inner, 65534, 65534)
        for parent in folder.parents[:3]:
            parent.chmod(parent.stat().st_mode | 0o755)
    with pytest.raises(PermissionError):
        fails()
    assert visible_names(folder.parent) == ["study"]


def test_the_system_can_exchange_two_folders(folder):
    assert hasattr(ctypes.CDLL(None), "renameat2")
    other = folder.with_name("other")
    other.mkdir()
    assert module._exchange(other, folder)
    assert contents(folder) == {}


def test_after_an_error_the_folder_is_as_before(folder):
    def fail():
        with replaced(folder) as new:
            (new / "a").write_text("1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert contents(folder) == {"a": "0", "b": "0"}
    assert visible_names(folder.parent) == ["study"]


def test_a_folder_that_is_not_there_is_made(tmp_path):
    with replaced(tmp_path / "results" / "study") as new:
        (new / "a").write_text("1")
    assert contents(tmp_path / "results" / "study") == {"a": "1"}


def test_a_folder_with_a_way_out_is_not_copied(folder):
    (folder / "out").symlink_to("/etc/passwd")
    with pytest.raises(RefusedFileError), replaced(folder):
        pass


def add_one(folder):
    with replaced(folder) as new:
        for name in "ab":
            (new / name).write_text(str(int((new / name).read_text()) + 1))


def test_those_who_replace_it_at_once_wait_for_one_another(folder):
    threads = [threading.Thread(target=add_one, args=(folder,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert contents(folder) == {"a": "8", "b": "8"}


def killed(function, *arguments):
    """Run a function in a process of its own, in which it kills itself."""
    process = fork.Process(target=function, args=arguments)
    process.start()
    process.join()
    assert process.exitcode == -9


def die(*_):
    os.kill(os.getpid(), 9)


def die_between_two_steps(folder):
    module._exchange = lambda *_: False
    with replaced(folder) as new:
        (new / "a").write_text("1")
        folder.rename(new.parent / module.OLD)
        die()


def test_a_folder_whose_writer_was_killed_between_two_steps_is_put_back(folder):
    killed(die_between_two_steps, folder)
    assert not folder.exists()
    add_one(folder)
    assert contents(folder) == {"a": "1", "b": "1"}
    assert visible_names(folder.parent) == ["study"]


@pytest.mark.parametrize("again", ["same", "another"])
def test_what_a_killed_writer_left_is_swept_by_the_next_one_in_the_folder(tmp_path, again):
    killed(write_atomically, tmp_path / "same", die)
    assert len(visible_names(tmp_path)) == 1
    with temporary_folder(tmp_path / "held") as held:
        write_atomically(tmp_path / again, lambda path: path.write_text("whole"))
        assert visible_names(tmp_path) == sorted([again, held.name])
    assert visible_names(tmp_path) == [again]


def test_files_are_added_to_a_folder_all_or_none(tmp_path, folder):
    def add():
        with added_to(folder) as new:
            for name in "abc":
                (new / name).write_text("0")

    (folder / "b").write_text("other")
    with pytest.raises(FileExistsError, match="is there with another content"):
        add()
    assert contents(folder) == {"a": "0", "b": "other"}
    (folder / "b").write_text("0")
    add()
    assert visible_names(tmp_path) == ["study"]
    assert contents(folder) == {"a": "0", "b": "0", "c": "0"}


def test_a_new_file_takes_the_place_of_no_other(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, lambda p: p.write_text("first"), must_be_new=True)
    with pytest.raises(FileExistsError) as raised:
        write_atomically(path, lambda p: p.write_text("second"), must_be_new=True)
    assert raised.value.filename == str(path)
    assert contents(tmp_path) == {"file": "first"}
