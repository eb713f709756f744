"""The mechanics in the spec of a task, and its integrators, compared with the simulator."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from data_gen.bodies.distributions.balls import Balls
from data_gen.bodies.distributions.charges import Charges
from data_gen.bodies.distributions.gravity import Gravity
from data_gen.bodies.distributions.mass_spring import MassSpring
from data_gen.bodies.distributions.springs import Springs
from data_gen.bodies.distributions.string import String
from data_gen.bodies.dynamics.scene import MOVING, Clock, Law, points
from data_gen.bodies.dynamics.simulate import simulate
from data_gen.bodies.features import Units
from data_gen.bodies.frames import frames_of
from data_gen.bodies.scene_graph import body_graph
from data_gen.bodies.tasks.displacement import Displacement
from data_gen.bodies.tasks.next_step import NextStep
from data_gen.bodies.tasks.system_energy import SystemEnergy
from data_gen.cell import Cell
from data_gen.packed import Packed
from gn.heuristics.constant_velocity import ConstantVelocity
from gn.heuristics.euler import Euler
from gn.heuristics.leapfrog import Leapfrog
from gn.heuristics.zero import Zero
from tests.data_gen.scenes import LAWS, compiled_forces, scene

UNITS = Units(length=2.0, velocity=0.5, acceleration=4.0, mass=3.0)
TASK = NextStep(num_frames=20, horizons=(1, 10), valid_horizon=5, units=UNITS)
TASK_1 = NextStep(num_frames=1, horizons=(1,), valid_horizon=1, units=UNITS)
DISTRIBUTIONS = [
    Gravity(), Gravity(exponent=1.0), Gravity(mass_ratio=9.0), Gravity(box=3.0, fixed_box=True),
    Charges(dim=2, time_step=0.02), Charges(dim=2, screening=1.0, time_step=0.02),
    Charges(dim=2, compat="nri"), Springs(), String(num_pinned=1), MassSpring(), Balls(),
]  # fmt: skip


def batch_for(task, law, size=6, count=4):
    graphs = Cell(task, law, (size,), "test").instances(0, count)
    return task.batch(Packed.pack(graphs), range(count))


def batch_of_scene(task, made, num_frames=1):
    return task.batch(Packed.pack([task.sample(simulate(made, num_frames), rng())]), [0])


def rng():
    return np.random.default_rng(0)


def by_the_simulator(made, x, v):
    """Return the accelerations of a state, by the compiled forces."""
    change = compiled_forces(made, x, v) / made.masses[:, None] - made.law.drag * v
    change[:, -1] -= made.law.field
    change[made.kinds != MOVING] = 0
    return change


@pytest.mark.parametrize("name", [*LAWS, "springs_with_drag"])
@pytest.mark.parametrize("d", [2, 3])
def test_accelerations_are_those_of_the_simulator(name, d):
    made = scene(name.removesuffix("_with_drag"), d=d, drag=0.3 * name.endswith("drag"))
    task = NextStep(dim=d, num_frames=1, horizons=(1,), valid_horizon=1, units=UNITS)
    batch, mechanics = batch_of_scene(task, made), task.spec.mechanics
    found = mechanics.acceleration(batch, mechanics.state(batch))
    expected = by_the_simulator(made, made.positions, made.velocities)
    assert found.numpy() == pytest.approx(expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("law", DISTRIBUTIONS, ids=repr)
def test_they_are_for_every_distribution_at_a_late_frame(law):
    made = law.draw(6, rng())
    motion = simulate(made, 60)
    data = body_graph(motion, 59)
    batch = TASK.batch(Packed.pack([data]), [0])
    mechanics = TASK.spec.mechanics
    found = mechanics.acceleration(batch, mechanics.state(batch))[: len(made.masses)]
    expected = by_the_simulator(made, motion.positions[59], motion.velocities[59])
    if made.law.scheme == "collisions":
        expected = np.zeros_like(expected)
    scale = max(1.0, np.abs(expected).max())
    assert found.numpy() / scale == pytest.approx(expected / scale, abs=1e-4)


def test_masses_in_a_disc_are_pushed_as_the_simulator_pushes_them():
    made = String(num_pinned=1).draw(4, rng())
    disc = int(made.radii.argmax())
    inside = made.positions.copy()
    inside[made.kinds == MOVING] = made.positions[disc] + [[0.1, 0.2], [0.2, 0.05], [-0.1, 0.15]]
    made = made._replace(positions=inside)
    batch = TASK.batch(Packed.pack([body_graph(simulate(made, 1), 0)]), [0])
    mechanics = TASK.spec.mechanics
    found = mechanics.acceleration(batch, mechanics.state(batch))
    expected = by_the_simulator(made, made.positions, made.velocities)
    assert np.abs(expected).max() > 1e3
    assert found.numpy() == pytest.approx(expected, rel=1e-3)


def two_bodies(substeps=1):
    law = Law("masses", softening=0.1)
    x, v = np.array([[0.5, 0.0], [-0.5, 0.2]]), np.array([[0.1, 0.6], [0.0, -0.6]])
    made = points(x, v, law, Clock(0.05, substeps), np.inf)
    return made._replace(masses=np.array([1.0, 1.5]))


def test_a_leapfrog_step_of_two_bodies_is_the_simulators():
    motion, batch = simulate(two_bodies(), 1), batch_of_scene(TASK_1, two_bodies())
    answer = TASK_1.units.acceleration * Leapfrog(TASK_1.spec)(batch).x.numpy()
    assert motion.velocities[1] == pytest.approx(motion.velocities[0] + 0.05 * answer, abs=1e-6)


@pytest.mark.parametrize(("kind", "expected"), [(Euler, 1), (Leapfrog, 2)])
def test_the_order_of_a_scheme_is_seen_where_the_frame_is_halved(kind, expected):
    """The error of the mean acceleration is proportional to the frame's length to that order."""
    errors = []
    for time_step in (0.04, 0.02):
        made = two_bodies(400)._replace(clock=Clock(time_step, 400))
        batch = batch_of_scene(TASK_1, made)
        apart = kind(TASK_1.spec)(batch).x - TASK_1.solution(batch).x
        errors.append(float(apart.norm()))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(expected, abs=0.2)


def test_ten_leapfrog_frames_are_those_of_the_simulator():
    task = Displacement(dim=2, horizon=10, units=UNITS)
    motion, batch = simulate(two_bodies(), 10), batch_of_scene(task, two_bodies(), 10)
    way = task.units.length * Leapfrog(task.spec)(batch).x.numpy()
    assert motion.positions[10] == pytest.approx(motion.positions[0] + way, abs=1e-5)


@pytest.mark.parametrize("law", [Gravity(), String(num_pinned=1), MassSpring()], ids=repr)
def test_who_knows_more_is_nearer_to_the_truth(law):
    batch = batch_for(TASK, law)
    errors = [
        float(TASK.score(kind(TASK.spec), batch)["velocity_error"].mean())
        for kind in (ConstantVelocity, Euler, Leapfrog)
    ]
    assert errors[0] > 3 * errors[1] > 9 * errors[2]


def test_constant_velocity_is_what_the_scores_of_a_task_call_so():
    batch = batch_for(TASK, Gravity())
    assert torch.equal(ConstantVelocity(TASK.spec)(batch).x, Zero(TASK.spec)(batch).x)
    found = TASK.score(ConstantVelocity(TASK.spec), batch)
    torch.testing.assert_close(found["velocity_error"], found["constant_velocity_error"])
    task = Displacement(dim=2, units=UNITS)
    batch = batch_for(task, Gravity())
    found = task.score(ConstantVelocity(task.spec), batch)
    torch.testing.assert_close(found["error"], found["constant"])
    assert (task.score(Zero(task.spec), batch)["error"] != found["error"]).all()


def test_balls_know_no_force():
    batch = batch_for(TASK, Balls())
    for kind in (Euler, Leapfrog):
        torch.testing.assert_close(kind(TASK.spec)(batch).x, ConstantVelocity(TASK.spec)(batch).x)


def test_what_moves_bodies_is_no_part_of_what_they_are_read_as():
    """The mechanics change neither the features nor the identity of the instances."""
    batch = batch_for(TASK, Gravity())
    assert batch.x.shape[1] == TASK.spec.node_in
    assert "mechanics" not in TASK.identity
    assert replace(TASK, units=Units()).identity == TASK.identity
    assert frames_of(batch, 2).shape[1] == 21


def test_a_task_without_mechanics_is_refused():
    with pytest.raises(ValueError, match="must have moving bodies, got one without mechanics"):
        Leapfrog(SystemEnergy().spec)
