"""Gravity, charges and springs: our simulators, and exact copies of published generators."""

import numpy as np
import pytest

from data_gen.bodies.distributions.charges import Charges
from data_gen.bodies.distributions.gravity import DENSITY, STAR_MASS, Gravity
from data_gen.bodies.distributions.springs import Springs
from data_gen.bodies.dynamics.simulate import coarse, simulate


def rng(seed=0):
    return np.random.default_rng(seed)


def motions(law, size, count, num_frames, seed=0):
    generator = rng(seed)
    return [simulate(law.draw(size, generator), num_frames) for _ in range(count)]


def published_loop(scenes, force, num_frames, box=None):
    """Simulate as NRI and EGNN do: steps of 0.001, every 100th position kept [T, B, n, d]."""
    x = np.array([scene.positions for scene in scenes])
    v = np.array([scene.velocities for scene in scenes])
    v, kept = v + 1e-3 * np.clip(force(x), -100, 100), []
    for step in range(1, 100 * num_frames + 1):
        x = x + 1e-3 * v
        if box is not None:
            over, under = x > box, x < -box
            v = np.where(over, -np.abs(v), np.where(under, np.abs(v), v))
            x = np.where(over, 2 * box - x, np.where(under, -2 * box - x, x))
        if step % 100 == 0:
            kept.append(x)
        v = v + 1e-3 * np.clip(force(x), -100, 100)
    return np.array(kept)


def coulomb(scenes):
    charges = np.array([scene.charges for scene in scenes])

    def force(x):
        apart = x[:, :, None] - x[:, None]
        squared = (apart**2).sum(axis=-1)
        with np.errstate(divide="ignore"):
            sizes = charges[:, :, None] * charges[:, None] / squared**1.5
        sizes[:, range(x.shape[1]), range(x.shape[1])] = 0
        return (sizes[..., None] * apart).sum(axis=2)

    return force


@pytest.mark.parametrize(("compat", "dim", "box"), [("egnn", 3, None), ("nri", 2, 5.0)])
def test_published_charges_move_as_the_published_loop_has_them(compat, dim, box):
    law = Charges(dim=dim, compat=compat)
    ours = motions(law, 5, 40, 10)
    scenes = [motion.scene for motion in ours]
    theirs = published_loop(scenes, coulomb(scenes), 10, box)
    ours = np.array([motion.positions[1:] for motion in ours]).swapaxes(0, 1)
    apart = np.abs(ours - theirs).max(axis=(0, 2, 3))
    assert np.median(apart) < 1e-12  # rounding errors grow where charges come close
    assert (apart < 1e-6).mean() > 0.9


def test_published_springs_move_as_the_published_loop_has_them_and_never_meet_a_wall():
    ours = motions(Springs(compat="nri"), 5, 20, 20)
    adjacency = np.zeros((20, 5, 5))
    for matrix, motion in zip(adjacency, ours, strict=True):
        matrix[motion.scene.bonds.senders, motion.scene.bonds.receivers] = 1

    def force(x):
        return -0.1 * (adjacency[..., None] * (x[:, :, None] - x[:, None])).sum(axis=2)

    theirs = published_loop([motion.scene for motion in ours], force, 20)
    both = np.array([motion.positions[1:] for motion in ours]).swapaxes(0, 1)
    assert both == pytest.approx(theirs, abs=1e-10)
    long = motions(Springs(compat="nri"), 10, 100, 49)
    assert max(np.abs(motion.positions).max() for motion in long) < 5
    assert max(motion.drift for motion in long) < 1e-3


def linear_baseline(seed):
    """Fit t of the baseline x + t v, ten frames on, to 2,000 scenes; return t and the errors."""
    frames = motions(Charges(compat="egnn", skip=31), 5, 2000, 10, seed)
    way = np.array([m.positions[10] - m.positions[0] for m in frames])
    velocity = np.array([m.velocities[0] for m in frames])
    time = (way * velocity).sum() / (velocity**2).sum()
    return time, ((way - time * velocity) ** 2).mean(axis=(1, 2))


def test_the_linear_baseline_of_egnn_is_the_published_one():
    """The published error is 0.0819 (Satorras et al. 2021, table 2), ± 0.0053 for 2,000 scenes."""
    time, errors = linear_baseline(0)
    assert 0.70 < time < 0.76
    assert errors.mean() == pytest.approx(0.0853, abs=0.008)
    assert errors.mean() == pytest.approx(0.0819, abs=0.008)


@pytest.mark.slow
def test_of_thirty_thousand_scenes_the_linear_baseline_is_a_little_above_the_published_one():
    samples = [linear_baseline(seed)[1] for seed in range(15)]
    six = [errors.mean() for errors in samples[:6]]
    assert six == pytest.approx([0.0862, 0.0869, 0.0857, 0.0812, 0.0846, 0.0837], abs=6e-5)
    errors = np.concatenate(samples)
    assert errors.mean() == pytest.approx(0.0853, abs=0.0014)
    assert 1.96 * errors.std() / np.sqrt(2000) == pytest.approx(0.0053, abs=0.0004)


def test_charges_lose_their_energy_as_published_and_keep_it_here():
    published, clean = (motions(Charges(compat=c), 5, 200, 50) for c in ("egnn", ""))
    change = [[np.abs(m.energy - m.energy[0]).max() for m in of] for of in (published, clean)]
    assert 0.30 < np.mean(np.array(change[0]) > 0.1) < 0.55  # 0.42 in a sample of 400 scenes
    assert max(change[1]) < 0.1


@pytest.mark.parametrize("dim", [2, 3])
def test_bodies_have_as_much_room_at_any_number(dim):
    generator, law = rng(), Gravity(dim=dim)
    for size in (3, 12, 48):
        scenes = [law.draw(size, generator) for _ in range(60)]
        reach = np.mean([(s.positions**2).sum(axis=1).mean() for s in scenes])
        # the squared radius of a uniform ball with this second moment
        radius2 = reach * (dim + 2) / dim / (1 - 1 / size)
        room = np.pi * radius2 if dim == 2 else 4 * np.pi / 3 * radius2**1.5
        assert size / room == pytest.approx(DENSITY, rel=0.12)


def test_gravity_starts_with_its_centre_of_mass_at_rest_in_the_origin():
    for start in ("free", "orbits", "both"):
        scene = Gravity(start=start).draw(7, rng())
        for part in (scene.positions, scene.velocities):
            assert scene.masses @ part == pytest.approx(np.zeros(2), abs=1e-12)


def test_planets_go_round_on_circles():
    law = Gravity(start="orbits", mass_ratio=1.0, density=0.01)
    scene = law.draw(2, rng(4))
    motion = simulate(scene, 300)
    star = int(scene.masses.argmax())
    assert scene.masses[star] == STAR_MASS
    apart = np.linalg.norm(motion.positions[:, star] - motion.positions[:, 1 - star], axis=1)
    # the start is a circle about a fixed star, but the planet, a tenth of its mass, moves it
    assert apart.min() > 0.75 * apart.max()


def test_masses_are_log_uniform_with_a_mean_of_one():
    generator, law = rng(), Gravity(mass_ratio=100.0)
    masses = np.concatenate([law.draw(20, generator).masses for _ in range(1000)])
    assert masses.mean() == pytest.approx(1, rel=0.05)
    assert masses.max() / masses.min() == pytest.approx(100, rel=0.05)
    assert np.median(np.log(masses)) == pytest.approx(
        (np.log(masses.max()) + np.log(masses.min())) / 2, abs=0.15
    )


@pytest.mark.parametrize(
    "law",
    [
        Gravity(), Gravity(dim=3), Gravity(start="orbits"), Gravity(mass_ratio=100.0),
        Gravity(exponent=1.0), Gravity(exponent=3.0), Gravity(box=3.0, fixed_box=True),
        Charges(), Charges(screening=1.0), Charges(exponent=1.0), Springs(),
    ],
    ids=repr,
)  # fmt: skip
def test_clean_scenes_keep_their_energy(law):
    drifts = [motion.drift for motion in motions(law, 6, 12, 100)]
    tolerance = law.draw(6, rng()).tolerance
    # scenes beyond the tolerance are drawn again
    assert np.mean(np.array(drifts) <= tolerance) >= 0.75
    assert np.median(drifts) < 0.003


def test_one_step_a_frame_is_worse_than_many():
    law = Gravity(time_step=0.02)
    scene = law.draw(6, rng(1))
    fine = simulate(scene, 100)
    rough = coarse(fine)
    assert rough.drift > 5 * fine.drift
    assert rough.positions[1] == pytest.approx(fine.positions[1], abs=1e-2)


def test_the_floor_starts_where_the_first_kept_frame_is():
    motion = simulate(Charges(skip=31, time_step=0.01).draw(5, rng()), 20)
    floor = coarse(motion)
    assert np.array_equal(floor.positions[0], motion.positions[0])
    assert floor.positions[20] == pytest.approx(motion.positions[20], abs=0.05)
    whole = simulate(Charges(time_step=0.01).draw(5, rng()), 51)
    assert np.array_equal(whole.positions[31:], motion.positions)
    assert motion.first_energy == pytest.approx(whole.energy[0], rel=1e-12)


def test_bodies_that_do_not_fit_into_a_periodic_box_are_an_error_in_one_line():
    with pytest.raises(ValueError, match=r"48 bodies do not fit into the box$"):
        Gravity(box=3.0).draw(48, rng())


@pytest.mark.parametrize(
    ("law", "name", "value"),
    [
        (Gravity, "start", "falling"), (Gravity, "dim", 4), (Gravity, "mass_ratio", 0.5),
        (Gravity, "softening", 0.0), (Gravity, "box", -1.0), (Gravity, "compat", "egnn"),
        (Charges, "compat", "segnn"), (Charges, "positive", 1.5), (Charges, "time_step", 0.0),
        (Springs, "compat", "egnn"), (Springs, "probability", -0.1), (Springs, "dim", 1),
    ],
)  # fmt: skip
def test_a_bad_argument_is_named_in_one_line(law, name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be .*, got {value!r}[^\n]*$"):
        law(**{name: value})
