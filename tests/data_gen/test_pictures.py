"""The pictures that tasks draw of their instances."""

import numpy as np
import pytest
import torch

from data_gen.cell import Cell
from data_gen.packed import Packed
from data_gen.picture import options
from data_gen.sat.decoding import LITERAL
from data_gen.shapes import Look, PictureError, Shape
from data_gen.spec import GraphOutput
from tests.conftest import study


class Answers:
    """A model whose answer after each round is a given function of the batch."""

    def __init__(self, *answers):
        self.answers = answers

    def __call__(self, batch):
        return self.rounds(batch)[-1]

    def rounds(self, batch):
        return [answer(batch) for answer in self.answers]


def instance(*overrides, size=8):
    parts = study(*overrides)
    cell = Cell(parts.task, parts.home_distribution, (size,), "test", 0)
    return parts.task, parts.task.batch(Packed.pack(cell.instances(0, 2)), [1])


def shapes(panel, kind):
    return [shape for shape in panel.shapes if shape.kind == kind]


def nothing(batch):
    return GraphOutput(
        x=torch.full((batch.num_nodes, 1), -1.0), edge_attr=torch.full((batch.num_edges, 1), -1.0)
    )


@pytest.mark.parametrize("name", ["shortest_path", "shortest_path_next_hop"])
def test_the_right_path_lies_on_the_shortest_and_arrives(name):
    task, batch = instance(f"task={name}")
    picture = task.picture(Answers(nothing, task.solution), batch)
    edges, truth, chosen = shapes(picture.panels[0], "segments")
    assert picture.captions[1] == "after round 2: arrives, none is shorter"
    assert len(edges.at(0)) == batch.num_edges  # each edge is drawn once, with two ends
    assert sorted(truth.at(1).tolist()) == sorted(chosen.at(1).tolist())
    assert len(truth.at(1)) == 2 * int(batch.graph_hops)
    (start,) = (s for s in shapes(picture.panels[0], "circle") if s.look.fill == "paper")
    (end,) = shapes(picture.panels[0], "square")
    x = batch.x.double()
    assert start.at(0).tolist() == x[x[:, 3] > 0, :2].tolist()
    assert end.at(0).tolist() == x[x[:, 4] > 0, :2].tolist()


def test_labels_that_choose_nothing_do_not_arrive():
    task, batch = instance("task=shortest_path")
    picture = task.picture(Answers(nothing), batch)
    assert picture.captions == ["does not arrive"]
    assert len(shapes(picture.panels[0], "segments")[2].at(0)) == 0


def test_a_displacement_has_the_true_end_and_that_of_the_network():
    task, batch = instance("task=displacement", size=5)
    right = task.picture(Answers(task.solution), batch)
    half = task.picture(Answers(lambda b: GraphOutput(x=0.5 * task.solution(b).x)), batch)
    for picture, share in ((right, 1.0), (half, 0.5)):
        truth, network = (
            [s for s in shapes(picture.panels[0], "line") if s.look.dash == dash]
            for dash in ("", "dashed")
        )
        assert len(truth) == len(network) == 5
        for true, guess in zip(truth, network, strict=True):
            way = true.at(0)[1] - true.at(0)[0]
            assert guess.at(0)[1] - guess.at(0)[0] == pytest.approx(share * way, abs=1e-4)
    assert right.captions == ["start and end"]


@pytest.mark.parametrize("name", ["satisfiability", "sat_assignment"])
def test_literals_keep_their_places_and_say_when_a_formula_was_solved(name):
    task, batch = instance(f"task={name}", size=6)
    states = torch.randn(batch.num_nodes, 5, generator=torch.Generator().manual_seed(0))

    def right(b):
        return task.solution(b)._replace(states=states)

    def other(_):
        return GraphOutput(x=torch.zeros(batch.num_nodes, 1), states=2 * states)

    picture = task.picture(Answers(other, right, right), batch)
    assert len(picture.captions) == 3
    assert picture.captions[1] == "after round 2"
    assert picture.title == "6 variables, solved after round 2"
    panel = picture.panels[0]
    (true,), (false,) = shapes(panel, "circle"), shapes(panel, "square")
    assert true.places[1] == true.places[2] != true.places[0]
    assert len(true.at(0)) == len(false.at(0)) == 6
    extent = np.concatenate([s.at(k) for s in (true, false) for k in range(3)])
    assert extent.min(axis=0) == pytest.approx([-1, -1])
    assert extent.max(axis=0) == pytest.approx([1, 1])
    assert int((batch.node_type == LITERAL).sum()) == 12
    assert task.picture(Answers(task.solution), batch) is None  # the model has no states to draw


def test_options_are_those_of_the_picture_and_whole_numbers():
    assert options({"every": 2}, every=1, num_frames=9) == {"every": 2, "num_frames": 9}
    for given, line in (
        ({"speed": 1}, "option must be one of every, got 'speed'"),
        ({"every": 0}, "every must be a whole number of at least 1, got 0"),
        ({"every": True}, "every must be a whole number of at least 1, got True"),
    ):
        with pytest.raises(PictureError, match=line):
            options(given, every=1)
    task, batch = instance("task=shortest_path")
    with pytest.raises(PictureError, match="options must be empty for this picture, got 'every'"):
        task.picture(Answers(nothing), batch, every=2)


def test_a_task_draws_nothing_unless_it_says_how():
    task, batch = instance("task=system_energy", size=5)
    assert task.picture(Answers(task.solution), batch) is None


def test_a_place_that_is_not_a_number_is_refused():
    with pytest.raises(PictureError, match="points of a circle"):
        Shape("circle", [[0.0, float("nan")]], Look())
