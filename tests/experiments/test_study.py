from experiments.learning.supervised import Supervised
from experiments.run.folder import RunFolder
from experiments.run.stored import study_of
from experiments.settings.run_settings import DataSource
from experiments.settings.training import Curriculum
from tests.conftest import ROOT, study


def cells(*overrides):
    return {(c.distribution, c.size): c.shift for c in study(*overrides).test_cells}


def test_the_shift_of_a_cell_is_computed():
    found = cells("distribution@transfer.distributions=[geographic_threshold,grid]",
                  "transfer.sizes=[16,32]")  # fmt: skip
    assert found == {
        ("geographic_threshold", 16): "none",
        ("geographic_threshold", 32): "size",
        ("grid", 16): "distribution",
        ("grid", 32): "both",
    }


def test_other_arguments_are_another_name_and_a_shift():
    found = cells("transfer.distributions.geographic_threshold.theta=50.0", "transfer.sizes=[16]")
    assert found == {("geographic_threshold theta=50.0", 16): "distribution"}


def test_another_law_of_edge_weights_is_another_name_and_a_shift():
    found = cells("edge_weights@transfer.edge_weights=[euclidean,uniform]", "transfer.sizes=[16]")
    assert found == {
        ("geographic_threshold", 16): "none",
        ("geographic_threshold (uniform)", 16): "distribution",
    }
    trained_so = cells(
        "edge_weights@train.edge_weights=uniform",
        "edge_weights@transfer.edge_weights=[uniform]",
        "transfer.sizes=[16]",
    )
    assert trained_so == {("geographic_threshold", 16): "none"}


def test_training_and_test_instances_are_not_the_same():
    parts = study("transfer.sizes=[16]", "train.sizes=[16]")
    hashes = {data_set.data_hash for data_set in parts.data_sets}
    assert len(hashes) == len(parts.data_sets) == 3


def test_a_stream_needs_no_training_set():
    parts = study("data.stream=true")
    assert parts.train_set not in parts.data_sets
    assert parts.training_sets == [parts.val_set]


def test_a_run_older_than_a_setting_is_scored_with_its_default():
    path = next((ROOT / "results" / "inductive_bias" / "runs").glob("linear_messages-seed0-*"))
    stored = RunFolder(path).load_config()
    assert "data" not in stored
    assert "curriculum" not in stored.train
    parts = study_of(stored, {}, stored.machine)
    assert parts.settings.data == DataSource(stream=False)
    assert parts.settings.train.curriculum == Curriculum(num_steps=0, start=0.25)
    assert type(parts.build_learner()) is Supervised
    assert parts.run_hash.startswith(path.name.rpartition("-")[2])
    assert parts.config.train.optimizer == stored.train.optimizer
