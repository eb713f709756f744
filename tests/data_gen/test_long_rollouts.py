"""Rollouts of ten thousand and a million frames: right, or flagged, and as little memory as one."""

import weakref

import numpy as np
import pytest
import torch

from data_gen.bodies.dynamics.scene import Clock, Law, points
from data_gen.bodies.dynamics.simulate import simulate
from data_gen.bodies.rollout import moved, rollout
from data_gen.bodies.tasks.next_step import NextStep
from data_gen.spec import GraphOutput
from tests.contracts import batch_of
from tests.data_gen.scenes import scene


def free_bodies(num_frames):
    """Return the batch of a scene of bodies without forces, which move for an hour or longer."""
    v = np.array([[0.3, 0.1], [-0.7, 0.2], [0.0, -0.4]])
    made = points(np.array([[0.0, 0], [1, 0], [0, 1]]), v, Law(), Clock(0.01, 1), 0.01)
    task = NextStep(num_frames=num_frames, horizons=(num_frames,), valid_horizon=num_frames)
    return task, batch_of([task.sample(simulate(made, num_frames), np.random.default_rng(0))])


@torch.inference_mode()
@pytest.mark.parametrize("num_frames", [10_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_bodies_without_forces_are_where_they_should_be_and_states_are_forgotten(num_frames):
    """Sums of a million equal steps in float32 were wrong by a hundredth of the way."""
    _, batch = free_bodies(num_frames)
    start = batch.track.view(3, -1, 2, 2)[:, 0].unbind(1)
    none, kept, worst = torch.zeros_like(start[0]), [], 0.0
    for moment in rollout(start, lambda s, _: moved(batch, s, none), batch, num_frames):
        kept.append(weakref.ref(moment.position))
        if moment.frame % 100 == 0:
            worst = max(worst, float(moment.relative_error))
    assert worst <= 1e-6
    assert moment.frame == len(kept) == num_frames
    assert not moment.has_diverged.any()
    assert sum(state() is not None for state in kept) == 1


@pytest.mark.parametrize("num_frames", [60, pytest.param(10_000, marks=pytest.mark.slow)])
def test_scores_of_a_long_rollout_are_numbers_and_a_divergence_is_flagged(num_frames):
    task, batch = free_bodies(num_frames)
    found = task.score(lambda seen: GraphOutput(x=torch.zeros_like(seen.position)), batch)
    assert found["valid"] == found["valid_share"] == 1
    assert found["diverged"] == 0

    def too_fast(seen):
        """Accelerate to the limit, and answer what is not a number in the second half."""
        rate = 3.0 if int(seen.graph_frame) < num_frames // 2 else torch.nan
        return GraphOutput(x=rate * seen.velocity)

    for answer in (too_fast, lambda seen: GraphOutput(x=torch.nan * seen.position)):
        bad = task.score(answer, batch)
        assert bad["diverged"] == 1
        assert bad["valid"] == 0
        assert all(value.isfinite().all() for value in bad.values())


@pytest.mark.slow
def test_a_million_frames_of_the_true_motion_keep_their_energy_or_say_so():
    kept = simulate(scene("springs", num_bodies=3, clock=Clock(0.02, 10)), 1_000_000)
    assert kept.is_clean
    assert np.isfinite(kept.positions).all()
    close = simulate(scene("gravity", num_bodies=3, softening=0.0), 1_000_000)
    assert not close.is_clean
    assert close.drift > 0.01
