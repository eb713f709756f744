"""The pictures of the page: compressed without a visible change, and those of the player."""

import io

import numpy as np
import pytest
from PIL import Image

from experiments.report_page.pictures import small
from experiments.tables.pictures import plain, stored_pictures
from tests.conftest import ROOT
from tests.experiments.report_pages import data_of


@pytest.mark.parametrize("name", ["sat_difficulty/sat_difficulty", "nbody_cpu/rollout_gravity"])
def test_a_picture_gets_a_palette_and_looks_the_same(name):
    stream = io.BytesIO()  # a part of the picture, since the whole takes seconds
    with Image.open(ROOT / "results" / f"{name}.png") as picture:
        picture.crop((0, 0, 900, 600)).save(stream, "PNG", optimize=True)
    content = stream.getvalue()
    written = small(content)
    assert len(written) < len(content) / 2
    assert small(content) == written
    before, after = (
        np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
        for png in (content, written)
    )
    assert before.shape == after.shape
    assert np.abs(before - after).mean() < 1
    assert np.abs(before - after).max() < 32
    colours, counts = np.unique(before.reshape(-1, 3), axis=0, return_counts=True)
    for colour in colours[np.argsort(-counts)[:50]]:
        assert (after[(before == colour).all(axis=-1)] == colour).all()


def test_a_picture_that_a_palette_would_spoil_or_enlarge_stays():
    rng = np.random.default_rng(0)
    clear = rng.choice(np.array([0, 128], dtype=np.uint8), size=(64, 64, 4))
    photograph = rng.integers(256, size=(300, 300, 3), dtype=np.uint8)
    for pixels in (clear, photograph, np.full((2, 2), 255, dtype=np.uint8)):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "PNG", optimize=True)
        assert small(stream.getvalue()) == stream.getvalue()
    broken = (ROOT / "results/quickstart/severity.png").read_bytes()[:3000]
    huge = broken[:16] + b"\x7f\xff\xff\xff" * 2 + broken[24:]
    for content in (b"", b"x" * 100, broken, huge):
        assert small(content) == content


def test_the_player_has_the_pictures_of_all_files(page):
    for study, counts in (("nbody_cpu", [61, 61, 101, 101, 101, 101]), ("sat_cpu", [64, 64])):
        shown = data_of(page, study)["pictures"]
        stored = stored_pictures(ROOT / "results" / study)
        assert sorted(len(picture["captions"]) for picture in shown) == counts
        pairs = [(name, picture) for name, of in stored.items() for picture in of]
        assert shown == [{"file": name, **plain(picture)} for name, picture in pairs]
