import logging
import resource
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from data_gen.cell import Cell
from data_gen.dataset import DataSet
from data_gen.graphs.distributions.geographic_threshold import GeographicThreshold
from data_gen.graphs.distributions.random_tree import RandomTree
from data_gen.paths.tasks.shortest_path import ShortestPath
from experiments.processes import room
from experiments.run import bounds, fit
from experiments.run.bounds import Keys, check_fits, check_training, check_written
from experiments.run.identity import config_hash
from experiments.settings.command import HEAVY, _call
from experiments.settings.errors import UserError
from experiments.settings.run_settings import Machine
from tests.conftest import ROOT, composed, study
from tests.experiments.test_fit import fitted

GIGABYTE = 1e9


def data_set(folder, sizes, num_instances, split="test", law=None):
    cell = Cell(ShortestPath(), law or GeographicThreshold(), tuple(sizes), split)
    return DataSet(cell, num_instances, folder)


@dataclass(frozen=True)
class Lists(RandomTree):
    """A law with an argument that cannot be hashed."""

    numbers: list | None = None


def test_an_instance_that_does_not_fit_the_memory_names_the_sizes(tmp_path):
    large = data_set(tmp_path, [16, 2000], 1)
    check_fits([large], Machine(max_memory_gb=1))
    told = (
        r"^transfer\.sizes must be sizes of which an instance fits the memory"
        r" \(about \d+ MB needed, 10 MB allowed; machine\.max_memory_gb raises the bound\),"
        r" got \[16, 2000\]$"
    )
    with pytest.raises(UserError, match=told):
        check_fits([large], Machine(max_memory_gb=0.01))
    assert not list(tmp_path.iterdir())


def test_instances_that_do_not_fit_the_memory_name_their_number(tmp_path):
    many = data_set(tmp_path, [8, 9], 10**6, "train", Lists(numbers=[1]))
    check_fits([many], Machine(max_memory_gb=10))
    with pytest.raises(UserError, match=r"^train\.num_instances must .* memory .* got 1000000 of"):
        check_fits([many], Machine(max_memory_gb=0.05))


def test_data_sets_that_do_not_fit_the_disk_together_name_the_largest(tmp_path):
    sets = [data_set(tmp_path, [8], 10**6, split) for split in ("test", "val")]
    sets.append(data_set(tmp_path, [8], 4 * 10**6, "train"))
    check_fits(sets, Machine(max_disk_gb=1))
    with pytest.raises(UserError, match=r"^train\.num_instances must .* the disk .* \d+ MB allow"):
        check_fits(sets, Machine(max_disk_gb=0.2))
    check_fits(sets, Machine(max_disk_gb=0.2), on_disk=False)


def test_what_is_free_is_the_bound_where_none_is_given(tmp_path, monkeypatch):
    large = data_set(tmp_path, [2000], 1)
    check_fits([large], Machine())
    monkeypatch.setattr(bounds, "free_memory", lambda: 1e7)
    with pytest.raises(UserError, match="10 MB free"):
        check_fits([large], Machine())


def test_a_data_set_on_disk_is_never_refused(tmp_path):
    large = data_set(tmp_path, [10**9], 10**9)
    with pytest.raises(UserError, match="memory"):
        check_fits([large], Machine())
    large.path.touch()
    check_fits([large], Machine())


def test_small_data_sets_are_not_estimated(tmp_path, monkeypatch):
    def refused(*_):
        raise AssertionError("estimated")

    monkeypatch.setattr(bounds, "growth", refused)
    parts = study(f"machine.data_dir={tmp_path}")
    check_training(parts)
    with pytest.raises(AssertionError, match="estimated"):
        check_fits([data_set(tmp_path, [1001], 1)], Machine())
    with pytest.raises(AssertionError, match="estimated"):
        check_fits([data_set(tmp_path, [100], 501)], Machine())


def test_of_a_stream_a_batch_must_fit(tmp_path):
    overrides = ["data.stream=true", f"machine.data_dir={tmp_path}", "machine.max_memory_gb=1"]
    with pytest.raises(UserError, match=r"^train\.batch_size must be a number of instances that"):
        check_training(study(*overrides, "train.batch_size=1000000000000"))


def test_files_that_do_not_fit_the_disk_name_their_number(tmp_path):
    cells = [data_set(tmp_path, [8], 1).cell] * 2
    check_written(cells, 1000, tmp_path, Machine(max_disk_gb=0.01))
    with pytest.raises(UserError, match=r"^num_instances must be a number of files .* got 2000$"):
        check_written(cells, 2000, tmp_path, Machine(max_disk_gb=0.01))


def test_keys_may_count_from_0(tmp_path):
    keys = {"test": Keys("sizes", "instance", less=1)}
    with pytest.raises(UserError, match=r"^instance must .* got 1000000000000 of sizes \[8\]$"):
        check_fits([data_set(tmp_path, [8], 10**12 + 1)], Machine(), keys)


def test_a_long_generation_is_told_beforehand(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    machine = Machine(max_memory_gb=1e9, max_disk_gb=1e9, num_workers=1)
    check_fits([data_set(tmp_path, [8], 10**5)], machine)
    assert not caplog.messages
    check_fits([data_set(tmp_path, [8], 10**9)], machine)
    assert "days and" in caplog.text
    check_fits([data_set(tmp_path, [8], 10**12)], machine)
    assert "more than a year" in caplog.text


def test_the_bounds_do_not_change_the_identity_of_a_run():
    config = composed()
    before = config_hash(config)
    config.machine.max_memory_gb, config.machine.max_disk_gb = 1, 2
    assert config_hash(config) == before
    config.val.every = 7
    assert config_hash(config) != before


@pytest.mark.parametrize(
    ("number", "words"),
    [(3.21e12, "3.2 TB"), (123e9, "123 GB"), (2e10, "20 GB"), (1e10, "10 GB"), (4e3, "0.004 MB")],
)
def test_bytes_are_told_in_their_largest_unit(number, words):
    assert room.in_bytes(number) == words


def test_the_memory_of_a_container_or_a_job_counts(tmp_path, monkeypatch):
    kernel = room.Path
    inner = tmp_path / "job" / "step"
    inner.mkdir(parents=True)
    (tmp_path / "proc").write_text("0::/job/step\n")
    for folder, limit in ((inner, "max"), (inner.parent, "3000000")):
        (folder / "memory.max").write_text(limit)
        (folder / "memory.current").write_text("2500000")
        (folder / "memory.stat").write_text("anon 5\ninactive_file 500000\n")
    monkeypatch.setattr(room, "CGROUPS", tmp_path)
    redirected = {"/proc/self/cgroup": tmp_path / "proc"}
    monkeypatch.setattr(room, "Path", lambda path: redirected.get(path, kernel(path)))
    assert room.free_memory() == 1_000_000


def test_free_memory_and_disk_are_those_of_the_machine(tmp_path):
    assert 1e7 < room.free_memory() < 1e14
    assert 0 < room.free_disk(tmp_path / "not" / "there") < 1e18


@pytest.mark.parametrize(
    "error",
    [MemoryError(), np._core._exceptions._ArrayMemoryError((10**12,), np.dtype("f8")),
     RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 80 bytes"),
     torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_lack_of_memory_is_one_line_with_the_settings_to_lower(error, in_process, monkeypatch):
    def greedy(config):
        raise error

    monkeypatch.setattr("experiments.severity.severity", greedy)
    code, text = in_process("severity", "study=quickstart")
    assert code == 1
    assert text.startswith("error: one of num_instances, machine.num_workers must be smaller, ")
    assert "\n" not in text


def test_another_error_of_torch_is_no_lack_of_memory():
    def wrong(config):
        raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="multiplied"):
        _call(wrong, OmegaConf.create())


def test_the_settings_to_lower_are_settings():
    names = ("train", "severity", "look")
    configs = [OmegaConf.load(ROOT / "conf" / f"{name}.yaml") for name in names]
    for key in HEAVY:
        first, _, rest = key.partition(".")
        assert key == "model.hidden_dim" or any(
            first in config and (not rest or rest in config[first]) for config in configs
        )


def test_a_long_training_tells_the_time_left_before_its_first_validation(
    tmp_path, caplog, monkeypatch
):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(fit, "EARLY", 0)
    fitted(tmp_path / "short", "model=node_mlp", "train.num_steps=4", "val.every=4")
    assert "left" not in caplog.text
    monkeypatch.setattr(fit, "LONG", 0)
    fitted(tmp_path / "long", "model=node_mlp", "train.num_steps=4", "val.every=4")
    told = [text for text in caplog.messages if "left" in text]
    assert len(told) == 1
    assert told[0].startswith("run 1/4: ")


LIMIT = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv.pop(1)),) * 2)
module = sys.argv[1]
sys.argv = sys.argv[1:]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def limited(num_bytes, module, *words):
    """Run a command with an address space of so many bytes; return code, lines and peak bytes."""
    ended = subprocess.run(
        [sys.executable, "-c", LIMIT, str(int(num_bytes)), module, *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    peak = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return ended.returncode, ended.stderr.splitlines(), peak


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "start"),
    [
        (["train.sizes=[1000000000]"], "train.sizes must be sizes of which an instance fits"),
        (["transfer.sizes=[100000000]"], "transfer.sizes must be sizes of which an instance fits"),
        (["transfer.num_instances=1000000000"], "transfer.num_instances must be a number of"),
        (["transfer.sizes=[60000]", "machine.max_memory_gb=1000"], "one of train.sizes, transfer."),
    ],
    ids=lambda v: v[0] if isinstance(v, list) else "",
)
def test_a_machine_of_little_memory_refuses_in_one_line(tmp_path, tiny, words, start):
    folders = [f"machine.data_dir={tmp_path}/data", f"machine.runs_dir={tmp_path}/runs"]
    code, lines, peak = limited(6 * GIGABYTE, "experiments.train", *tiny, *folders, *words)
    assert code == 1
    assert len([line for line in lines if not line.startswith("generating the instances")]) == 1
    assert lines[-1].startswith(f"error: {start}")
    assert peak < 1.5 * GIGABYTE


@pytest.mark.slow
def test_what_works_on_a_machine_of_little_memory_is_not_refused(tmp_path, tiny):
    folders = [f"machine.data_dir={tmp_path}/data", f"machine.runs_dir={tmp_path}/runs"]
    words = ["transfer.sizes=[3000]", "transfer.num_instances=2", "machine.num_workers=1"]
    code, _, _ = limited(5 * GIGABYTE, "experiments.train", *tiny, *folders, *words)
    assert code == 0
