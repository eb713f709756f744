"""Compare one training in two processes with the same training in one process."""

import json
import os
import signal
import socket
import sys
import threading
from datetime import timedelta

import pytest
import torch
from safetensors.torch import load_file

from data_gen.cell import Cell
from data_gen.packed import Packed
from experiments.learning.learner import Update
from experiments.processes import group
from experiments.processes.group import NEEDED
from experiments.processes.world import World, only_the_first_speaks
from experiments.run.batches import CachedBatches, StreamedBatches
from experiments.run.fit import seeded
from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError
from experiments.train import train
from tests import processes
from tests.conftest import composed, study
from tests.forked import Forked
from tests.processes import ROOT, ended, wait_until

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
# SGD, since Adam makes full steps out of gradients that are only rounding errors.
SGD = ("train.optimizer._target_=torch.optim.SGD", "train.optimizer.lr=0.1")
NEXT_HOP = ("task=shortest_path_next_hop", "model=linear_messages",
            "train.num_message_passing_steps=[2,5]", "train.loss_on_last_steps=2",
            "train.batch_size=7")  # fmt: skip
NODES_AND_EDGES = ("task=shortest_path", "model=node_mlp", "train.sizes=[4,8,16]")
PAIRS = ("task=satisfiability", "model=neuro_sat", "train.num_message_passing_steps=3",
         "train.sizes=[3,4]", "transfer.sizes=[3]", "train.batch_size=10", *SGD)  # fmt: skip
DRAWN = ("task=next_step", "model=interaction_network", "task.num_frames=20",
         "task.horizons=[1,5]", "task.valid_horizon=5", "task.noise=0.01", "task.balance=0.5",
         "train.sizes=[3,4]", "transfer.sizes=[3]", "train.batch_size=9")  # fmt: skip
STREAM = (*NEXT_HOP, "data.stream=true")
BROKEN = ("train.max_grad_norm=1e30", "train.schedule.warmup_steps=0")  # at high learning rates


ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def machine(tmp_path, runs):
    return ("machine.num_workers=1", f"machine.data_dir={tmp_path / 'data'}",
            f"machine.runs_dir={tmp_path / runs}")  # fmt: skip


def start(number, tmp_path, *overrides, runs="runs"):
    words = [*overrides, *machine(tmp_path, runs)]
    if number == 1:
        return Forked("experiments.train", *words, env=ENVIRONMENT)
    command = [sys.executable, *TORCHRUN, "-m", "experiments.train", *words]
    return processes.start(command, env=ENVIRONMENT)


def trained(number, tmp_path, *overrides, runs="runs"):
    return checked([start(number, tmp_path, *overrides, runs=runs)], tmp_path, runs)


def trained_by_two(tmp_path, *overrides, runs):
    """Start two processes with the environment that torchrun sets, but without torchrun."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    told = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": port}  # fmt: skip
    both = [
        Forked("experiments.train", *overrides, *machine(tmp_path, runs),
               env={**ENVIRONMENT, **told, "RANK": rank, "LOCAL_RANK": rank})
        for rank in "01"
    ]  # fmt: skip
    return checked(both, tmp_path, runs)


def checked(started, tmp_path, runs):
    for process in started:
        code, text = ended(process)
        assert code == 0, text
        assert "Warning" not in text
        assert "terminate called" not in text
    return folder_of(tmp_path, runs)


def folder_of(tmp_path, runs="runs"):
    (folder,) = (tmp_path / runs / "default").glob("*-seed*")
    return folder


def assert_same_training(one, two):
    """Compare two trainings, up to the order in which numbers are added."""
    curves = [
        [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        for folder in (one, two)
    ]
    assert len(curves[0]) == len(curves[1]) > 1
    for line, other in zip(*curves, strict=True):
        assert line["step"] == other["step"]
        for name in ("train/loss", "val/loss"):
            assert line[name] == pytest.approx(other[name], rel=1e-5), name
    weights = [load_file(folder / "weights.safetensors") for folder in (one, two)]
    assert weights[0].keys() == weights[1].keys()
    for name, value in weights[0].items():
        torch.testing.assert_close(value, weights[1][name], rtol=1e-3, atol=2e-5)
    assert (two / "DONE").exists()
    assert not list(two.glob(".*tmp*"))


@pytest.mark.parametrize(
    "overrides",
    [
        NEXT_HOP,
        *(pytest.param(o, marks=pytest.mark.slow) for o in (DRAWN, NODES_AND_EDGES, PAIRS, STREAM)),
    ],
    ids=["next_hop", "drawn", "nodes_and_edges", "pairs", "stream"],
)  # fmt: skip
def test_two_processes_train_as_one_does(tmp_path, tiny, overrides):
    train(composed(*tiny, *overrides, *machine(tmp_path, "one")))
    two = trained_by_two(tmp_path, *tiny, *overrides, runs="two")
    assert_same_training(folder_of(tmp_path, "one"), two)


@pytest.mark.slow
def test_torchrun_trains_as_one_process_does(tmp_path, tiny):
    one, two = (trained(n, tmp_path, *tiny, *NEXT_HOP, runs=f"{n}") for n in (1, 2))
    assert_same_training(one, two)


# A linear model: with other models, rounding errors grow over many updates.
LONG = ("task=shortest_path_next_hop", "model=linear", "train.num_steps=1500", "val.every=250",
        "machine.save_every=100", "train.ema_decay=0.9", *SGD)  # fmt: skip


def stopped(number, tmp_path, *overrides, runs):
    """Stop a training by SIGTERM in the middle of its updates (to torchrun for several)."""
    process = start(number, tmp_path, *overrides, runs=runs)
    wait_until(lambda: list((tmp_path / runs).glob("default/*/state/*.pt")), process)
    process.send_signal(signal.SIGTERM)
    code, text = ended(process)
    assert code != 0
    assert text.count("the same command resumes it") == 1
    state = RunFolder(folder_of(tmp_path, runs)).load_state()
    assert state is not None
    assert 0 < state["step"] < 1500
    assert state["step"] % 100, "saved when it was told to stop"


@pytest.mark.slow
def test_a_run_is_begun_and_continued_by_any_number_of_processes(tmp_path, tiny):
    overrides = (*tiny, *LONG)
    whole = {number: trained(number, tmp_path, *overrides, runs=f"{number}") for number in (1, 2)}
    assert_same_training(whole[1], whole[2])
    for first, second in ((2, 2), (1, 2), (2, 1)):
        runs = f"{first}_then_{second}"
        stopped(first, tmp_path, *overrides, runs=runs)
        done = trained(second, tmp_path, *overrides, runs=runs)
        assert_same_training(whole[1], done)
        if first == second:
            for name in ("metrics.jsonl", "weights.safetensors"):
                assert (done / name).read_bytes() == (whole[2] / name).read_bytes()


@pytest.mark.slow
def test_what_is_wrong_ends_all_processes_with_one_line(tmp_path, tiny):
    def line_of(*overrides):
        code, text = ended(start(2, tmp_path, *tiny, *overrides))
        assert code == 1
        (line,) = [line for line in text.splitlines() if line.startswith("error: ")]
        return line

    assert "train.batch_size must be at least 4 for 2 processes" in line_of(
        *PAIRS, "train.batch_size=3"
    )
    assert "model.max_num_nodes must be at least" in line_of(
        "model=padded_mlp", "model.max_num_nodes=4"
    )
    nan = ("train.optimizer.lr=1e30", *BROKEN)
    assert "training instances [" in line_of(*nan)
    folder = RunFolder(folder_of(tmp_path))
    with folder.locked():
        assert "another process is working on this run" in line_of(*nan)


@pytest.mark.slow
def test_a_sweep_trains_in_one_process_group_after_another(tmp_path, tiny):
    sweep = ("-m", "seed=0,1", "train.optimizer.lr=1e-3,1e30", *BROKEN)
    code, text = ended(start(2, tmp_path, *sweep, *tiny))
    assert code == 1
    assert "4 jobs: 2 done, 0 skipped, 2 failed" in text
    assert text.count("loss is") == 2  # in the table of the first process
    assert len(list((tmp_path / "runs" / "default").glob("*/DONE"))) == 2


@pytest.mark.slow
def test_two_tasks_of_a_submitit_job_train_as_one_process_does(tmp_path, tiny):
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    one = trained(1, tmp_path, *tiny, *NEXT_HOP, runs="one")
    launcher = ("hydra/launcher=isolated", "hydra.launcher.tasks_per_node=2")
    two = trained(1, tmp_path, "-m", *tiny, *NEXT_HOP, *launcher, runs="two")
    assert_same_training(one, two)


ONE_FAILS = """
import sys, torch
from experiments.settings.errors import UserError
from experiments.train import train
from experiments.processes import group
from experiments.processes.group import NEEDED
from experiments.processes.world import World, only_the_first_speaks
world = World.here()
with world.joined("x", torch.device("cpu")):
    assert world.any(world.rank == 1)
    if world.rank == 1:
        raise UserError("this one alone")
    world.any(False)
"""


@pytest.mark.slow
def test_a_process_that_fails_alone_ends_all(tmp_path):
    script = tmp_path / "one_fails.py"
    script.write_text(ONE_FAILS)
    words = [sys.executable, *TORCHRUN, str(script)]
    code, text = ended(processes.start(words, env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)}))
    assert code == 1
    assert "error: process 1 of 2: this one alone" in text
    assert "terminate called" not in text


def worlds(size):
    return [World(rank, size, rank, size) for rank in range(size)]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_items_are_divided_evenly_between_processes(size):
    for number in range(size, 20):
        parts = [range(number)[world.part(number)] for world in worlds(size)]
        assert [i for part in parts for i in part] == list(range(number))
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


def assert_joined(shares, whole):
    assert sum(share.num_graphs for share in shares) == whole.num_graphs
    for name in set(whole.keys()) - {"edge_index", "batch", "ptr"}:
        assert torch.equal(torch.cat([share[name] for share in shares]), whole[name]), name


@pytest.mark.parametrize("task_name", ["satisfiability", "next_step"])
def test_the_parts_of_processes_are_the_batch_of_one(task_name):
    parts = study(f"task={task_name}", "train.batch_size=10")
    cell = Cell(parts.task, parts.home_distribution, (3, 4), "train")
    packed = Packed.pack(cell.instances(0, 15))

    def batch(world, step):
        return CachedBatches(parts.settings, packed, parts.task, cell.group_size, world).batch(step)

    sizes = set()
    for step in range(3):  # batches with and without the incomplete last group
        whole = batch(World(), step)
        assert_joined([batch(world, step) for world in worlds(3)], whole)
        sizes.add(whole.num_graphs)
    assert sizes == ({9, 10} if cell.group_size == 2 else {10})


def test_processes_stream_the_instances_of_one():
    parts = study("task=satisfiability", "train.batch_size=10", "data.stream=true")
    model, cell = parts.build_model(), parts.train_set.cell

    def batch(world):
        with StreamedBatches(parts.settings, cell, 1, model, world) as batches:
            return batches.batch(1)

    assert_joined([batch(world) for world in worlds(3)], batch(World()))


def test_each_process_has_its_own_random_numbers_and_the_first_those_of_a_single_one():
    draws = []
    for rank in ((), (0,), (1,), (2,)):
        with seeded(Update(0, 3, *rank), torch.device("cpu")):
            draws.append(torch.rand(4).tolist())
    assert draws[0] == draws[1]
    assert len({tuple(draw) for draw in draws}) == 3


WORDS = {"RANK": 3, "WORLD_SIZE": 4, "LOCAL_RANK": 1, "LOCAL_WORLD_SIZE": 2,
         "MASTER_ADDR": "localhost", "MASTER_PORT": 1}  # fmt: skip


def tell(monkeypatch, **words):
    for name, value in words.items():
        monkeypatch.setenv(name, str(value))


def test_a_world_is_what_torchrun_says(monkeypatch):
    assert World.here() == World()
    tell(monkeypatch, **WORDS)
    assert World.here() == World(3, 4, 1, 2)
    tell(monkeypatch, LOCAL_RANK="", LOCAL_WORLD_SIZE="")
    assert World.here() == World(3, 4, 3, 4)


@pytest.mark.parametrize("name", NEEDED)
def test_a_variable_without_a_value_is_none(monkeypatch, capsys, name):
    tell(monkeypatch, **WORDS | {name: ""})
    assert World.here() == World()
    with only_the_first_speaks():
        sys.stderr.write("heard")
    assert capsys.readouterr().err == "heard"


@pytest.mark.parametrize(
    ("name", "value", "range_"),
    [
        ("RANK", "4", "0 to 3"),
        ("RANK", "first", "0 to 3"),
        ("WORLD_SIZE", "0", "1 to 2147483648"),
        ("LOCAL_RANK", "2", "0 to 1"),
        ("LOCAL_WORLD_SIZE", "5", "1 to 4"),
        ("MASTER_PORT", "tcp://10.0.0.1:80", "0 to 65535"),
    ],
)
def test_a_wrong_number_of_a_process_is_one_line(monkeypatch, name, value, range_):
    tell(monkeypatch, **WORDS | {name: value})
    with pytest.raises(UserError) as raised:
        World.here()
    assert str(raised.value) == (
        f"{name} must be a whole number from {range_}, or not set, got {value!r}"
    )


@pytest.fixture
def the_first_of_two(monkeypatch):
    """Tell this process that it is one of two; return where they are to meet."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    tell(monkeypatch, RANK=0, WORLD_SIZE=2, MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
    monkeypatch.setattr(group, "PATIENCE", 0.0)
    group._store.cache_clear()
    yield "127.0.0.1", port
    group._store.cache_clear()


def test_a_process_says_that_it_waits_for_the_others(the_first_of_two, capfd):
    waiting = threading.Thread(target=group._store, daemon=True)
    waiting.start()
    said = []

    def is_said():
        said.append(capfd.readouterr().err)
        return "\n" in "".join(said)

    wait_until(is_said)
    line = "".join(said)
    assert line.startswith("waiting for all processes (RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 ")
    assert "without RANK and WORLD_SIZE in its environment a process trains alone" in line
    other = torch.distributed.TCPStore(*the_first_of_two, 2, is_master=False)
    waiting.join()
    del other


def test_a_process_that_stays_alone_is_one_line(the_first_of_two, monkeypatch):
    monkeypatch.setattr(group, "START", timedelta(seconds=1))
    cpu = torch.device("cpu")
    with pytest.raises(UserError) as raised, World.here().joined("run", cpu):
        pass
    line = str(raised.value)
    assert line.startswith("WORLD_SIZE must be the number of processes that start, got RANK=0 ")
    assert "1/2 clients joined" in line
    assert "\n" not in line
