"""NextStep: predict the next state of a scene from the present one, and rollouts of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from data_gen.bodies.body_task import BodyTask
from data_gen.bodies.dynamics.scene import MOVING, Motion, Scene
from data_gen.bodies.dynamics.simulate import coarse
from data_gen.bodies.features import Units, observed
from data_gen.bodies.frames import at_drawn_frames, frames_of
from data_gen.bodies.motions import check_dim, posed_motions
from data_gen.bodies.picture import rollout_picture
from data_gen.bodies.rollout import errors_of_rest, errors_of_steps, moved, rollout
from data_gen.bodies.scene_graph import body_graph
from data_gen.bodies.scores import State, drifts, period, rollout_metrics, squared_error
from data_gen.bodies.true_mechanics import TrueMechanics
from data_gen.metric import Metric
from data_gen.packed import Packed
from data_gen.picture import Picture, Watched
from data_gen.spec import GraphOutput, GraphSpec
from data_gen.task import Model

TOLERANCE = 0.1  # the largest error of a valid rollout, as a fraction of the scene's extent
NUM_STARTS = 50  # the number of frames from which single steps are scored


@dataclass(frozen=True)
class NextStep(BodyTask):
    """Predict the mean acceleration of each body until the next frame from the present state.

    The next state is v' = v + Δt a and x' = x + Δt (v + v') / 2, where a is the answer of a body,
    and 0 for a static one. Training uses single steps, at frames drawn anew in every update; tests
    use single steps and rollouts of the model on its own output. Source: Battaglia et al. 2016
    (next velocities); Sanchez-Gonzalez et al. 2020, section 3 (normalised accelerations, noise in
    training).

    Fields: those of `body_graph`, `next_velocity` [N, d], and `graph_change` [B, T], the root mean
    square change of a velocity from each frame to the next.

    Args:
        dim: the number of coordinates d.
        num_frames: the length T of a motion, in frames.
        horizons: the frames at which rollouts are scored; []: only single steps are scored.
        valid_horizon: the number of frames for which a rollout must stay valid to count as valid.
        units: the units in which models read and answer.
        noise: the standard deviation of the noise that training adds to positions and velocities,
            in units; the target acceleration leads back to the true next velocity.
        balance: the share of training frames that are drawn in proportion to the change of
            velocities until the next frame, as collisions are rare. Importance weights keep the
            expected loss the same.

    Raises:
        ValueError: an argument is out of its range.
    """

    score_settings = ("horizons", "valid_horizon")

    dim: int = 2
    num_frames: int = 100
    horizons: Sequence[int] = field(default=(1, 10, 20, 50, 100), repr=False)
    valid_horizon: int = field(default=20, repr=False)
    units: Units = field(default=Units(), repr=False)
    noise: float = field(default=0.0, repr=False)
    balance: float = field(default=0.0, repr=False)

    def __post_init__(self) -> None:
        check_dim(self.dim)
        if not all(1 <= horizon <= self.num_frames for horizon in self.horizons):
            allowed = f"frames from 1 to num_frames ({self.num_frames})"
            raise ValueError(f"horizons must be {allowed}, got {list(self.horizons)}")
        if self.horizons and not 1 <= self.valid_horizon <= self.last:
            allowed = f"from 1 to the longest horizon ({self.last})"
            raise ValueError(f"valid_horizon must be {allowed}, got {self.valid_horizon!r}")
        if self.noise < 0:
            raise ValueError(f"noise must be at least 0, got {self.noise!r}")
        if not 0 <= self.balance < 1:
            raise ValueError(f"balance must be at least 0 and below 1, got {self.balance!r}")

    @property
    def spec(self) -> GraphSpec:
        """The widths of the task, a vector of each node as output, and the law of motion."""
        return replace(super().spec, mechanics=TrueMechanics(self.dim, self.units))

    @property
    def last(self) -> int:
        """The longest horizon; 0 if there is none."""
        return max(self.horizons, default=0)

    @property
    def metrics(self) -> Mapping[str, Metric]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The metrics: errors and drifts of the model, of the truth and of baselines; ratios."""
        return rollout_metrics(self.horizons)

    def posed(self, structures: list[Scene]) -> list[Motion]:
        """Return the motions of a group of scenes, or [] if one exceeds its energy tolerance."""
        return posed_motions(structures, self.num_frames, self.dim)

    def sample(self, structure: Motion, rng: np.random.Generator) -> Data:
        """Return the graph of the scene at a drawn frame, with its motion."""
        frame = int(rng.integers(self.num_frames))
        data = body_graph(structure, frame, coarse(structure))
        change = np.square(np.diff(structure.velocities, axis=0)).sum(axis=2).mean(axis=1)
        data.graph_change = torch.from_numpy(np.sqrt(change).astype(np.float32)).unsqueeze(0)
        data.next_velocity = data.track.view(data.num_nodes or 0, -1, 2, self.dim)[:, frame + 1, 1]
        return data

    def drawn(
        self, packed: Packed, indices: Tensor | Sequence[int], rng: np.random.Generator
    ) -> Batch:
        """Return the batch with each scene at a drawn frame, with noise."""
        batch = at_drawn_frames(packed, indices, rng, self.dim, self.balance)
        shape = 2, batch.num_nodes or 0, self.dim
        normal = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
        is_moving = (batch.body_kind == MOVING).unsqueeze(1)
        noise = self.noise * is_moving * normal.to(batch.position.device)
        batch.position = batch.position + self.units.length * noise[0]
        batch.velocity = batch.velocity + self.units.velocity * noise[1]
        return batch

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Return the squared error of the acceleration, in units, mean over bodies and axes."""
        errors = self._errors(model(batch), batch) / self.dim
        return (getattr(batch, "graph_weight", 1.0) * errors).mean()

    def solution(self, batch: Batch) -> GraphOutput:
        """Return the acceleration that leads to the true next velocity, at the batch's frame."""
        track = frames_of(batch, self.dim)
        after = batch.graph_frame[batch.batch] + 1
        velocity = track[torch.arange(len(track), device=track.device), after, 1]
        return GraphOutput(x=self._acceleration(velocity, batch))

    def val_score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the error of the single step in the loss; rollouts take too long here."""
        return {"error_of_step": self._errors(model(batch), batch)}

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the scores of every scene, each [B].

        valid: the rollout from frame 0 stays within `TOLERANCE` of the scene's extent from the
        truth for `valid_horizon` frames; valid_share: the share of the longest horizon until it
        first leaves this range; valid_periods: the same time in periods of the scene;
        velocity_error: the squared error [L²/T²] of single steps from `NUM_STARTS` frames; error_h:
        the squared error [L²] of positions at frame h; constant*: the same errors for bodies that
        keep their velocity; floor_h: the same error for the integrator with one step a frame; the
        drifts of `drifts` at the longest horizon, and those of the truth; diverged: see `rollout`.
        """
        step = partial(self.step, model, batch)
        steps = errors_of_steps(step, batch, NUM_STARTS)
        return {**self._rollout_scores(step, batch), **steps} if self.horizons else steps

    def picture(self, model: Watched, batch: Batch, **given: int) -> Picture:
        """Draw the rollout beside the truth, up to frame `num_frames`, one frame of `every`."""
        return rollout_picture(partial(self.step, model, batch), batch, self.dim, given)

    def step(self, model: Model, batch: Batch, state: State, frame: int) -> State:
        """Return the state at the next frame, as a model predicts it from the state alone."""
        position, velocity = (part.to(batch.position.dtype) for part in state)
        seen = observed(batch, position, velocity, self.units)
        seen.graph_frame = torch.full_like(batch.graph_frame, frame)
        answer = model(seen).x
        assert answer is not None
        return moved(batch, state, self.units.acceleration * answer)

    def _rollout_scores(
        self, step: Callable[[State, int], State], batch: Batch
    ) -> dict[str, Tensor]:
        """Return the scores of the rollout from frame 0 to the longest horizon."""
        track = frames_of(batch, self.dim)
        start, end = track[:, 0].unbind(1), track[:, self.last].unbind(1)
        errors, valid, moment = {}, torch.zeros_like(batch.graph_kinetic), None
        is_valid = torch.ones_like(valid, dtype=torch.bool)
        for moment in rollout(start, step, batch, self.last):
            is_valid = is_valid & (moment.relative_error <= TOLERANCE)
            valid = valid + is_valid
            if moment.frame in self.horizons:
                errors[f"error_{moment.frame}"] = moment.error
        assert moment is not None
        return {
            "valid": (valid >= self.valid_horizon).float(),
            "valid_share": valid / self.last,
            "valid_periods": valid * batch.graph_time_step / period(track, batch),
            **errors,
            **errors_of_rest(batch, start, self.horizons),
            **{f"floor_{h}": batch.graph_floor[:, h] for h in self.horizons},
            **drifts(batch, start, (moment.position, moment.velocity)),
            **drifts(batch, start, end, "_true"),
            "diverged": moment.has_diverged.float(),
        }

    def _acceleration(self, next_velocity: Tensor, batch: Batch) -> Tensor:
        """Return the mean acceleration until the next velocity, in units [N, d]."""
        step = batch.graph_time_step[batch.batch].unsqueeze(1)
        return (next_velocity - batch.velocity) / (step * self.units.acceleration)

    def _errors(self, output: GraphOutput, batch: Batch) -> Tensor:
        """Return the squared error of the acceleration, in units, mean over the bodies [B]."""
        assert output.x is not None
        return squared_error(output.x, self._acceleration(batch.next_velocity, batch), batch)
