"""The SAT studies: their configurations on a CPU, and their tables."""

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from data_gen.cell import Cell
from data_gen.packed import Packed
from data_gen.spec import GraphOutput
from experiments.run.batches import CachedBatches
from experiments.run.evaluation import score_instances
from experiments.run.fit import Fit
from experiments.settings.errors import UserError
from experiments.tables.cells import read_cells
from experiments.tables.rows import read_table
from experiments.train import train
from tests.conftest import ROOT, composed, study


@pytest.mark.parametrize("num_updates", [3, pytest.param(100, marks=pytest.mark.slow)])
def test_the_first_updates_of_sat_gpu_run_on_a_cpu(tmp_path, num_updates):
    """Run as configured, but with 2 instead of 512 formulas in a batch.

    The gradient passes through the last rounds only, so it reaches the parameters of the initial
    states only if few rounds are drawn, which may not happen in three updates.
    """
    late = {"literal_start", "clause_start"} if num_updates < 100 else set()
    parts = study("experiment=sat_gpu", "machine.device=cpu", "train.batch_size=2",
                  "train.num_instances=100", f"machine.data_dir={tmp_path}")  # fmt: skip
    torch.manual_seed(0)
    model = parts.build_model()
    assert (model.num_message_passing_steps, model.literal_start.shape) == (26, (128,))
    batches = CachedBatches(
        parts.settings, parts.train_set.load(), parts.task, parts.train_set.cell.group_size
    )
    fit = Fit(parts, model, batches)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    losses = []
    for fit.step in range(num_updates):
        losses.append(float(fit.update()))
    assert np.isfinite(losses).all()
    moved = [name for name, value in model.state_dict().items() if not value.equal(before[name])]
    assert set(moved) | late == {name for name, _ in model.named_parameters()}
    sizes = [batches.batch(step).graph_num_variables.max() for step in (0, 5999)]
    assert sizes[0] < sizes[1] <= 40


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory):
    """Train a network that is too small to solve everything."""
    folder = tmp_path_factory.mktemp("sat")
    config = composed(
        "task=satisfiability", "model=neuro_sat", "model.hidden_dim=8", "label=tiny",
        "train.sizes=[4,5]", "train.num_instances=64", "train.num_steps=20", "val.num_instances=8",
        "val.every=20", "transfer.num_instances=6", "transfer.sizes=[5,6]",
        "transfer.num_message_passing_steps=[4,16]",
        f"machine.data_dir={folder}/data", f"machine.runs_dir={folder}/runs",
    )  # fmt: skip
    train(config)
    return next((folder / "runs").rglob("DONE")).parent


def test_rows_are_of_the_instances_that_have_a_score(tiny_run):
    rows = {(r.metric, r.size, r.steps_rule): r for r in read_table(tiny_run / "transfer.csv")}
    assert rows["correct", 5, "4"].num_instances == 6
    for metric in ("solved", "correct_sat", "correct_unsat", "agreement", "clauses_satisfied"):
        assert rows[metric, 5, "4"].num_instances == 3  # one of each pair
    both = (rows["correct_sat", 5, "4"].mean + rows["correct_unsat", 5, "4"].mean) / 2
    assert rows["correct", 5, "4"].mean == pytest.approx(both)


def test_answers_that_are_nan_are_an_error_and_not_a_decision():
    parts = study("task=satisfiability", "train.sizes=[5]")
    packed = Packed.pack(Cell(parts.task, parts.home_distribution, (5,), "test").instances(0, 4))

    def answer(batch):
        votes = torch.full((len(batch.node_type), 1), torch.nan)
        return GraphOutput(x=votes), torch.full((batch.num_graphs,), 3)

    with pytest.raises(UserError, match=r"not a number, among instances \[0, 1, 2, 3\]"):
        score_instances(parts.task, answer, packed)


@pytest.mark.parametrize(
    ("panel", "column", "wanted"),
    [
        ("tested at 25 variables", "variables", 25),
        ("tested at 14 conflicts of MiniSat", "conflicts", 14),
    ],
)
def test_the_cells_of_a_panel_are_as_large_or_as_hard_as_one_another(panel, column, wanted):
    """Check the columns of the figure of families against the committed table of cells."""
    figure = OmegaConf.load(ROOT / "conf" / "figure" / "sat_families.yaml")
    cells = read_cells(ROOT / "results" / "sat_families" / "cells.csv")
    of = {(cell.distribution, cell.size): cell.facts[column] for cell in cells}
    (columns,) = [found.columns for found in figure.panels if found.name == panel]
    found = [of[place.distribution, place.size] for place in columns.values()]
    assert len(found) == 7
    assert all(0.75 * wanted <= value <= 1.25 * wanted for value in found), found
