import numpy as np
import pytest

from data_gen.bodies.dynamics.collisions import collide, time_to_meet
from data_gen.bodies.dynamics.scene import DISC, MOVING, Clock, Law, points
from data_gen.bodies.dynamics.simulate import simulate
from tests.data_gen.scenes import kinetic, plain_collisions


def discs(x, v, radii, law=None, masses=None, clock=None):
    """Return a scene of hard discs."""
    law = law or Law(scheme="collisions")
    x, v = np.array(x, dtype=float), np.array(v, dtype=float)
    made = points(x, v, law, clock or Clock(0.01, 1), 1e-9)
    masses = np.ones(len(x)) if masses is None else np.array(masses, dtype=float)
    return made._replace(radii=np.full(len(x), radii), masses=masses)


def crowd(seed, restitution=1.0, num=9, d=2, clock=None):
    """Return nine discs of radius 0.3 on a jittered lattice in a box, which soon collide often."""
    half_width, radius = 1.3, 0.3
    rng = np.random.default_rng(seed)
    places = np.stack(np.unravel_index(np.arange(num), (3,) * d), axis=1) - 1.0
    x = places * 0.75 + rng.uniform(-0.05, 0.05, (num, d))
    law = Law(scheme="collisions", box="reflecting", half_width=half_width, restitution=restitution)
    v = rng.normal(0, 2, (num, d))
    return discs(x, v, radius, law, rng.uniform(0.5, 2, num), clock)


def touching(rng, d):
    """Return two bodies that touch and approach each other, and their masses."""
    line = rng.normal(size=d)
    line *= 0.4 / np.linalg.norm(line)
    x = np.stack([np.zeros(d), line]) + rng.normal(size=d)
    v = rng.normal(size=(2, d))
    if line @ (v[0] - v[1]) < 0:
        v = v[::-1].copy()
    return x, v, rng.uniform(0.1, 10, 2)


# One collision


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("restitution", [1.0, 0.6, 0.0])
def test_a_hit_keeps_momentum_and_turns_the_speed_along_the_line(d, restitution):
    rng = np.random.default_rng(0)
    for _ in range(200):
        x, v, masses = touching(rng, d)
        line = (x[0] - x[1]) / np.linalg.norm(x[0] - x[1])
        after = v.copy()
        collide(x, after, 1 / masses, 0, 1, restitution)
        assert masses @ after == pytest.approx(masses @ v, rel=1e-13, abs=1e-14)
        speed, before = line @ (after[0] - after[1]), line @ (v[0] - v[1])
        assert before < 0
        assert speed == pytest.approx(-restitution * before, rel=1e-12, abs=1e-14)
        across = after - v - (after - v) @ line[:, None] * line
        assert across == pytest.approx(np.zeros((2, d)), abs=1e-13)  # no friction
        lost = (masses * (v**2).sum(axis=1)).sum() - (masses * (after**2).sum(axis=1)).sum()
        reduced = masses.prod() / masses.sum()
        assert lost == pytest.approx(reduced * (1 - restitution**2) * before**2, abs=1e-12)


def test_a_body_without_inverse_mass_is_not_moved():
    v = np.array([[1.0, 0.5], [0.0, 0.0]])
    collide(np.array([[0.0, 0.0], [2.0, 0.0]]), v, np.array([1.0, 0.0]), 0, 1, 1.0)
    assert v == pytest.approx(np.array([[-1.0, 0.5], [0.0, 0.0]]), abs=1e-15)


def test_the_time_to_meet_is_when_they_touch():
    rng, met = np.random.default_rng(0), 0
    for _ in range(300):
        x, v, radii = rng.normal(size=(2, 2)), rng.normal(size=(2, 2)), rng.uniform(0, 0.5, 2)
        if np.linalg.norm(x[0] - x[1]) <= radii.sum():
            continue
        times = np.linspace(0, 20, 4001)
        apart = x[0] - x[1] + times[:, None] * (v[0] - v[1])
        gaps = np.linalg.norm(apart, axis=1) - radii.sum()
        time = time_to_meet(x, v, radii, 0, 1)
        if np.isfinite(time):
            met += 1
            moved = x + time * v
            assert np.linalg.norm(moved[0] - moved[1]) == pytest.approx(radii.sum(), abs=1e-12)
            assert (gaps[times < time] > -1e-12).all()  # no earlier contact
        else:
            assert (gaps > 0).all()
    assert met > 30


def test_bodies_that_overlap_collide_only_if_they_approach():
    x, radii = np.array([[0.0, 0.0], [0.3, 0.0]]), np.full(2, 0.2)
    part, approach = np.array([[-1.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [-1.0, 0.0]])
    assert time_to_meet(x, part, radii, 0, 1) == np.inf
    assert time_to_meet(x, np.zeros((2, 2)), radii, 0, 1) == np.inf
    assert time_to_meet(x, approach, radii, 0, 1) == 0


# Simulations


def test_two_discs_of_equal_mass_exchange_their_velocities():
    made = discs([[-1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]], 0.25, clock=Clock(0.5, 1))
    motion = simulate(made, 6)  # they touch at 1.5
    assert motion.positions[3, :, 0] == pytest.approx([0.5, 1.0], abs=1e-14)
    assert motion.positions[6, :, 0] == pytest.approx([0.5, 2.5], abs=1e-14)
    assert motion.velocities[6, :, 0] == pytest.approx([0.0, 1.0], abs=1e-14)


def test_a_row_of_discs_passes_the_blow_on_to_the_last():
    x = [[-3.0, 0.0], [0.0, 0.0], [0.5, 0.0], [1.0, 0.0]]
    made = discs(x, [[2.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]], 0.25)
    speeds = simulate(made, 200).velocities[-1, :, 0]
    assert speeds == pytest.approx([0, 0, 0, 2], abs=1e-12)


def test_a_ball_bounces_off_walls_with_restitution():
    law = Law(scheme="collisions", box="reflecting", half_width=1.0, restitution=0.5)
    made = discs([[0.0, 0.0]], [[1.0, 0.25]], 0.2, law, clock=Clock(0.1, 1))
    motion = simulate(made, 60)  # 0.8 s to the right wall; 3.2 s to the left one
    assert motion.positions[8, 0] == pytest.approx([0.8, 0.2], abs=1e-14)
    assert motion.positions[10, 0] == pytest.approx([0.7, 0.25], abs=1e-14)
    assert motion.velocities[10, 0] == pytest.approx([-0.5, 0.25], abs=1e-14)
    assert motion.velocities[45, 0] == pytest.approx([0.25, -0.125], abs=1e-14)


@pytest.mark.parametrize("restitution", [1.0, 0.7])
def test_a_crowd_moves_as_in_a_loop_of_small_steps(restitution):
    for seed in range(2):
        made = crowd(seed, restitution, clock=Clock(0.3, 1))
        motion = simulate(made, 1)
        x, v = plain_collisions(made, 0.3, step=2e-5)
        assert (np.abs(v - made.velocities).max(axis=1) > 0.01).sum() > 5  # most have collided
        assert motion.positions[1] == pytest.approx(x, abs=0.01)
        assert motion.velocities[1] == pytest.approx(v, abs=0.05)


@pytest.mark.parametrize("d", [2, 3])
def test_energy_is_kept_to_rounding_and_no_two_overlap(d):
    made = crowd(1, num=3**d, d=d)
    motion = simulate(made, 1000)
    first, second = np.triu_indices(3**d, 1)
    apart = motion.positions[:, first] - motion.positions[:, second]
    assert np.linalg.norm(apart, axis=-1).min() > 0.6 * (1 - 1e-9)
    assert np.abs(motion.positions).max() < 1.0 * (1 + 1e-9)
    changes = (np.abs(np.diff(motion.velocities, axis=0)).max(axis=-1) > 0).sum()
    assert changes > 1000
    assert motion.drift < 1e-12
    assert motion.energy[0] == pytest.approx(kinetic(made, made.velocities), rel=1e-14)


@pytest.mark.parametrize("restitution", [0.99, 0.6, 0.0])
def test_energy_only_falls_where_collisions_lose_it(restitution):
    motion = simulate(crowd(0, restitution), 500)
    energy = motion.energy
    assert (np.diff(energy) <= 1e-13 * energy[0]).all()
    assert energy[-1] < 0.9 * energy[0]
    assert motion.is_clean


def test_momentum_is_kept_without_walls():
    rng = np.random.default_rng(0)
    x = np.stack(np.unravel_index(np.arange(16), (4, 4)), axis=1) - 1.5
    made = discs(x, -2 * x + rng.normal(0, 0.3, x.shape), 0.3, masses=rng.uniform(0.5, 2, 16))
    motion = simulate(made, 300)
    assert not np.allclose(motion.velocities[-1], made.velocities)
    momentum = np.einsum("n,tnd->td", made.masses, motion.velocities)
    assert momentum == pytest.approx(np.tile(momentum[0], (301, 1)), abs=1e-12)


def test_the_motion_does_not_depend_on_when_it_is_looked_at():
    often, rarely = simulate(crowd(0), 200), simulate(crowd(0, clock=Clock(0.05, 1)), 40)
    assert np.array_equal(often.velocities[::5], rarely.velocities)
    assert often.positions[::5] == pytest.approx(rarely.positions, abs=1e-13)
    late = simulate(crowd(0, clock=Clock(0.01, 1, skip=50)), 150)
    assert np.array_equal(late.positions, often.positions[50:])


def test_turned_round_a_crowd_finds_its_way_back():
    made = crowd(0)
    there = simulate(made, 60)
    turned = made._replace(positions=there.positions[-1], velocities=-there.velocities[-1])
    assert simulate(turned, 60).positions[-1] == pytest.approx(made.positions, abs=1e-6)


def test_a_disc_that_stays_reflects():
    made = discs([[-1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]], 0.25, masses=[1.0, 1e-3])
    motion = simulate(made._replace(kinds=np.array([MOVING, DISC])), 300)
    assert np.array_equal(motion.positions[-1, 1], [1.0, 0.0])
    assert motion.positions[-1, 0] == pytest.approx([-1.0, 0.0], abs=1e-12)


@pytest.mark.parametrize("restitution", [0.0, 0.01, 0.1])
def test_inelastic_collapse_is_got_through(restitution):
    # all discs fly to one place: without a bound they would collide infinitely often
    law = Law(scheme="collisions", restitution=restitution)
    x = np.stack(np.unravel_index(np.arange(16), (4, 4)), axis=1) - 1.5
    first, second = np.triu_indices(16, 1)
    for seed in range(10):
        v = -2 * x + np.random.default_rng(seed).normal(0, 0.1, x.shape)
        motion = simulate(discs(x, v, 0.3, law), 200)
        apart = motion.positions[:, first] - motion.positions[:, second]
        assert np.linalg.norm(apart, axis=-1).min() > 0.6 * (1 - 1e-9)
        assert motion.energy[-1] < 0.2 * motion.energy[0]
        assert motion.is_clean


def test_too_many_collisions_leave_nan_and_a_motion_that_is_not_clean():
    law = Law(scheme="collisions", box="reflecting", half_width=0.3)
    made = discs([[0.0, 0.0]], [[1e6, 0.0]], 0.29, law)
    motion = simulate(made, 3)
    assert np.array_equal(motion.positions[0], made.positions)
    assert np.isnan(motion.positions[1:]).all()
    assert not motion.is_clean


@pytest.mark.parametrize(
    ("name", "value"),
    [("box", "periodic"), ("coupling", "masses"), ("field", 9.8), ("drag", 0.1)],
)
def test_a_law_that_collisions_would_ignore_is_an_error_in_one_line(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be [^\n]+, got {value!r}$"):
        Law(scheme="collisions", **{name: value})
