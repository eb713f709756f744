"""The picture of a tour: its shapes and their positions."""

import numpy as np
import pytest

from data_gen.spec import GraphOutput
from tests.data_gen.test_tours import TASK, batch_of


def shapes_of(model, batch):
    picture = TASK.picture(model, batch)
    ((panel,),) = (picture.panels,)
    return picture, {(s.kind, i): s for i, s in enumerate(panel.shapes)}


def test_the_picture_of_the_solution_is_the_shortest_tour():
    batch = batch_of(9, seed=3)
    picture, shapes = shapes_of(TASK.solution, batch)
    assert len(picture.captions) == 10
    assert picture.captions[-1].endswith("none is shorter")
    tour = shapes["line", 1].at(9)
    walked = np.linalg.norm(np.diff(tour, axis=0), axis=1).sum()
    assert walked == pytest.approx(float(batch.graph_optimum))
    np.testing.assert_allclose(tour[0], tour[-1])
    corners = shapes["line", 0].at(0)
    around = np.linalg.norm(np.diff(corners, axis=0), axis=1).sum()
    assert around == pytest.approx(walked)
    for frame in range(10):
        way, here = shapes["line", 1].at(frame), shapes["circle", 4].at(frame)
        np.testing.assert_allclose(way[-1:], here)
        assert len(way) == frame + 1


def test_the_picture_of_a_worse_tour_says_how_much_longer_it_is():
    batch = batch_of(12, seed=4)
    far = lambda observed: GraphOutput(x=observed.x[:, 4:5])  # noqa: E731  (always the farthest)
    picture, _ = shapes_of(far, batch)
    gap = 100 * float(TASK.score(far, batch)["gap"])
    assert f"{gap:.1f} % longer" in picture.captions[-1]
