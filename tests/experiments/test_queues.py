"""The requests of a sweep to a cluster and the jobs that it sends, tested without a cluster."""

import os
import pickle
import runpy
import sys
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.singleton import Singleton
from omegaconf.basecontainer import BaseContainer

from tests.conftest import ROOT
from tests.experiments.mirrors import folders

ARRAY = "7"  # the id of the array job that Slurm makes of a sweep


@pytest.fixture
def swept(tmp_path, tiny, monkeypatch):
    """Start a sweep over two seeds as the command does; return its last line."""
    hydra = GlobalHydra.instance()
    monkeypatch.setattr(Singleton, "_instances", dict(Singleton._instances))
    monkeypatch.setattr(BaseContainer, "_resolvers", dict(BaseContainer._resolvers))

    def start(*overrides):
        words = ["-m", "study=s", "seed=0,1", *tiny, *overrides, *folders(tmp_path)]
        monkeypatch.setattr(sys, "argv", ["experiments/train.py", *words])
        try:
            runpy.run_path(str(ROOT / "experiments/train.py"), run_name="__main__")
        except SystemExit as left:
            return left.code
        return ""

    yield start
    hydra.clear()  # a job replaced the instance, and the command then cleared it


def done(tmp_path):
    return sorted(path.parent.name[:10] for path in (tmp_path / "runs" / "s").glob("*/DONE"))


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Make fake Slurm programs that accept jobs; the jobs leave the queue without starting."""
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="no requirements-slurm.txt")
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, line in (
        ("sbatch", f'cp "$1" {folder}/asked && echo Submitted batch job {ARRAY}'),
        ("srun", "exit 1"),
        ("squeue", f'echo "$@" > {folder}/looked'),
    ):
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.setattr("experiments.sweep.queues.SLURM_SECONDS", 0)
    return folder


def test_slurm_is_asked_for_an_array_of_jobs_that_train(tmp_path, slurm, swept):
    line = swept("hydra/launcher=slurm", "hydra.launcher.partition=short")
    assert line == "error: 2 of 2 jobs failed, the same command tries again"
    asked = (slurm / "asked").read_text()
    for option in (
        "array=0-1%2", "time=240", "signal=USR2@120", "partition=short", "cpus-per-task=1",
        "ntasks-per-node=1", "open-mode=append",
    ):  # fmt: skip
        assert f"#SBATCH --{option}\n" in asked
    assert "gpus" not in asked
    sent = tmp_path / "runs" / "s" / ".submitit"
    assert f" -m submitit.core._submit {sent}" in asked
    assert "--me --format=%i" in (slurm / "looked").read_text()
    assert done(tmp_path) == []
    for number in ("0", "1"):
        (path,) = sent.rglob(f"{ARRAY}_{number}_submitted.pkl")
        environment = {"SUBMITIT_EXECUTOR": "slurm", "SLURM_ARRAY_JOB_ID": ARRAY}
        with patch.dict(os.environ, environment, SLURM_ARRAY_TASK_ID=number):
            job = pickle.loads(path.read_bytes())
            assert job.result().return_value == ""
        assert job._timeout_countdown == 20  # how often the job is queued again
    assert done(tmp_path) == ["tiny-seed0", "tiny-seed1"]


class Ray:
    """A fake cluster that loses the first job that is waited for and runs the others.

    Jobs are pickled as by Ray and run in this process.
    """

    def __init__(self, module):
        self.module, self.inits, self.needs, self.waited, self.ended = module, [], [], 0, 0

    def init(self, **settings):
        self.inits.append(settings)

    def remote(self, **needs):
        self.needs.append(needs)

        def task(function):
            def send(**arguments):
                return self.module.cloudpickle.dumps((function, arguments))

            return SimpleNamespace(remote=send)

        return task

    def get(self, job):
        self.waited += 1
        if self.waited == 1:
            raise self.module.exceptions.WorkerCrashedError
        function, arguments = self.module.cloudpickle.loads(job)
        return function(**arguments)

    def shutdown(self):
        self.ended += 1


@pytest.fixture
def ray(monkeypatch):
    module = pytest.importorskip("ray", reason="no requirements-ray.txt")
    pytest.importorskip("hydra_plugins.hydra_ray_launcher", reason="no requirements-ray.txt")
    ray = Ray(module)
    for name in ("init", "remote", "get", "shutdown"):
        monkeypatch.setattr(module, name, getattr(ray, name))
    return ray


def test_ray_is_sent_jobs_that_train_and_again_those_that_are_left_when_one_is_lost(
    tmp_path, ray, swept
):
    words = ["hydra.launcher.ray.remote.num_gpus=0.25", "hydra.sweeper.join=false"]
    assert swept("hydra/launcher=ray_cluster", *words) == ""
    assert ray.ended == 1
    assert len(ray.inits) == 3  # both jobs, and each alone
    for settings in ray.inits:
        assert settings["address"] is None
        assert settings["include_dashboard"] is False
    assert ray.needs == [{"num_cpus": 1, "num_gpus": 0.25}] * 4
    assert done(tmp_path) == ["tiny-seed0", "tiny-seed1"]
