"""Sweeps as users start them: with every launcher, with failures, and after a kill."""

import os
import signal
import subprocess
from contextlib import suppress

import psutil
import pytest

from experiments.processes.interrupt import SweepInterrupt, interrupted_by_the_sweep
from experiments.settings.errors import Stopped
from experiments.tables.rows import TIME_COLUMNS, read_table
from experiments.train import train
from tests import processes
from tests.conftest import composed
from tests.experiments import slurm_cluster
from tests.forked import Forked
from tests.processes import wait_until

LONG = ["train.num_steps=1200", "val.every=100", "machine.save_every=100"]


def folders(tmp_path, runs="runs"):
    return [f"machine.runs_dir={tmp_path / runs}", f"machine.data_dir={tmp_path / 'data'}"]


def sweep(tmp_path, *overrides, runs="runs", env=None):
    """Start a sweep over two seeds of a tiny training."""
    words = ["study=s", "seed=0,1", *overrides, *folders(tmp_path, runs)]
    return Forked("experiments.train", "-m", *words, env={**os.environ, **(env or {})})


def ended(process, code=0):
    """Return the output of a process; fail if it exits with another code."""
    found, text = processes.ended(process)
    assert found == code, text
    return text


def table(folder):
    return [
        {
            name: repr(value)  # so that nan equals nan
            for name, value in vars(row).items()
            if name not in TIME_COLUMNS
        }
        for row in read_table(folder / "transfer.csv")
    ]


def states(tmp_path, seed="*"):
    return list((tmp_path / "runs" / "s").glob(f"*-seed{seed}-*/state/*.pt"))


def children(process, word):
    """Return the running children with a word in their command, in the order of their starts."""
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.Error):  # the process has ended
            if word in " ".join(child.cmdline()):
                found.append(child)
    return sorted(found, key=lambda child: child.create_time())


@pytest.mark.parametrize("launcher", [pytest.param("serial", marks=pytest.mark.slow), "processes"])
def test_a_job_that_fails_stops_no_other_and_is_tried_again(tmp_path, tiny, launcher):
    tiny = [word for word in tiny if not word.startswith("label")]
    words = [*tiny, "model.hidden_dim=0,8", "train.optimizer.lr=1e37,1e-3", "seed=0"]
    words.append(f"hydra/launcher={launcher}")
    text = ended(sweep(tmp_path, *words), code=1)
    assert "4 jobs: 1 done, 0 skipped, 3 failed" in text
    assert text.count("width of each layer must be at least 1") == 2  # refused at the start
    assert text.count("in update") == 1  # in the middle of a training
    assert text.rstrip().endswith("error: 3 of 4 jobs failed, the same command tries again")
    assert "Traceback" not in text
    (done,) = (tmp_path / "runs" / "s").glob("*/DONE")
    assert done.parent.name.startswith("node_mlp-hidden_dim-8-lr-0.001-seed0-")
    if launcher == "serial":
        when = done.stat().st_mtime_ns
        assert "4 jobs: 0 done, 1 skipped, 3 failed" in ended(sweep(tmp_path, *words), code=1)
        assert done.stat().st_mtime_ns == when


@pytest.mark.slow
def test_a_sweep_that_was_killed_resumes_its_job(tmp_path, tiny):
    """Run one job after the other and kill the sweep in the second."""
    words = [*tiny, "study=s", "task_label=test", "train.num_steps=200", *folders(tmp_path)]
    process = sweep(tmp_path, *words)
    wait_until(lambda: states(tmp_path, 1), process)
    process.kill()
    process.communicate()
    (done,) = (tmp_path / "runs" / "s").glob("*/DONE")
    when = done.stat().st_mtime_ns
    text = ended(sweep(tmp_path, *words))
    assert "2 jobs: 1 done, 1 skipped" in text
    assert "resumed at update" in text
    assert done.stat().st_mtime_ns == when
    for seed in (0, 1):
        train(composed(*words, f"seed={seed}", *folders(tmp_path, "alone")))
    curves = list((tmp_path / "alone" / "s").glob("*/metrics.jsonl"))
    assert len(curves) == 2
    for curve in curves:
        name = curve.relative_to(tmp_path / "alone")
        assert curve.read_text() == (tmp_path / "runs" / name).read_text()
        alone, swept = (table((tmp_path / runs / name).parent) for runs in ("alone", "runs"))
        assert alone == swept


@pytest.mark.slow
def test_a_sweep_that_was_killed_runs_what_is_missing_and_nothing_twice(tmp_path, tiny):
    words = [*tiny, *LONG, "train.num_steps=500", "hydra/launcher=processes"]
    text = ended(sweep(tmp_path, *words, "machine.num_workers=2", runs="undisturbed"))
    assert "Warning" not in text  # a worker that makes data has not imported the main module twice
    process = sweep(tmp_path, *words)
    wait_until(lambda: len({path.parent for path in states(tmp_path)}) == 2, process)
    process.kill()
    process.communicate()
    assert "2 jobs: 2 done, 0 skipped" in ended(sweep(tmp_path, *words))
    runs = tmp_path / "runs" / "s"
    assert len(list(runs.glob("*-seed*"))) == 2
    assert table(runs) == table(tmp_path / "undisturbed" / "s")
    for curve in runs.glob("*/metrics.jsonl"):
        name = curve.relative_to(runs)
        assert curve.read_text() == (tmp_path / "undisturbed" / "s" / name).read_text()


@pytest.mark.slow
def test_a_worker_that_is_lost_takes_no_job_with_it(tmp_path, tiny):
    process = sweep(tmp_path, *tiny, *LONG, "hydra/launcher=processes")
    wait_until(lambda: len({path.parent for path in states(tmp_path)}) == 2, process)
    children(process, "popen_loky_posix")[0].kill()
    text = ended(process)
    assert "the jobs that are left are started again" in text
    assert "resumed at update" in text
    assert "2 jobs: 2 done, 0 skipped, 0 failed" in text


def press_ctrl_c(process):
    """Send SIGINT to a sweep and to its children in its process group, as a terminal does."""
    group = os.getpgid(process.pid)
    jobs = [child.pid for child in children(process, "") if os.getpgid(child.pid) == group]
    for pid in (*jobs, process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("launcher", "num_jobs"),
    [("processes", 3), ("processes", 1), ("isolated", 3), ("ray_cluster", 3)],  # 1: an idle worker
)
def test_ctrl_c_saves_every_running_job_whatever_runs_it(tmp_path, tiny, launcher, num_jobs):
    words = [*tiny, "train.num_steps=1000000", "val.every=20", "machine.save_every=1000000"]
    words += [f"seed=range({num_jobs})", f"hydra/launcher={launcher}"]
    at_once = {"processes": "hydra.launcher.n_jobs=2", "isolated": "hydra.launcher.cpus_per_task=1",
               "ray_cluster": "+hydra.launcher.ray.init.num_cpus=2"}  # fmt: skip
    process = sweep(tmp_path, *words, at_once[launcher])
    os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:2])  # jobs inherit it
    running = min(num_jobs, 2 if launcher != "isolated" else len(os.sched_getaffinity(process.pid)))
    curves = tmp_path / "runs" / "s"
    wait_until(lambda: len(list(curves.glob("*/metrics.jsonl"))) == running, process)
    press_ctrl_c(process)
    text = ended(process, code=130)
    number = f"{num_jobs} job{'s' * (num_jobs > 1)}"
    assert f"{number}: 0 done, 0 skipped, 0 failed, {num_jobs} stopped" in text
    assert text.count("; the same command resumes it") == running
    assert text.count("not begun; the same command runs it") == num_jobs - running
    assert len({path.parent for path in states(tmp_path)}) == running
    assert not list(curves.glob(".stop*"))


@pytest.mark.slow
def test_a_second_ctrl_c_ends_jobs_of_other_sessions_too(tmp_path, tiny):
    words = [*tiny, "train.num_steps=1000000", "seed=0", "hydra/launcher=isolated"]
    process = sweep(tmp_path, *words)
    wait_until(lambda: children(process, "submitit"), process)
    jobs = children(process, "submitit")
    press_ctrl_c(process)
    press_ctrl_c(process)
    ended(process, code=130)
    wait_until(lambda: not any(job.is_running() and job.status() != "zombie" for job in jobs))


def test_a_second_ctrl_c_is_raised_and_no_file_stays(tmp_path):
    def press_and_wait(is_time):
        os.kill(os.getpid(), signal.SIGINT)
        wait_until(is_time)

    with SweepInterrupt([tmp_path / "s"]) as interrupt:
        assert not interrupt.is_requested
        press_and_wait(lambda: interrupt.is_requested)
        with pytest.raises(Stopped), interrupted_by_the_sweep(tmp_path / "s"):
            pass
        with pytest.raises(KeyboardInterrupt):
            press_and_wait(lambda: False)
    assert not list((tmp_path / "s").iterdir())


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_stops_its_job_alone(tmp_path, tiny):
    process = sweep(tmp_path, *tiny, *LONG, "hydra/launcher=processes")
    wait_until(lambda: len({path.parent for path in states(tmp_path)}) == 2, process)
    children(process, "popen_loky_posix")[0].terminate()
    text = ended(process, code=1)
    assert "2 jobs: 1 done, 0 skipped, 1 failed" in text
    assert "the same command resumes it" in text


def test_studies_may_be_swept_over_and_a_label_given(tmp_path, tiny):
    words = [*tiny, "seed=0", "study=a,b", "model.hidden_dim=8,16", "label=mine"]
    assert "4 jobs: 4 done" in ended(sweep(tmp_path, *words))
    for study in "ab":
        rows = read_table(tmp_path / "runs" / study / "transfer.csv")
        assert {row.model for row in rows} == {"mine-hidden_dim-8", "mine-hidden_dim-16"}


@pytest.mark.slow
def test_a_study_killed_half_way_ends_like_an_uninterrupted_one(tmp_path):
    """Use two tasks, three models and three seeds."""

    arms = "linear_messages,encode_process_decode,deep_sets"
    small = [f"experiment/size_transfer@_global_={arms}", "train.num_steps=60", "val.every=20",
             "machine.save_every=20", "train.num_instances=640",
             "transfer.num_instances=40"]  # fmt: skip

    def start(runs):
        folders = [f"machine.runs_dir={tmp_path / runs}", f"machine.data_dir={tmp_path / 'data'}"]
        return Forked("experiments.train", "experiment=size_transfer", *small, *folders)

    assert "18 jobs: 18 done, 0 skipped" in start("undisturbed").communicate()[1]
    process, folder = start("killed"), tmp_path / "killed" / "size_transfer"
    wait_until(lambda: len(list(folder.glob("*/DONE"))) >= 9, process)
    process.kill()
    process.communicate()
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*/DONE")}
    text = start("killed").communicate()[1]
    assert f"18 jobs: {18 - len(before)} done, {len(before)} skipped, 0 failed" in text
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list(folder.glob("*-seed*"))) == 18
    assert table(folder) == table(tmp_path / "undisturbed" / "size_transfer")


@pytest.mark.slow
def test_a_job_of_a_queue_is_lost_alone_and_one_that_is_preempted_is_queued_again(tmp_path, tiny):
    """Use submitit's local executor; on a cluster only the sender of the signal differs."""
    words = [*tiny, *LONG, "train.num_steps=3000", "hydra/launcher=isolated"]
    process = sweep(tmp_path, *words)
    folders = tmp_path / "runs" / "s"
    wait_until(lambda: states(tmp_path, 0), process)
    children(process, "submitit.core._submit")[0].kill()
    wait_until(lambda: states(tmp_path, 1), process)
    children(process, "submitit.core._submit")[-1].send_signal(signal.SIGUSR2)
    text = ended(process, code=1)
    assert "2 jobs: 1 done, 0 skipped, 1 failed" in text
    assert "lost, the end of its log is in" in text
    (log,) = [p for p in folders.glob(".submitit/*/*.err") if "resumed" in p.read_text()]
    assert "resumed at update" in log.read_text()
    assert "2 jobs: 1 done, 1 skipped" in ended(sweep(tmp_path, *words))


@pytest.mark.slow
def test_jobs_that_outlive_their_sweep_are_waited_for(tmp_path, tiny):
    words = [*tiny, *LONG, "train.num_steps=5000", "hydra/launcher=isolated", "seed=0"]
    process = sweep(tmp_path, *words)
    wait_until(lambda: states(tmp_path), process)
    process.kill()
    process.wait()
    assert "1 job: 1 done, 0 skipped, 0 failed" in ended(sweep(tmp_path, *words))
    (log,) = (path for path in (tmp_path / "runs" / "s").glob(".submitit/*/*.err")
              if "waiting for it" in path.read_text())  # fmt: skip
    assert "update" not in log.read_text().partition("waiting for it")[2]


@pytest.mark.slow
@pytest.mark.skipif(not slurm_cluster.is_installed(), reason="no Slurm that may be started")
def test_slurm_runs_a_sweep_and_puts_back_what_is_preempted(tmp_path, tiny):
    with slurm_cluster.cluster(tmp_path / "slurm") as env:
        words = [*tiny, *LONG, "train.num_steps=3000", "hydra/launcher=slurm"]
        process = sweep(tmp_path, *words, env=env)

        def slurm(*words):
            return subprocess.run(words, env={**os.environ, **env}, text=True, check=True,
                                  capture_output=True).stdout  # fmt: skip

        wait_until(lambda: states(tmp_path, 0), process)
        killed, preempted = sorted(slurm("squeue", "--noheader", "--array", "--format=%i").split())
        slurm("scancel", killed)
        wait_until(lambda: states(tmp_path, 1), process)
        slurm("scancel", "--signal=USR2", f"{preempted}.0")  # as before a time limit
        wait_until(lambda: "PENDING" in slurm("squeue", "--noheader", "--format=%T"), process)
        slurm("scontrol", "update", f"JobId={preempted}", "StartTime=now")
        text = ended(process, code=1)
    assert "2 jobs: 1 done, 0 skipped, 1 failed" in text
    assert "lost, the end of its log is in" in text
    logs = [path.read_text() for path in (tmp_path / "runs" / "s").glob(".submitit/*/*.err")]
    assert sum("resumed at update" in log for log in logs) == 1


@pytest.mark.slow
@pytest.mark.skipif(not slurm_cluster.is_installed(), reason="no Slurm that may be started")
def test_the_tasks_of_a_slurm_job_share_a_training_and_are_put_back_together(tmp_path, tiny):
    with slurm_cluster.cluster(tmp_path / "slurm") as env:
        words = [*tiny, *LONG, "seed=0", "machine.num_workers=1", "machine.device=cpu"]
        words += ["hydra/launcher=slurm", "hydra.launcher.tasks_per_node=2"]
        process = sweep(tmp_path, *words, env={**env, "OMP_NUM_THREADS": "1"})

        def slurm(*words):
            return subprocess.run(words, env={**os.environ, **env}, text=True, check=True,
                                  capture_output=True).stdout  # fmt: skip

        wait_until(lambda: states(tmp_path, 0), process)
        (job,) = slurm("squeue", "--noheader", "--array", "--format=%i").split()
        slurm("scancel", "--signal=USR2", f"{job}.0")
        wait_until(lambda: "PENDING" in slurm("squeue", "--noheader", "--format=%T"), process)
        slurm("scontrol", "update", f"JobId={job}", "StartTime=now")
        text = ended(process)
    assert "1 job: 1 done, 0 skipped, 0 failed" in text
    logs = [path.read_text() for path in (tmp_path / "runs" / "s").glob(".submitit/*/*.err")]
    assert len(logs) == 2
    assert all("resumed at update" in log for log in logs)  # in one process group, or
    assert not any("another process is working on this run" in log for log in logs)


@pytest.mark.slow
def test_ray_runs_a_sweep(tmp_path, tiny):
    pytest.importorskip("ray")
    text = ended(
        sweep(tmp_path, *tiny, "hydra/launcher=ray_cluster", "model.hidden_dim=0,8", "seed=0"),
        code=1,
    )
    assert "2 jobs: 1 done, 0 skipped, 1 failed" in text
    assert "the width of each layer must be at least 1" in text
