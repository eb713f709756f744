import numpy as np
import pytest
from scipy.stats import kstest

from data_gen.bodies.distributions.balls import Balls
from data_gen.bodies.dynamics.scene import MOVING, Scene
from data_gen.bodies.dynamics.simulate import simulate
from data_gen.distribution import GenerationError

DENSE = Balls(half_width=1.25)
LAWS = [Balls(), Balls(fixed_box=True), DENSE]


def rng(seed=0):
    return np.random.default_rng(seed)


def draws(law, size, count):
    generator = rng()
    return [law.draw(size, generator) for _ in range(count)]


def gaps(scene, positions):
    """Return the gap between the surfaces of every two balls [..., pairs]."""
    i, j = np.triu_indices(len(scene.radii), 1)
    apart = np.linalg.norm(positions[..., i, :] - positions[..., j, :], axis=-1)
    return apart - scene.radii[i] - scene.radii[j]


@pytest.mark.parametrize("law", LAWS)
def test_it_draws_that_many_balls_apart_and_within_the_box(law):
    assert law.structure is Scene
    for size in (1, 2, 6, 13, 24):
        scene = law.draw(size, rng(size))
        assert scene.size == len(scene.positions) == size
        assert (scene.kinds == MOVING).all()
        assert size == 1 or gaps(scene, scene.positions).min() > 0
        assert (np.abs(scene.positions) + scene.radii[:, None]).max() <= scene.law.half_width
        assert (scene.law.box, scene.law.scheme) == ("reflecting", "collisions")


def test_the_box_grows_with_the_balls_unless_it_is_fixed():
    for size in (3, 6, 24):
        assert Balls(fixed_box=True).draw(size, rng()).law.half_width == 2.5
        assert Balls().draw(size, rng()).law.half_width ** 2 / size == pytest.approx(2.5**2 / 6)


def test_radii_masses_speeds_and_directions_are_uniform():
    scenes = draws(Balls(), 6, 200)
    radii = np.concatenate([scene.radii for scene in scenes])
    masses = np.concatenate([scene.masses for scene in scenes])
    v = np.concatenate([scene.velocities for scene in scenes])
    angles = np.arctan2(v[:, 1], v[:, 0])
    assert kstest(radii, "uniform", (0.1, 0.2)).pvalue > 1e-3
    assert kstest(masses, "uniform", (0.75, 0.5)).pvalue > 1e-3
    assert kstest(np.linalg.norm(v, axis=1), "uniform", (0, 4)).pvalue > 1e-3
    assert kstest(angles, "uniform", (-np.pi, 2 * np.pi)).pvalue > 1e-3
    assert abs(np.corrcoef(radii, masses)[0, 1]) < 0.1


def test_the_index_of_a_ball_tells_nothing():
    scenes, index = draws(DENSE, 16, 300), np.arange(16)
    for values in ("radii", "masses"):
        found = [np.corrcoef(index, getattr(scene, values))[0, 1] for scene in scenes]
        assert abs(np.mean(found)) < 0.06
    for axis in range(2):
        found = [np.corrcoef(index, scene.positions[:, axis])[0, 1] for scene in scenes]
        assert abs(np.mean(found)) < 0.06
    outside = [np.corrcoef(index, np.abs(scene.positions).max(axis=1))[0, 1] for scene in scenes]
    assert abs(np.mean(outside)) < 0.06  # a ball placed last would lie near a wall


def test_the_generator_alone_decides_the_scene():
    first, again, other = (Balls().draw(6, rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.positions, again.positions)
    assert np.array_equal(first.velocities, again.velocities)
    assert not np.array_equal(first.positions, other.positions)


@pytest.mark.parametrize("law", LAWS)
def test_a_thousand_frames_keep_energy_and_never_show_an_overlap(law):
    for size in (6, 12):
        scene = law.draw(size, rng(size))
        motion = simulate(scene, 1000)
        assert motion.drift < 1e-12
        turned = np.abs(np.diff(motion.velocities, axis=0)).max(axis=-1) > 1e-9  # [T, n]
        assert (turned.sum(axis=0) > 1).all()  # every ball collides at least twice
        # depth of overlap between balls, then with walls, relative to the smallest radius
        assert gaps(scene, motion.positions).min() > -1e-3 * scene.radii.min()
        reach = np.abs(motion.positions) + scene.radii[:, None]
        assert reach.max() < scene.law.half_width + 1e-3 * scene.radii.min()


def test_restitution_below_one_loses_energy():
    motion = simulate(Balls(restitution=0.5).draw(6, rng()), 1000)
    assert (np.diff(motion.energy) <= 1e-12).all()
    assert motion.energy[-1] < 0.5 * motion.energy[0]
    assert motion.is_clean


def test_balls_that_do_not_fit_are_an_error_in_one_line():
    for law, size in ((Balls(half_width=0.2, radius=[0.3, 0.3]), 6), (DENSE, 0)):
        with pytest.raises(
            GenerationError, match=r"^[^\n]*(6 balls do not fit|size must [^\n]+ 0)[^\n]*$"
        ):
            law.draw(size, rng())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("radius", [0.3, 0.1]),
        ("mass", [0.0, 1.0]),
        ("speed", 0.0),
        ("restitution", 1.5),
        ("half_width", -1.0),
        ("time_step", float("nan")),
    ],
)
def test_a_bad_argument_is_named_in_one_line(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be [^\n]+, got [^\n]+$"):
        Balls(**{name: value})
