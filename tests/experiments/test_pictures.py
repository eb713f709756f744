"""Pictures as files and as images: equal pictures give equal bytes."""

import dataclasses
import gzip
import json
import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from data_gen.picture import Key, Panel, Picture, Strip, Trace
from data_gen.shapes import Look, Shape, places
from experiments.figures.exhibit import Tables
from experiments.figures.pictures import Pictures
from experiments.figures.style import LOOK
from experiments.settings.errors import UserError
from experiments.tables.pictures import plain, read_pictures, stored_pictures, write_pictures
from tests.conftest import ROOT

BLUE, DASHED = Look(0, fill=0), Look("ink", 1.0, "dashed")


def spiral(title="two $bodies", num_frames=6, summary=True):
    """Make a picture of all kinds of shapes, two of which move."""
    turn = np.linspace(0, 2, num_frames)
    track = np.stack([np.cos(turn), np.sin(turn)], axis=1)[:, None]  # [F, 1, 2]
    shapes = [
        Shape("polygon", places([(-1, -1), (1, -1), (1, 1)]), Look("rule", 1.0, fill="paper")),
        Shape("segments", places([(-1, 0), (1, 0), (0, -1), (0, 1)]), DASHED),
        Shape("circle", places(track), BLUE, 0.1, trail=3),
        Shape("square", places(-track), Look(1, 0.5, fill="soft", opacity=0.5), 0.1),
        Shape("cross", places([(0.5, 0.5)]), Look(8, 1.0), 0.1),
        Shape("label", places([(0, -0.8)]), Look("soft"), text="cost: $5_"),
        Shape("line", [[], *([0.0, 0.0, *end] for end in places(track))][:num_frames], DASHED),
    ]
    panels = [Panel("truth", shapes, [Key("body", "circle", BLUE)]), Panel("network", shapes[:3])]
    values = np.linspace(0, -1, num_frames).tolist()
    strip = Strip("energy, by $m$", "time", np.arange(num_frames).tolist(),
                  [Trace("truth", values, DASHED)])  # fmt: skip
    captions = [f"time {number}" for number in range(num_frames)]
    whole = Panel("", [Shape("line", places(track[:, 0]), BLUE)]) if summary else None
    return Picture(title, [-1.2, -1.2, 1.2, 1.2], captions, panels, whole, strip, "by hand")


def tables(*pictures):
    return Tables([], {}, pictures={"x": list(pictures)})


def pixels(figure):
    with mpl.rc_context({**LOOK, "figure.dpi": 40}):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())


def test_a_file_gives_back_its_pictures_in_the_same_bytes(tmp_path):
    first, second = tmp_path / "a.json.gz", tmp_path / "b.json.gz"
    write_pictures([spiral(), spiral("other", summary=False)], first)
    read = read_pictures(first)
    write_pictures(read, second)
    assert first.read_bytes() == second.read_bytes()
    assert [picture.title for picture in read] == ["two $bodies", "other"]
    circle = spiral().panels[0].shapes[2]
    assert read[0].panels[0].shapes[2].at(4) == pytest.approx(circle.at(4), abs=1e-4)
    assert read[0].panels[0].legend == (Key("body", "circle", BLUE),)
    assert read[1].summary is None
    assert stored_pictures(tmp_path) == {"a": read, "b": read}


def changed(*path, value):
    """Return a picture as data with one value replaced, or removed if it is None."""
    data = json.loads(json.dumps(plain(spiral())))
    at = data
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return data


SHAPE = ("panels", 0, "shapes")


@pytest.mark.parametrize(
    "data",
    [
        {}, 3, None, "x", [],
        changed("title", value=3),
        changed("title", value="x" * 10_000),
        changed("about", value=["x"]),
        changed("window", value=[0, 0, 0, 1]),
        changed("window", value=[0, 0, 1]),
        changed("window", value=[0, 0, 1, "1"]),
        changed("captions", value=[]),
        changed("captions", value=3),
        changed("captions", 0, value=None),
        changed("panels", value=[]),
        changed("panels", value=3),
        changed("speed", value=1),
        changed("summary", value=[]),
        changed("strip", "times", value=[1, 2]),
        changed("strip", "times", 0, value="x"),
        changed("strip", "traces", 0, "values", 2, value=float("nan")),
        changed("strip", "traces", 0, "look", value=None),
        changed(*SHAPE, 0, "kind", value="star"),
        changed(*SHAPE, 0, "kind", value=["circle"]),
        changed(*SHAPE, 1, "places", 0, value=[0, 0]),
        changed(*SHAPE, 2, "places", 0, value=[0, float("nan")]),
        changed(*SHAPE, 2, "places", 0, value=[0, 1e30]),
        changed(*SHAPE, 2, "places", 0, value="01"),
        changed(*SHAPE, 2, "places", value=[[0, 0], [0, 0]]),
        changed(*SHAPE, 2, "places", value=None),
        changed(*SHAPE, 2, "radius", value=-1),
        changed(*SHAPE, 2, "trail", value=1e9),
        changed(*SHAPE, 2, "look", "colour", value="red"),
        changed(*SHAPE, 2, "look", "colour", value=True),
        changed(*SHAPE, 2, "look", "colour", value=None),
        changed(*SHAPE, 2, "look", "fill", value=-1),
        changed(*SHAPE, 2, "look", "width", value=float("inf")),
        changed(*SHAPE, 1, "look", "dash", value="-."),
        changed(*SHAPE, 2, "look", "opacity", value=2),
        changed("panels", 0, "legend", 0, "kind", value="label"),
    ],
)  # fmt: skip
def test_invalid_picture_data_is_one_line(tmp_path, data):
    path = tmp_path / "x.json.gz"
    path.write_bytes(gzip.compress(json.dumps([data]).encode()))
    with pytest.raises(UserError, match=re.escape(f"{path}: not a file of pictures (")) as raised:
        read_pictures(path)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


def test_a_file_of_too_many_or_too_deep_parts_is_one_line(tmp_path, monkeypatch):
    path = tmp_path / "x.json.gz"
    path.write_bytes(gzip.compress(b"[" * 100_000 + b"]" * 100_000))
    with pytest.raises(UserError, match="recursion"):
        read_pictures(path)
    path.write_bytes(gzip.compress(b"[{},[]]"))
    monkeypatch.setattr("experiments.tables.pictures.MOST_PARTS", 2)
    with pytest.raises(UserError, match=r"file of pictures \(more than 2 lists and mappings\)$"):
        read_pictures(path)


def test_the_same_pictures_give_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setitem(LOOK, "savefig.dpi", 40)
    frames = Pictures.frames
    monkeypatch.setattr(Pictures, "frames", lambda *given: frames(*given)[-3:])  # draws each
    found = tables(spiral(num_frames=3), spiral(num_frames=3, summary=False))
    for figure in (
        Pictures("s", "x", num_frames=2),
        Pictures("s", "x", num_frames=2, shown=(0, 2), moving=(1,)),
    ):
        drawn = [figure.save(found, tmp_path / name) for name in "ab"]
        assert [path.suffix for path in drawn[0]] == [".png", ".pdf", ".gif"]
        for first, second in zip(*drawn, strict=True):
            assert first.read_bytes() == second.read_bytes()


def test_an_animation_moves_and_a_picture_of_one_frame_has_none():
    figure = Pictures("s", "x", num_frames=3)
    frames = figure.frames(tables(spiral(), spiral(num_frames=2)))
    assert len(frames) == 36
    assert len(set(map(id, frames))) == 3
    first, last = map(pixels, (frames[0], frames[-1]))
    assert first.shape == last.shape
    assert (first != last).any()
    assert not figure.frames(tables(spiral(num_frames=1)))


def test_a_still_has_a_column_for_each_picture_and_a_strip_a_row():
    found = tables(spiral(), spiral(summary=False))
    still = Pictures("s", "x").draw(found)
    titles = [axes.get_title() for axes in still.axes]
    assert titles == [
        r"two \$bodies", "", "two \\$bodies\ntime 5\ntruth", "two \\$bodies\ntime 5\nnetwork", "",
    ]  # fmt: skip
    strip = Pictures("s", "x", shown=(0, 3, 5)).draw(found)
    assert len(strip.axes) == 2 * 3 * 2
    assert [axes.get_title() for axes in strip.axes[:6:2]] == ["time 0", "time 3", "time 5"]
    assert not Pictures("s", "y").can_draw(found)


def test_unknown_picture_numbers_are_one_line():
    line = r"figure of x must have numbers from 0 to \d, got \[\d\]"
    with pytest.raises(UserError, match=line):
        Pictures("s", "x", shown=(6,)).draw(tables(spiral()))
    with pytest.raises(UserError, match=line):
        Pictures("s", "x", moving=(1,)).frames(tables(spiral()))


def test_every_kind_of_shape_leaves_ink():
    empty = dataclasses.replace(spiral(), panels=[Panel("", [])], summary=None, strip=None)
    blank = pixels(Pictures("s", "x").draw(tables(empty)))
    for shape in spiral().panels[0].shapes:
        alone = dataclasses.replace(empty, panels=[Panel("", [shape])])
        assert (pixels(Pictures("s", "x").draw(tables(alone))) != blank).any(), shape.kind


def test_the_committed_pictures_are_small():
    files = list((ROOT / "results").rglob("*.json.gz"))
    assert len(files) >= 5
    assert sum(path.stat().st_size for path in files) < 300_000
