import logging
import os
import shutil
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch_geometric.data import Batch, Data

from data_gen import dataset
from data_gen.cell import Cell, SizeError
from data_gen.dataset import DataSet, make
from data_gen.graphs.distributions.erdos_renyi import ErdosRenyi
from data_gen.packed import Packed
from data_gen.paths.tasks.shortest_path import ShortestPath
from data_gen.seeding import instance_generator
from data_gen.workers import LostWorkerError, WorkerPool
from tests.processes import no_superuser, run


def data_set(folder, count=20, sizes=(8, 9)):
    return DataSet(Cell(ShortestPath(), ErdosRenyi(), sizes, "test", 1), count, folder)


def test_a_batch_is_the_batch_that_pyg_makes(tmp_path):
    packed = data_set(tmp_path).load()
    indices = [3, 17, 3, 0]
    graphs = [packed.batch([i])[0] for i in indices]
    ours, theirs = packed.batch(indices), Batch.from_data_list(graphs)
    assert set(ours.keys()) == set(theirs.keys())
    for name in theirs.keys():  # noqa: SIM118
        assert torch.equal(ours[name], theirs[name]), name
    assert ours.num_graphs == theirs.num_graphs == 4
    for graph, expected in zip(ours.to_data_list(), graphs, strict=True):
        assert torch.equal(graph.edge_index, expected.edge_index)
        assert torch.equal(graph.edge_attr, expected.edge_attr)


def test_packing_sorts_edges_by_receiver_and_keeps_their_fields(tmp_path):
    del tmp_path
    cell = Cell(ShortestPath(), ErdosRenyi(), (12,), "test")
    (graph,) = cell.instances(0, 1)
    packed = Packed.pack([graph]).batch([0])
    receivers = packed.edge_index[1]
    assert (receivers[1:] >= receivers[:-1]).all()
    rows = {
        tuple(e): a
        for e, a in zip(graph.edge_index.t().tolist(), graph.edge_attr.tolist(), strict=True)
    }
    for edge, attribute in zip(
        packed.edge_index.t().tolist(), packed.edge_attr.tolist(), strict=True
    ):
        assert rows[tuple(edge)] == attribute


def test_a_field_with_too_few_rows_is_refused():
    graph = Data(
        x=torch.ones(3, 1), edge_index=torch.tensor([[0], [1]]), edge_attr=torch.ones(2, 1)
    )
    with pytest.raises(
        ValueError, match="field edge_attr must have 1 rows, one for each edge, got 2"
    ):
        Packed.pack([graph])


def test_the_number_of_workers_and_the_block_change_no_byte(tmp_path, monkeypatch):
    alone = data_set(tmp_path / "alone")
    make([alone], num_workers=1)
    monkeypatch.setattr(dataset, "WORTH_WORKERS", 0)
    monkeypatch.setattr(dataset, "BLOCK", 7)
    shared = data_set(tmp_path / "shared")
    make([shared], num_workers=2)
    assert alone.path.name == shared.path.name
    assert alone.path.read_bytes() == shared.path.read_bytes()


def test_the_first_instances_do_not_depend_on_how_many_there_are(tmp_path):
    few, many = data_set(tmp_path, 5).load(), data_set(tmp_path, 30).load()
    for index in range(5):
        assert torch.equal(few.batch([index]).x, many.batch([index]).x)


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "foreign"])
def test_a_damaged_file_is_made_again_with_one_line_of_warning(tmp_path, caplog, damage):
    original = data_set(tmp_path)
    before = {name: value.clone() for name, value in original.load().tensors().items()}
    content = original.path.read_bytes()
    damaged = {
        "flipped": content[:-5] + bytes([content[-5] ^ 1]) + content[-4:],
        "cut": content[: len(content) // 2],
        "empty": b"",
        "foreign": b"not a data set",
    }[damage]
    original.path.write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        after = original.load()
    assert all(torch.equal(value, before[name]) for name, value in after.tensors().items())
    assert original.path.read_bytes() == content
    assert any(str(original.path) in record.message for record in caplog.records)
    assert all("\n" not in record.message for record in caplog.records)


def test_a_file_of_another_data_set_is_not_taken_for_this_one(tmp_path, caplog):
    wanted, other = data_set(tmp_path, sizes=(8,)), data_set(tmp_path, sizes=(9,))
    before, content = wanted.load(), wanted.path.read_bytes()
    other.load()
    wanted.path.unlink()
    shutil.copyfile(other.path, wanted.path)
    assert torch.equal(wanted.load().node_ptr, before.node_ptr)
    assert "the file holds another data set; generating it again" in caplog.text
    assert wanted.path.read_bytes() == content


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors | {"x": tensors["x"].view(torch.int32)},  # the same bytes
        lambda tensors: tensors | {"node_ptr": tensors["node_ptr"].view(1, -1)},
    ],
)
def test_the_checksum_covers_kinds_and_shapes(tmp_path, change, caplog):
    wanted = data_set(tmp_path)
    before = wanted.load().tensors()
    with safe_open(wanted.path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    tensors["x"] = tensors["x"].float()
    wanted.path.unlink()
    save_file(change(tensors), wanted.path, metadata=metadata)
    assert all(torch.equal(value, before[name]) for name, value in wanted.load().tensors().items())
    assert "the data set has another checksum than when written" in caplog.text


def test_what_a_killed_writer_left_is_removed(tmp_path):
    wanted = data_set(tmp_path)
    leftover = tmp_path / f".{wanted.path.name}.tmp123"
    leftover.mkdir()
    (leftover / "half").write_bytes(b"half")
    wanted.load()
    assert not leftover.exists()


def test_what_a_writer_left_that_was_killed_after_its_rename_is_removed(tmp_path):
    make([data_set(tmp_path)], 1)
    left = tmp_path / f".{data_set(tmp_path).path.name}.tmp0"
    left.mkdir()
    make([data_set(tmp_path)], 1)
    assert not left.exists()


def test_a_data_set_that_may_not_be_read_is_an_error_and_is_not_made_again():
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        wanted = data_set(Path(folder))
        wanted.load()
        before = wanted.path.read_bytes()
        wanted.path.chmod(0)
        with no_superuser(), pytest.raises(PermissionError) as raised:
            wanted.load()
        assert raised.value.filename == str(wanted.path)
        wanted.path.chmod(0o600)
        assert wanted.path.read_bytes() == before


def test_many_who_ask_at_once_make_it_once(tmp_path, monkeypatch):
    written = []
    write = DataSet._write
    monkeypatch.setattr(DataSet, "_write", lambda *args: (written.append(1), write(*args)))
    wanted = data_set(tmp_path)
    threads = [threading.Thread(target=make, args=([wanted], 1)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written) == 1
    assert len(wanted.load()) == 20


@pytest.mark.parametrize(
    ("sizes", "message"),
    [((), "at least one size"), ((0,), "got 0$"), ((1,), "got 1$"), ((8.5,), "got 8.5$")],
)
def test_a_size_that_cannot_be_is_an_error_before_any_work(sizes, message):
    with pytest.raises(SizeError, match=message):
        Cell(ShortestPath(), ErdosRenyi(), sizes, "test")


def test_a_generator_depends_on_its_three_arguments_alone():
    def draw(*arguments):
        return instance_generator(*arguments).integers(2**60)

    assert draw(1, "cell", 2) == draw(1, "cell", 2)
    assert (
        len({draw(1, "cell", 2), draw(2, "cell", 2), draw(1, "Cell", 2), draw(1, "cell", 3)}) == 4
    )


def test_workers_end_when_their_parent_is_killed():
    script = """
import multiprocessing, os, signal, sys
from data_gen.workers import WorkerPool
if __name__ == "__main__":
    with WorkerPool(1 + 1) as pool:
        print(next(pool.map(os.getpid, [(), ()])), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""
    done = run([sys.executable, "-c", script])
    # the workers share stdout, so it is closed only when all of them have ended
    assert int(done.stdout.split()[0]) > 0


def test_an_error_in_a_worker_is_raised_here_and_a_lost_worker_is_one():
    with WorkerPool(2) as pool:
        with pytest.raises(ValueError, match="'x'") as raised:
            list(pool.map(int, [("1",), ("x",)]))
        assert "Traceback" in raised.value.__notes__[0]
        with pytest.raises(LostWorkerError, match="memory"):
            list(pool.map(os._exit, [(1,)]))


def test_large_calls_and_large_results_do_not_wait_for_each_other():
    large = bytes(3_000_000)  # larger than the buffer of a pipe
    with WorkerPool(2) as pool:
        for part in pool.map(bytes.upper, [(large,)] * 12):
            assert len(part) == len(large)


def absolute_in_workers(values):
    with WorkerPool(2) as pool:
        return list(pool.map(abs, [(value,) for value in values]))


@pytest.mark.slow
def test_workers_start_inside_the_processes_of_a_sweep():
    jobs = [joblib.delayed(absolute_in_workers)([-k, k - 3]) for k in range(2)]
    assert joblib.Parallel(n_jobs=2)(jobs) == [[0, 3], [1, 2]]
