from itertools import pairwise

import numpy as np
import pytest

from data_gen.bodies.dynamics.scene import DISC, MOVING, PINNED, Bonds, Clock, Law, points
from data_gen.bodies.dynamics.simulate import coarse, simulate
from tests.data_gen.scenes import LAWS, compiled_forces, end, kinetic, potential, scene

ORDER_LAWS = ("gravity", "charge", "yukawa", "inverse_r", "springs")
PAIR_LAWS = [name for name in LAWS if not name.startswith("springs")]
TIME = 1.2


def order(made):
    """Estimate the order of the scheme from three step sizes, each half of the one before."""
    ends = [end(made, 1, time_step=TIME, substeps=steps)[0] for steps in (400, 800, 1600)]
    errors = [np.abs(a - b).max() for a, b in pairwise(ends)]
    return np.log2(errors[0] / errors[1])


# The scheme


@pytest.mark.parametrize("name", ORDER_LAWS)
def test_leapfrog_is_of_second_order_and_euler_of_first(name):
    assert order(scene(name)) == pytest.approx(2, abs=0.1)
    assert order(scene(name, scheme="euler")) == pytest.approx(1, abs=0.1)


def test_it_is_of_second_order_in_space_and_with_drag():
    assert order(scene("gravity", d=3)) == pytest.approx(2, abs=0.1)
    assert order(scene("springs", drag=0.3)) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("name", LAWS)
def test_turned_round_it_goes_back_to_where_it_came_from(name):
    made = scene(name)
    x, v = end(made, 100)
    assert np.abs(x - made.positions).max() > 0.3
    back, turned = end(made._replace(positions=x, velocities=-v), 100)
    assert back == pytest.approx(made.positions, abs=1e-8)
    assert -turned == pytest.approx(made.velocities, abs=1e-8)


@pytest.mark.parametrize("name", LAWS)
def test_energy_is_kept_and_is_what_loops_say(name):
    made = scene(name, clock=Clock(0.02, 20))
    motion = simulate(made, 100)
    assert motion.drift < (1e-3 if name == "gravity" else 5e-5)  # larger: two bodies come close
    for t in (0, 37, 100):
        x, v = motion.positions[t], motion.velocities[t]
        height = made.law.field * (made.masses * x[:, -1]).sum()
        assert motion.kinetic[t] == pytest.approx(kinetic(made, v), rel=1e-12)
        expected = kinetic(made, v) + potential(made, x) + height
        assert motion.energy[t] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", [*PAIR_LAWS, "springs"])
@pytest.mark.parametrize("scheme", ["leapfrog", "euler"])
def test_the_centre_of_mass_moves_uniformly(name, scheme):
    made = scene(name, scheme=scheme)
    motion = simulate(made, 60)
    share = made.masses / made.masses.sum()
    centre, speed = share @ motion.positions, share @ made.velocities
    line = centre[0] + 0.02 * np.arange(61)[:, None] * speed
    assert centre == pytest.approx(line, abs=1e-12)


def test_frames_do_not_depend_on_how_often_one_looks_and_skipped_ones_pass():
    made = scene("gravity", clock=Clock(0.01, 1))
    often = simulate(made, 40)
    assert np.array_equal(often.positions[0], made.positions)
    rarely = simulate(made._replace(clock=Clock(0.04, 4)), 10)
    assert rarely.positions == pytest.approx(often.positions[::4], abs=1e-13)
    late = simulate(made._replace(clock=Clock(0.01, 1, skip=7)), 33)
    assert np.array_equal(late.positions, often.positions[7:])
    assert np.array_equal(late.velocities, often.velocities[7:])


def test_a_step_that_is_too_long_is_halved_until_energy_is_kept():
    made = scene("springs", clock=Clock(0.25, 1))
    rough = simulate(made, 50)
    fine = simulate(made._replace(tolerance=0.01), 50)
    assert rough.drift > 0.01
    assert fine.drift <= 0.01
    assert fine.scene.clock.substeps == 1  # the scene keeps the number that it was given
    assert np.array_equal(coarse(fine).positions, rough.positions)


# Forces


@pytest.mark.parametrize("name", PAIR_LAWS)
def test_the_forces_of_a_pair_sum_to_zero_exactly(name):
    for seed in range(10):
        force = compiled_forces(scene(name, num_bodies=2, d=3, seed=seed))
        assert np.abs(force).max() > 0.001
        assert np.array_equal(force[0], -force[1])


def test_the_two_ends_of_a_spring_are_pulled_alike():
    made = scene("springs", num_bodies=2)
    force = compiled_forces(made)
    assert np.abs(force).max() > 0.1
    assert np.array_equal(force[0], -force[1])


@pytest.mark.parametrize("name", [*PAIR_LAWS, "springs"])
@pytest.mark.parametrize("d", [2, 3])
def test_force_is_minus_the_slope_of_the_potential(name, d):
    made = scene(name, d=d)
    slope, h = np.zeros(made.positions.shape), 1e-5
    for place in np.ndindex(*slope.shape):
        step = np.zeros(slope.shape)
        step[place] = h
        rise = potential(made, made.positions + step) - potential(made, made.positions - step)
        slope[place] = rise / (2 * h)
    assert compiled_forces(made) == pytest.approx(-slope, abs=1e-8)


def test_the_force_on_a_body_is_clamped_by_component():
    free, clamped = scene("gravity"), scene("gravity", clamp=0.5)
    force = compiled_forces(free)
    assert np.abs(force).max() > 0.5
    assert np.array_equal(compiled_forces(clamped), force.clip(-0.5, 0.5))


def test_a_bond_pulls_its_receiver_alone():
    made = scene("springs", num_bodies=3)
    bond = Bonds(np.array([0]), np.array([2]), np.array([2.0]), np.array([0.0]))
    force = compiled_forces(made._replace(bonds=bond))
    assert np.array_equal(force[:2], np.zeros((2, 2)))
    assert force[2] == pytest.approx(-2.0 * (made.positions[2] - made.positions[0]), abs=1e-14)


def test_a_disc_pushes_out_what_is_in_it_and_slows_what_goes_in():
    x = np.array([[0.5, 0.0], [0.0, 2.0], [0.0, -0.5], [0.0, 0.0]])
    v = np.array([[-1.0, 5.0], [0.0, -1.0], [0.0, 0.0], [0.0, 0.0]])
    law = Law(contact_stiffness=10.0, contact_damping=2.0)
    kinds = np.array([MOVING, MOVING, PINNED, DISC])
    made = points(x, v, law, Clock(0.01, 1), np.inf)
    made = made._replace(radii=np.array([0.1, 0, 0, 1.0]), kinds=kinds)
    force = compiled_forces(made)
    assert force == pytest.approx(np.array([[10 * 0.6 + 2 * 1.0, 0], [0, 0], [0, 0], [0, 0]]))


# Boxes, drag, static bodies


def test_in_a_periodic_box_the_nearest_image_acts():
    made = scene("gravity", box="periodic", half_width=2.0)
    x, expected = made.positions, np.zeros(made.positions.shape)
    for i in range(len(x)):
        for j in set(range(len(x))) - {i}:
            shifts = [np.array([a, b]) for a in (-4, 0, 4) for b in (-4, 0, 4)]
            apart = min((x[i] - x[j] + s for s in shifts), key=lambda a: a @ a)
            s2 = apart @ apart + made.law.softening**2
            expected[i] -= made.law.strength * made.masses[i] * made.masses[j] * apart / s2**1.5
    assert compiled_forces(made) == pytest.approx(expected, abs=1e-12)
    assert not np.allclose(compiled_forces(scene("gravity")), expected, atol=0.01)


@pytest.mark.parametrize("box", ["reflecting", "periodic"])
def test_walls_do_what_a_plain_loop_does(box):
    law = Law(box=box, half_width=1.0)
    rng = np.random.default_rng(0)
    start, speed = rng.uniform(-1, 1, (6, 3)), rng.normal(0, 2, (6, 3))
    motion = simulate(points(start, speed, law, Clock(0.05, 1), np.inf), 200)
    x, v = start.copy(), speed.copy()
    for t in range(1, 201):
        for place in np.ndindex(6, 3):
            x[place] += 0.05 * v[place]
            if abs(x[place]) > 1:
                side = np.sign(x[place])
                if box == "periodic":
                    x[place] -= 2 * side
                else:
                    x[place], v[place] = 2 * side - x[place], -v[place]
        assert motion.positions[t] == pytest.approx(x, abs=1e-9)
        assert motion.velocities[t] == pytest.approx(v, abs=1e-9)
    assert np.abs(motion.positions).max() <= 1 + 1e-9


def test_drag_slows_a_free_body_exponentially():
    made = points(np.zeros((1, 2)), np.ones((1, 2)), Law(drag=0.7), Clock(0.1, 3), np.inf)
    motion = simulate(made, 30)
    expected = np.exp(-0.7 * 0.1 * np.arange(31))[:, None, None] * np.ones((1, 2))
    assert motion.velocities == pytest.approx(expected, rel=1e-12)
    assert motion.is_damped
    assert motion.drift == 0


def test_pinned_bodies_and_discs_stay():
    made = scene("springs_in_a_field")
    velocities = made.velocities.copy()
    velocities[[1, 3]] = 0
    kinds = np.array([MOVING, PINNED, MOVING, DISC, MOVING])
    motion = simulate(made._replace(kinds=kinds, velocities=velocities), 50)
    still = np.tile(made.positions[[1, 3]], (51, 1, 1))
    assert np.array_equal(motion.positions[:, [1, 3]], still)
    assert np.abs(motion.positions[-1, [0, 2, 4]] - made.positions[[0, 2, 4]]).min() > 0.1


def test_a_motion_of_nan_is_not_clean():
    made = scene("gravity")
    made.positions[0, 0] = np.nan
    assert not simulate(made, 3).is_clean


@pytest.mark.parametrize("name", ["coupling", "box", "scheme"])
def test_a_law_that_is_not_known_is_an_error_in_one_line(name):
    with pytest.raises(ValueError, match=rf"^{name} must be one of [^\n]+, got 'x'"):
        Law(**{name: "x"})
