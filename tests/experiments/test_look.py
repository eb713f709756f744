"""The command that draws instances with the answers of a trained run."""

import numpy as np
import pytest

from data_gen.cell import Cell
from data_gen.packed import Packed
from data_gen.sat.decoding import LITERAL
from data_gen.sat.formula_graph import formula_of
from experiments.look import look
from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError
from experiments.tables.pictures import read_pictures
from experiments.tracking.source import source_of_run
from experiments.train import train
from tests.conftest import composed, study

SHORT = ["task.num_frames=20", "task.horizons=[1,10]", "task.valid_horizon=5"]


def trained(folder, *overrides):
    train(composed(
        "label=tiny", "model=node_mlp", "train.num_steps=5", "train.num_instances=8",
        "train.batch_size=4", "val.num_instances=4", "val.every=5", "transfer.num_instances=2",
        f"machine.data_dir={folder}/data", f"machine.runs_dir={folder}/runs", *overrides,
    ))  # fmt: skip
    return next((folder / "runs").rglob("DONE")).parent


def config(run, file, *overrides):
    return composed(
        f"run={run}", f"file={file}", *overrides, "machine.device=cpu",
        f"machine.data_dir={run.parent.parent.parent}/data", config_name="look",
    )  # fmt: skip


def looked(run, file, *overrides):
    look(config(run, file, *overrides))
    return read_pictures(file)


@pytest.fixture(scope="module")
def strings(tmp_path_factory):
    """Train on strings, which have springs, a pinned end and a disc."""
    return trained(
        tmp_path_factory.mktemp("strings"), "task=next_step", *SHORT, "transfer.sizes=[6]",
        "distribution@train.distribution=string_pinned_1", "~transfer.distributions.gravity",
        "+distribution@transfer.distributions=[string_pinned_1]", "task_label=string",
    )  # fmt: skip


@pytest.fixture(scope="module")
def formulas(tmp_path_factory):
    """Train a network that is too small to solve everything."""
    return trained(
        tmp_path_factory.mktemp("sat"), "task=satisfiability", "model=neuro_sat",
        "model.hidden_dim=8", "train.sizes=[4,5]", "train.num_instances=64", "train.num_steps=20",
        "val.num_instances=8", "val.every=20", "transfer.sizes=[5]",
    )  # fmt: skip


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return trained(
        tmp_path_factory.mktemp("paths"), "task=shortest_path_next_hop", "train.sizes=[8]",
        "transfer.sizes=[8]", "model=encode_process_decode", "model.hidden_dim=8",
    )  # fmt: skip


def shapes(panel, kind):
    return [shape for shape in panel.shapes if shape.kind == kind]


def test_a_rollout_begins_at_the_truth_and_diverges_from_it(strings, tmp_path):
    pictures = looked(strings, tmp_path / "t.json.gz", "sizes=[3,6]",
                      "picture={num_frames:12,every:4}")  # fmt: skip
    assert [picture.title for picture in pictures] == ["3 bodies", "6 bodies"]
    assert pictures[1].about == "string: tiny on string_pinned_1, size 6, instance 0"
    for picture, num_moving in zip(pictures, (2, 5), strict=True):
        assert picture.captions == ["time 0.00", "time 0.01", "time 0.02", "time 0.03"]
        assert picture.strip.times == pytest.approx(np.arange(0, 13, 4) * 2.5e-3)
        assert [trace.values[0] for trace in picture.strip.traces] == [0, 0]
        truth, network = picture.panels
        moving = [[s for s in shapes(p, "circle") if s.trail] for p in (truth, network)]
        assert len(moving[0]) == len(moving[1]) == num_moving
        assert all(a.places[0] == b.places[0] for a, b in zip(*moving, strict=True))
        assert all(a.places[3] != b.places[3] for a, b in zip(*moving, strict=True))
        held = [[s for s in p.shapes if len(s.places) == 1] for p in (truth, network)]
        assert sorted(shape.kind for shape in held[0]) == ["circle", "square"]
        assert held[0] == held[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "t.gif", "t.json.gz", "t.pdf", "t.png",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_springs_of_a_string_are_a_chain_of_its_bodies(strings, tmp_path):
    (picture,) = looked(strings, tmp_path / "t.json.gz", "sizes=[6]", "picture={num_frames:3}")
    truth = picture.panels[0]
    (springs,) = shapes(truth, "segments")
    ends = [tuple(point) for point in springs.at(0).tolist()]
    bodies = [s for s in truth.shapes if s.kind == "square" or s.trail]
    counts = sorted(ends.count(tuple(body.at(0)[0].tolist())) for body in bodies)
    assert counts == [1, 1, 2, 2, 2, 2]


@pytest.mark.slow
def test_balls_stay_within_their_walls(tmp_path):
    run = trained(
        tmp_path / "balls", "task=next_step", *SHORT, "transfer.sizes=[6]", "model=zero",
        "distribution@train.distribution=balls", "~transfer.distributions.gravity",
        "+distribution@transfer.distributions=[balls]", "task_label=balls", "train.skip=true",
    )  # fmt: skip
    (picture,) = looked(run, tmp_path / "t.json.gz", "task_label=balls")
    truth = picture.panels[0]
    (walls,) = shapes(truth, "polygon")
    half_width = np.abs(walls.at(0)).max()
    balls = shapes(truth, "circle")
    assert len(balls) == 6
    for ball, frame in ((b, f) for b in balls for f in range(len(picture.captions))):
        assert ball.radius > 0
        assert (np.abs(ball.at(frame)) + ball.radius <= half_width + 2e-3).all()


def test_the_first_formula_that_is_solved_and_the_first_that_is_not(formulas, tmp_path):
    pictures = looked(
        formulas, tmp_path / "t.json.gz", "sizes=[6]", "choose={solved:[1,0]}",
        "num_message_passing_steps=8",
    )  # fmt: skip
    parts = study("task=satisfiability", "train.sizes=[4,5]")
    cell = Cell(parts.task, parts.home_distribution, (6,), "test", 0)
    for picture, is_solved in zip(pictures, (True, False), strict=True):
        assert len(picture.captions) == 8
        (graph,) = cell.instances(*(int(picture.about.split()[-1]) + k for k in (0, 1)))
        batch = Packed.pack([graph]).batch([0])
        assert bool(batch.graph_is_sat)
        assert int((batch.node_type == LITERAL).sum()) == 12
        assert formula_of(0, batch)[0].num_variables == 6
        assert picture.title.startswith("6 variables, ")
        assert picture.title.endswith("not solved") != is_solved
        panel = picture.panels[0]
        (true,), (false,) = shapes(panel, "circle"), shapes(panel, "square")
        assert len(true.at(7)) == len(false.at(7)) == 6
        (pairs,) = shapes(panel, "segments")
        literals = {tuple(p) for s in (true, false) for p in s.at(3).tolist()}
        assert {tuple(p) for p in pairs.at(3).tolist()} == literals


def test_paths_are_chosen_after_each_round(paths, tmp_path):
    (picture,) = looked(paths, tmp_path / "t.json.gz", "num_message_passing_steps=1x")
    assert [caption.split(":")[0] for caption in picture.captions] == [
        f"after round {number}" for number in range(1, 9)
    ]
    assert picture.title.startswith("8 vertices, ")


def test_pictures_in_a_run_folder_are_mirrored(paths, tmp_path):
    look(config(paths, "null", "num_message_passing_steps=2"))
    folder = RunFolder.existing(paths)
    found = source_of_run(folder, folder.load_config(), tmp_path).pictures()
    assert [path.name for path in found] == ["look.gif", "look.png"]
    with pytest.raises(UserError, match=r"file: .*look\.json\.gz exists, take another name"):
        look(config(paths, "null"))


def test_a_look_overwrites_nothing_and_errors_are_one_line(strings, tmp_path):
    file = tmp_path / "t.json.gz"
    file.write_text("mine")
    with pytest.raises(UserError, match=r"t\.json\.gz exists"):
        look(config(strings, file))
    assert file.read_text() == "mine"
    for override, line in (
        ("picture={num_frames:21}", "picture: num_frames must be at most 20 for this motion"),
        ("picture={num_frames:0}", "picture: num_frames must be a whole number of at least 1"),
        ("picture={every:x}", "picture: every must be a whole number of at least 1, got 'x'"),
        ("picture={speed:3}", "picture: option must be one of num_frames, every, got 'speed'"),
        ("picture=3", "picture must be null or a mapping of one or more entries, got 3"),
        ("instance=-1", "instance must be a whole number of at least 0, got -1"),
        ("num_instances=0", "num_instances must be a whole number of at least 1, got 0"),
        ("sizes=6", "sizes"),
        ("sizes=[x]", "sizes"),
        ("choose={solved:[1]}", "choose must have scores among valid, .*, got 'solved'"),
        ("choose={valid:1}", "choose must be null or scores with lists of values"),
        ("choose={valid:[0.5]}", "choose: none of 2 instances has valid = 0.5"),
        ("num_message_passing_steps=fast", "num_message_passing_steps must be"),
        ("task_label=balls", r"run must match one run of task_label 'balls', got .* \(0 runs\)"),
        ("file=t.csv", "file must be a name that ends with .json.gz, got 't.csv'"),
    ):
        with pytest.raises(UserError, match=line) as raised:
            look(config(strings, tmp_path / "new.json.gz", "num_instances=2", override))
        assert "\n" not in str(raised.value)
    with pytest.raises(UserError, match="run must be a run folder"):
        look(config(strings, tmp_path / "new.json.gz", f"run={tmp_path}/no"))
    assert [path.name for path in tmp_path.iterdir()] == ["t.json.gz"]


def test_a_task_without_pictures_says_so(tmp_path):
    walk = trained(
        tmp_path / "walk", "task=satisfiability", "model=walk_sat", "train.skip=true",
        "train.sizes=[5]", "transfer.sizes=[5]",
    )  # fmt: skip
    with pytest.raises(UserError, match="run: task test has no picture for a WalkSat"):
        look(config(walk, tmp_path / "t.json.gz"))
    slots = trained(
        tmp_path / "slots", "task=next_step", *SHORT, "transfer.sizes=[6]", "model=padded_mlp",
        "model.max_num_nodes=6",
    )  # fmt: skip
    with pytest.raises(UserError, match="sizes must have graphs of at most 6 nodes, got size 12"):
        look(config(slots, tmp_path / "t.json.gz", "sizes=[12]"))
