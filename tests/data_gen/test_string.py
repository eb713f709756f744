import networkx as nx
import numpy as np
import pytest

from data_gen.bodies.distributions.string import String
from data_gen.bodies.dynamics.scene import DISC, MOVING, PINNED
from data_gen.bodies.dynamics.simulate import simulate
from data_gen.distribution import GenerationError

PINS = (0, 1, 2)


def rng(seed=0):
    return np.random.default_rng(seed)


def string_of(scene):
    """Return the masses in the order in which springs join them, from one of the ends."""
    graph = nx.Graph(list(zip(scene.bonds.senders, scene.bonds.receivers, strict=True)))
    ends = [node for node, degree in graph.degree if degree == 1]
    assert len(ends) == 2
    return nx.shortest_path(graph, *ends)


def heights(scene, positions):
    """Return the distances of the masses from the edge of the disc."""
    disc = scene.kinds == DISC
    apart = positions[..., ~disc, :] - positions[..., disc, :]
    return np.linalg.norm(apart, axis=-1) - scene.radii[disc]


@pytest.mark.parametrize("pins", PINS)
def test_it_is_a_line_of_that_many_masses_pinned_at_its_ends_and_a_disc(pins):
    for size in (String(pins).min_size, 5, 15, 30):
        scene = String(pins).draw(size, rng(size))
        kinds = np.bincount(scene.kinds, minlength=4)
        assert kinds.tolist() == [size - pins, pins, 1, 0]
        assert scene.kinds[-1] == DISC
        assert scene.size == size
        line = string_of(scene)
        assert sorted(line) == list(range(size))
        ends = scene.kinds[[line[0], line[-1]]]
        assert (ends == PINNED).sum() == pins
        assert not scene.velocities[scene.kinds != MOVING].any()
        assert len(scene.bonds.senders) == 2 * (size - 1)


@pytest.mark.parametrize("pins", PINS)
def test_it_starts_nearly_level_and_stretched_above_a_disc_that_is_under_it(pins):
    places = []
    for seed in range(40):
        scene = String(pins).draw(15, rng(seed))
        line = scene.positions[string_of(scene)]
        steps = np.diff(line, axis=0)
        lengths = np.linalg.norm(steps, axis=1)
        assert 0.2 <= lengths.min() <= lengths.max() <= 0.21
        assert np.abs(steps[:, 1] / lengths).max() <= np.sin(0.3)
        assert heights(scene, scene.positions).min() > 0
        top = scene.positions[-1, 1] + scene.radii[-1]
        assert 0.02 * 2.8 <= line[:, 1].min() - top <= 0.1 * 2.8
        left, right = np.sort(line[[0, -1], 0])
        place = (scene.positions[-1, 0] - left) / (right - left)
        assert 0 <= place <= 1
        places.append(place)
    assert np.std(places) == pytest.approx(12**-0.5, rel=0.3)


@pytest.mark.parametrize("pins", PINS)
def test_a_thousand_frames_fall_hit_the_disc_and_gain_no_energy(pins):
    hits = []
    for seed in range(8):
        scene = String(pins).draw(15, rng(seed))
        motion = simulate(scene, 1000)
        assert motion.scene.clock == scene.clock
        scale = motion.kinetic.max()
        assert np.diff(motion.energy).max() <= 1e-3 * scale  # in each frame
        assert motion.drift <= 1e-3  # in the whole motion
        # contact with the disc and drag take energy
        assert motion.energy[-1] < motion.energy[0] - 0.05 * scale
        moving = scene.kinds[:-1] == MOVING
        depth = -heights(scene, motion.positions)[:, moving] / scene.radii[-1]
        hits.append(depth.max() > 0)
        assert depth.max() < 0.15
        assert motion.positions[-1, :-1, 1].min() < scene.positions[:-1, 1].min() - 0.3
        still = scene.kinds != MOVING
        assert np.array_equal(motion.positions[-1, still], scene.positions[still])
    assert sum(hits) >= 7


def test_pinned_strings_swing():
    scene = String(1).draw(15, rng(1))
    motion = simulate(scene, 1000)
    moving = scene.kinds == MOVING
    across = motion.velocities[:, moving, 0].mean(axis=1)
    assert across.max() > 0.1
    assert across.min() < -0.1


def test_one_frame_is_short_against_the_fastest_oscillation():
    scene = String().draw(15, rng())
    fastest = 2 * np.sqrt(scene.bonds.stiffness.max() / scene.masses.min())
    contact = np.sqrt(scene.law.contact_stiffness / scene.masses.min())
    assert scene.clock.time_step * fastest < 0.25
    assert scene.clock.time_step / scene.clock.substeps * contact < 0.1
    assert scene.clock.substeps >= 10


def test_finer_steps_move_a_string_alike():
    scene = String(2).draw(8, rng())
    finer = scene._replace(clock=scene.clock._replace(substeps=80))
    coarse, fine = simulate(scene, 150), simulate(finer, 150)
    assert (heights(scene, coarse.positions) < 0).any()  # the string has hit the disc
    assert coarse.positions == pytest.approx(fine.positions, abs=2e-3)


def test_the_index_of_a_mass_tells_nothing_of_its_place():
    gaps, places = [], []
    for seed in range(200):
        scene = String(1).draw(12, rng(seed))
        gaps.append(np.abs(scene.bonds.senders - scene.bonds.receivers).mean())
        places.append(np.corrcoef(np.arange(12), scene.positions[:-1, 0])[0, 1])
    # the mean gap of two distinct uniform indices
    assert np.mean(gaps) == pytest.approx(13 / 3, rel=0.04)
    assert abs(np.mean(places)) < 0.06


def test_the_generator_alone_decides_the_scene():
    first, again, other = (String(1).draw(9, rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.positions, again.positions)
    assert np.array_equal(first.bonds.senders, again.bonds.senders)
    assert not np.array_equal(first.positions, other.positions)


def test_bad_arguments_and_sizes_are_named_in_one_line():
    for arguments in ({"num_pinned": 3}, {"gap": [0.2, 0.1]}, {"disc_radius": [0.0, 1.0]}):
        with pytest.raises(ValueError, match=rf"^{next(iter(arguments))} must be [^\n]+, got"):
            String(**arguments)
    for pins, size in ((0, 1), (1, 1), (2, 2)):
        with pytest.raises(
            GenerationError, match=rf"size must be at least {size + 1}, got {size}$"
        ):
            String(pins).draw(size, rng())
