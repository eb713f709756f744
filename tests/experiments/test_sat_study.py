"""The SAT studies: what runs before there is a GPU, what their tables and pictures hold."""

from collections import defaultdict

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from data_gen.cell import Cell
from data_gen.packed import Packed
from data_gen.sat.formula_graph import formula_of
from data_gen.spec import GraphOutput
from data_gen.summary import CellSummary
from experiments.embed import embed
from experiments.figures.literal_embedding import LiteralEmbedding
from experiments.figures.style import Tables, _animate
from experiments.run.batches import CachedBatches
from experiments.run.evaluation import score_instances
from experiments.run.fit import Fit
from experiments.settings.errors import UserError
from experiments.tables.literal_points import LiteralPoint
from experiments.tables.rows import read_table
from experiments.train import train
from tests.conftest import ROOT, composed, study


def test_the_first_hundred_updates_of_sat_gpu_run_on_a_cpu(tmp_path):
    """As configured, but for the number of formulas in a batch: 2 in the place of 512."""
    parts = study("experiment=sat_gpu", "machine.device=cpu", "train.batch_size=2",
                  "train.num_instances=400", f"machine.data_dir={tmp_path}")  # fmt: skip
    torch.manual_seed(0)
    model = parts.build_model()
    assert (model.num_message_passing_steps, model.literal_start.shape) == (26, (128,))
    batches = CachedBatches(
        parts.settings, parts.train_set.load(), parts.task, parts.train_set.cell.group_size
    )
    fit = Fit(parts, model, batches)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    losses = []
    for fit.step in range(100):
        losses.append(float(fit.update()))
    assert np.isfinite(losses).all()
    moved = [name for name, value in model.state_dict().items() if not value.equal(before[name])]
    assert set(moved) == {name for name, _ in model.named_parameters()}
    sizes = [batches.batch(step).graph_num_variables.max() for step in (0, 5999)]
    assert sizes[0] < sizes[1] <= 40


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory):
    """A network too small to solve everything."""
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


def embed_config(folder, file, **changes):
    machine = {
        "device": "cpu",
        "num_threads": 1,
        "num_workers": 1,
        "data_dir": str(folder / "data"),
    }
    values = {
        "run": str(folder),
        "size": 6,
        "num_instances": 60,
        "num_rounds": 8,
        "file": str(file),
    }
    return OmegaConf.create({**values, **changes, "machine": machine})


def test_rows_are_of_the_instances_that_have_a_score(tiny_run):
    rows = {(r.metric, r.size, r.steps_rule): r for r in read_table(tiny_run / "transfer.csv")}
    assert rows["correct", 5, "4"].num_instances == 6
    for metric in ("solved", "correct_sat", "correct_unsat", "agreement", "clauses_satisfied"):
        assert rows[metric, 5, "4"].num_instances == 3  # one of each pair
    both = (rows["correct_sat", 5, "4"].mean + rows["correct_unsat", 5, "4"].mean) / 2
    assert rows["correct", 5, "4"].mean == pytest.approx(both)


def test_looking_inside_shows_a_formula_that_is_solved_and_one_that_is_not(tiny_run, tmp_path):
    file = tmp_path / "literals.csv"
    embed(embed_config(tiny_run, file))
    points = read_table(file, LiteralPoint)
    of = defaultdict(list)
    for point in points:
        of[point.is_solved, point.instance].append(point)
    assert sorted(solved for solved, _ in of) == [0, 1]
    parts = study("task=satisfiability", "train.sizes=[4,5]")
    cell = Cell(parts.task, parts.home_distribution, (6,), "test", 0)
    for (solved, instance), mine in of.items():
        (graph,) = cell.instances(instance, instance + 1)
        batch = Packed.pack([graph]).batch([0])
        assert bool(batch.graph_is_sat)
        formula, _ = formula_of(0, batch)
        last = {p.literal: p.is_true for p in mine if p.round == 8}
        assert sorted(last) == [v for v in range(-6, 7) if v]
        assert all(last[v] != last[-v] for v in range(1, 7))
        truth = np.array([last[v] == 1 for v in range(1, 7)])
        assert formula.is_satisfied(truth) == bool(solved)
        assert {p.round for p in mine} == set(range(1, 9))
        assert (0 < mine[0].solved_after <= 8) or not solved


def test_looking_inside_overwrites_nothing_and_needs_one_run(tiny_run, tmp_path):
    file = tmp_path / "literals.csv"
    file.write_text("mine")
    with pytest.raises(UserError, match="exists"):
        embed(embed_config(tiny_run, file))
    assert file.read_text() == "mine"
    with pytest.raises(UserError, match="not a run folder"):
        embed(embed_config(tiny_run, tmp_path / "other.csv", run=str(tmp_path / "no")))
    with pytest.raises(UserError, match="none is solved"):
        embed(embed_config(tiny_run, tmp_path / "other.csv", num_instances=2))
    with pytest.raises(UserError, match="num_rounds: 0"):
        embed(embed_config(tiny_run, tmp_path / "other.csv", num_rounds=0))
    assert [path.name for path in tmp_path.iterdir()] == ["literals.csv"]


def test_a_model_without_states_cannot_be_looked_into(tmp_path):
    train(composed(
        "task=satisfiability", "model=walk_sat", "label=walk", "train.skip=true",
        "train.sizes=[5]", "transfer.sizes=[5]", "transfer.num_instances=4",
        "val.num_instances=4", "train.num_instances=4",
        f"machine.data_dir={tmp_path}/data", f"machine.runs_dir={tmp_path}/runs",
    ))  # fmt: skip
    run = next((tmp_path / "runs").rglob("DONE")).parent
    with pytest.raises(UserError, match="is of a WalkSat, without states"):
        embed(embed_config(run, tmp_path / "literals.csv", size=5))


def test_a_strip_and_an_animation_are_drawn_from_the_table_alone(tiny_run, tmp_path):
    file = tmp_path / "literals.csv"
    embed(embed_config(tiny_run, file))
    figure = LiteralEmbedding("s", rounds=(1, 4, 8), last_frame=3)
    tables = Tables([], {}, read_table(file, LiteralPoint))
    assert not figure.can_draw(Tables([], {}))
    assert len(figure.draw(tables).axes) == 6
    frames = [_animate(figure.frames(tables), tmp_path / name)[0] for name in "ab"]
    assert frames[0].read_bytes() == frames[1].read_bytes()


def test_answers_that_are_not_numbers_are_an_error_not_a_verdict():
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
    """What the figure of families says of its columns, by the committed table of cells."""
    figure = OmegaConf.load(ROOT / "conf" / "figure" / "sat_families.yaml")
    cells = read_table(ROOT / "results" / "sat_families" / "cells.csv", CellSummary)
    of = {(cell.distribution, cell.size): getattr(cell, column) for cell in cells}
    found = [of[place.distribution, place.size] for place in figure.panels[panel]]
    assert len(found) == 7
    assert all(0.75 * wanted <= value <= 1.25 * wanted for value in found), found
