"""Test the configurations of the studies of bodies."""

import numpy as np
import pytest
import torch

from experiments.evaluate import evaluate_runs
from experiments.run.batches import CachedBatches
from experiments.run.fit import Fit
from experiments.settings.errors import UserError
from experiments.tables.rows import read_table
from experiments.train import train
from tests.conftest import ROOT, composed, study

ARMS = sorted(path.stem for path in (ROOT / "conf/experiment/nbody_cpu").glob("*.yaml"))


def test_the_first_hundred_updates_of_nbody_gpu_run_on_a_cpu(tmp_path):
    """Run as configured, but with fewer scenes."""
    parts = study("experiment=nbody_gpu", "machine.device=cpu", "train.batch_size=20",
                  "train.num_instances=200", f"machine.data_dir={tmp_path}")  # fmt: skip
    torch.manual_seed(0)
    model = parts.build_model()
    batches = CachedBatches(parts.settings, parts.train_set.load(), parts.task, 1)
    fit = Fit(parts, model, batches)
    losses = []
    for fit.step in range(100):
        losses.append(float(fit.update()))
    assert np.isfinite(losses).all()
    assert np.mean(losses[-20:]) < 0.7 * np.mean(losses[:20])


@pytest.mark.parametrize("arm", ARMS)
def test_an_arm_is_of_the_scenes_it_is_named_after(arm):
    parts = study("experiment=nbody_cpu", f"experiment/nbody_cpu@_global_={arm}")
    scenes = arm.split("_")[0]
    assert scenes in parts.home
    home = [cell for cell in parts.test_cells if cell.shift in ("none", "size")]
    assert [cell.size for cell in home] == [3, 6, 12, 24]
    assert parts.task.num_frames == 1000
    assert {cell.shift for cell in parts.test_cells} == {"none", "size", "distribution", "both"}


def test_a_study_of_rollouts_trains_resumes_and_has_every_score(tmp_path):
    config = composed(
        "task=next_step", "task.num_frames=30", "task.horizons=[1,30]", "task.balance=0.3",
        "task.noise=0.01", "model=interaction_network", "train.num_steps=20", "val.every=10",
        "train.num_instances=16", "train.batch_size=8", "val.num_instances=8",
        "transfer.num_instances=4", "transfer.sizes=[3,6]", "machine.num_workers=1",
        f"machine.data_dir={tmp_path}/data", f"machine.runs_dir={tmp_path}/runs",
    )  # fmt: skip
    train(config)
    (table,) = tmp_path.glob("runs/*/*/transfer.csv")
    rows = {(row.size, row.metric): row for row in read_table(table)}
    for name in (
        "valid",
        "velocity_ratio",
        "ratio_30",
        "floor_30",
        "energy_drift_true",
        "diverged",
    ):
        assert {size for size, metric in rows if metric == name} == {3, 6}
    for size in (3, 6):
        ratio = rows[size, "error_30"].mean / rows[size, "constant_30"].mean
        assert rows[size, "ratio_30"].mean == pytest.approx(ratio, rel=1e-4)
    before = table.read_bytes()
    train(config)
    assert table.read_bytes() == before
    steps_alone = ["name=steps", "+task.horizons=[]", f"run={table.parent}"]
    where = f"machine.data_dir={tmp_path}/data"
    evaluate_runs(composed(*steps_alone, where, config_name="evaluate"))
    of_steps = {(r.size, r.metric): r for r in read_table(table.parent / "transfer-steps.csv")}
    names = ("velocity_error", "constant_velocity_error", "velocity_ratio")
    assert set(of_steps) == {(size, name) for size in (3, 6) for name in names}
    assert all(of_steps[cell].mean == rows[cell].mean for cell in of_steps)
    with pytest.raises(
        UserError, match=r"only score settings of \w+ \(horizons, valid_horizon\), got noise"
    ):
        evaluate_runs(composed("name=noisy", "+task.noise=1.0", f"run={table.parent}", where,
                               config_name="evaluate"))  # fmt: skip
