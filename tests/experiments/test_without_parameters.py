"""A model without parameters skips training and is scored like all others."""

import pytest
import torch

from experiments.run.folder import RunFolder
from experiments.run.parts import RunParts
from experiments.settings.errors import UserError
from experiments.tables.rows import TIME_COLUMNS, read_table
from experiments.train import train
from tests.conftest import composed


def config(tmp_path, *overrides):
    return composed(
        "task=satisfiability", "model=walk_sat", "train.num_instances=8", "val.num_instances=4",
        "transfer.sizes=[5,10]", "transfer.num_instances=12", "machine.num_workers=1",
        "transfer.num_message_passing_steps=[null,2,1x]", "machine.device=cpu",
        f"machine.data_dir={tmp_path}/data", f"machine.runs_dir={tmp_path}/runs", *overrides,
    )  # fmt: skip


def rows(folder):
    return [
        {
            name: None if value != value else value
            for name, value in vars(row).items()
            if name not in TIME_COLUMNS
        }
        for row in read_table(folder.table_path())
    ]


def test_its_training_does_nothing_and_it_is_scored_like_all_others(tmp_path, caplog):
    parts = config(tmp_path, "train.skip=true")
    with torch.random.fork_rng():
        train(parts)
    folder = RunFolder.of(RunParts(parts).config)
    table = rows(folder)
    assert folder.is_done
    assert {row["num_parameters"] for row in table} == {0}
    assert {row["steps_rule"] for row in table} == {"16", "2", "1x"}
    means = {(r["metric"], r["size"], r["steps_rule"]): r["mean"] for r in table}
    for size in (5, 10):
        assert means["correct_unsat", size, "16"] == 1
        for rule in ("16", "2", "1x"):
            assert means["solved", size, rule] == means["correct_sat", size, rule]
        assert means["solved", size, "16"] >= means["solved", size, "2"] > 0

    with caplog.at_level("INFO"):
        train(parts)
    assert "nothing to do" in caplog.text

    (folder.path / "DONE").unlink()  # as if the run had been killed in the evaluation
    folder.table_path().unlink()
    with torch.random.fork_rng():
        train(parts)
    assert folder.is_done
    assert rows(folder) == table


def test_training_it_is_refused_in_one_line(tmp_path):
    expected = "train.skip must be true for WalkSat, which has no parameters, got false"
    with torch.random.fork_rng(), pytest.raises(UserError, match=f"^{expected}$"):
        train(config(tmp_path))
    assert not (tmp_path / "data").exists()


def test_a_task_on_other_graphs_is_refused(tmp_path):
    with torch.random.fork_rng(), pytest.raises(UserError, match="got untyped nodes"):
        train(config(tmp_path, "task=shortest_path"))
