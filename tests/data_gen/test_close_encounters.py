"""Bodies that almost touch or are in the same place: their motion is of numbers, or is rejected."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from data_gen.bodies.dynamics.scene import DISC, MOVING, Bonds, Clock, Law, points
from data_gen.bodies.dynamics.simulate import simulate
from data_gen.bodies.motions import LARGEST, posed_motions
from data_gen.bodies.tasks.next_step import NextStep
from data_gen.spec import GraphOutput
from tests.contracts import batch_of
from tests.data_gen.scenes import LAWS, compiled_forces

APART = (0.0, 1e-300, 1e-160, 1e-12, 1e-9)
SOFT = {**LAWS, "contact": Law(contact_stiffness=100.0, contact_damping=1.0)}
HARD = {name: replace(law, softening=0.0) for name, law in SOFT.items() if law.softening}
CLAMPED = {f"{name}, clamped": replace(law, clamp=100.0) for name, law in {**SOFT, **HARD}.items()}
ALL = {**SOFT, **{f"{name}, hard": law for name, law in HARD.items()}, **CLAMPED}
TASK = NextStep(num_frames=4, horizons=(1, 4), valid_horizon=2)


def pair(law, apart, tolerance=0.01, speed=0.0):
    """Return two bodies at a distance, one above the other, and a third that is far away."""
    x = np.array([[0.0, 0.0], [0.0, apart], [1.5, 0.5]])
    v = np.array([[0.1, -speed], [0.1, speed], [0.0, -0.2]])
    made = points(x, v, law, Clock(0.01, 10), tolerance)
    made = made._replace(charges=np.array([1.0, -1.0, 1.0]))
    if law.contact_stiffness:
        kinds, radii = np.array([DISC, MOVING, MOVING]), np.array([0.2, 0.0, 0.0])
        made = made._replace(kinds=kinds, radii=radii, velocities=v * (kinds == MOVING)[:, None])
    if law.coupling == "none":
        ends = np.array([[0, 1], [1, 2]])
        made = made._replace(bonds=Bonds.both_ways(ends, np.array([2.0, 1.0]), np.full(2, 0.5)))
    return made


@pytest.mark.parametrize("tolerance", [np.inf, pytest.param(0.01, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ALL)
def test_a_motion_is_of_numbers_and_flagged_unless_it_keeps_its_energy(name, tolerance):
    for apart, scheme in product(APART, ("leapfrog", "euler")):
        made = pair(replace(ALL[name], scheme=scheme), apart, tolerance)
        motions = posed_motions([made], TASK.num_frames, 2)
        if not motions:
            continue
        (motion,) = motions
        assert motion.drift <= tolerance
        assert motion.is_clean == (motion.drift <= 0.01)
        graph = TASK.sample(motion, np.random.default_rng(0))
        for field, value in graph.items():
            assert field == "graph_law" or not value.is_floating_point() or value.isfinite().all()
        if apart not in (APART[0], APART[-1]):  # scores take most of the time
            continue
        batch = batch_of([graph])
        output = GraphOutput(x=torch.zeros(len(batch.x), 2))
        for score, value in TASK.score(lambda _, o=output: o, batch).items():
            assert value.isfinite().all(), (score, apart, scheme)


def test_soft_bodies_in_one_place_pass_through_each_other():
    """Their force is 0, and their energy that of the softening length."""
    for apart in APART:
        (motion,) = posed_motions([pair(LAWS["gravity"], apart, speed=0.1)], 4, 2)
        assert motion.is_clean
        force = compiled_forces(pair(replace(LAWS["gravity"], strength=1.0), apart))
        assert np.abs(force[0] - [1.5, 0.5] / np.sqrt(2.51) ** 3).max() < 1e-5
    alone = pair(LAWS["gravity"], 0.0)
    alone = alone._replace(
        positions=alone.positions[:2], velocities=np.zeros((2, 2)), masses=np.ones(2),
        charges=np.zeros(2), radii=np.zeros(2), kinds=np.full(2, MOVING),
    )  # fmt: skip
    motion = posed_motions([alone._replace(tolerance=np.inf)], 4, 2)[0]
    assert motion.energy == pytest.approx(np.full(5, -1.3 / 0.1))


@pytest.mark.parametrize("clamp", [np.inf, 100.0])
@pytest.mark.parametrize("name", ["gravity", "charge", "yukawa", "inverse_r", "inverse_cube"])
def test_hard_bodies_in_one_place_have_no_force_and_are_rejected(name, clamp):
    """A clamp must not turn what is not a number into a push of the same direction on both."""
    made = pair(replace(LAWS[name], softening=0.0, clamp=clamp), 0.0, np.inf)
    assert np.isnan(compiled_forces(made)[:2]).all()
    assert posed_motions([made], 4, 2) == []


def test_a_clamped_force_points_as_the_force_does():
    law = replace(LAWS["charge"], softening=0.0, clamp=100.0)
    force = compiled_forces(pair(law, 1e-9))
    assert force[0, 1] == 100
    assert force[1, 1] == -100
    assert np.abs(force[2]).max() < 1


@pytest.mark.parametrize("part", ["positions", "velocities"])
def test_what_float32_cannot_square_is_rejected(part):
    made = pair(Law(), 1.0, np.inf)._replace(bonds=Bonds.none())
    assert posed_motions([made], 4, 2)
    far = made._replace(**{part: getattr(made, part) + 10 * LARGEST})
    assert posed_motions([far], 4, 2) == []


def test_a_velocity_that_is_lost_in_the_last_frame_is_found():
    """The last kick of leapfrog comes after the last position."""
    x, v = np.array([[0.0, -0.25], [0.0, 0.25]]), np.array([[0.0, 0.5], [0.0, -0.5]])
    made = points(x, v, replace(LAWS["charge"], softening=0.0), Clock(0.5, 1), np.inf)
    made = made._replace(charges=np.full(2, 1e-150))
    motion = simulate(made, 1)
    assert np.isfinite(motion.positions).all()
    assert np.isnan(motion.velocities[-1]).all()
    assert posed_motions([made], 1, 2) == []
