"""The next moment of a scene from this one, and the rollouts that it makes when asked again."""

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

TOLERANCE = 0.1  # of the extent of a scene: a rollout that is nearer to the truth is valid
NUM_STARTS = 50  # frames from which single steps are judged


@dataclass(frozen=True)
class NextStep(BodyTask):
    """From positions and velocities at one frame to the mean acceleration until the next.

    v' = v + Δt a and x' = x + Δt (v + v') / 2, where a is the answer of a body, and 0 of a static
    one. Trained on single steps, at frames drawn anew in every update; tested on single steps and
    on rollouts of the model on its own output. Source: Battaglia et al. 2016 (next velocities);
    Sanchez-Gonzalez et al. 2020, section 3 (normalised accelerations, noise in training).

    Fields: those of `body_graph`, `next_velocity` [N, d], and `graph_change` [B, T], the root mean
    square change of a velocity from each frame to the next.

    Args:
        dim: number of coordinates d.
        num_frames: length T of a motion, in frames.
        horizons: frames at which rollouts are judged; none: single steps are, alone.
        valid_horizon: frames for which a rollout must stay valid, to be valid as a whole.
        units: what counts as 1.
        noise: standard deviation of what is added in training to positions and velocities, in
            units; the acceleration that is asked for leads back to the true next velocity.
        balance: share of the frames drawn in training that are drawn by how much velocities
            change until the next: collisions are rare. Weights keep the mean of the loss.
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
            allowed = f"1 to num_frames ({self.num_frames}) is needed"
            raise ValueError(f"horizons is {list(self.horizons)}: {allowed}")
        if self.horizons and not 1 <= self.valid_horizon <= self.last:
            raise ValueError(f"valid_horizon is {self.valid_horizon}: 1 to {self.last} is needed")
        if self.noise < 0:
            raise ValueError(f"noise is {self.noise}: 0 or more is needed")
        if not 0 <= self.balance < 1:
            raise ValueError(f"balance is {self.balance}: from 0 to below 1 is needed")

    @property
    def spec(self) -> GraphSpec:
        """A vector of every node goes out; what moves it is known."""
        return replace(super().spec, mechanics=TrueMechanics(self.dim, self.units))

    @property
    def last(self) -> int:
        """The longest horizon; 0 if there is none."""
        return max(self.horizons, default=0)

    @property
    def metrics(self) -> Mapping[str, Metric]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Errors and drifts of the model, those of the truth and of others, and ratios."""
        return rollout_metrics(self.horizons)

    def posed(self, structures: list[Scene]) -> list[Motion]:
        """The motions of scenes that keep their energy."""
        return posed_motions(structures, self.num_frames, self.dim)

    def sample(self, structure: Motion, rng: np.random.Generator) -> Data:
        """The scene at one of its frames."""
        frame = int(rng.integers(self.num_frames))
        data = body_graph(structure, frame, coarse(structure))
        change = np.square(np.diff(structure.velocities, axis=0)).sum(axis=2).mean(axis=1)
        data.graph_change = torch.from_numpy(np.sqrt(change).astype(np.float32)).unsqueeze(0)
        data.next_velocity = data.track.view(data.num_nodes or 0, -1, 2, self.dim)[:, frame + 1, 1]
        return data

    def drawn(
        self, packed: Packed, indices: Tensor | Sequence[int], rng: np.random.Generator
    ) -> Batch:
        """Each at a frame of its own, with noise."""
        batch = at_drawn_frames(packed, indices, rng, self.dim, self.balance)
        shape = 2, batch.num_nodes or 0, self.dim
        normal = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
        is_moving = (batch.body_kind == MOVING).unsqueeze(1)
        noise = self.noise * is_moving * normal.to(batch.position.device)
        batch.position = batch.position + self.units.length * noise[0]
        batch.velocity = batch.velocity + self.units.velocity * noise[1]
        return batch

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Squared error of the acceleration, in units, mean over bodies and coordinates."""
        errors = self._errors(model(batch), batch) / self.dim
        return (getattr(batch, "graph_weight", 1.0) * errors).mean()

    def solution(self, batch: Batch) -> GraphOutput:
        """What leads to the true next velocity, at the frame that the batch is at."""
        track = frames_of(batch, self.dim)
        after = batch.graph_frame[batch.batch] + 1
        velocity = track[torch.arange(len(track), device=track.device), after, 1]
        return GraphOutput(x=self._acceleration(velocity, batch))

    def val_score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Of the single step whose answer the loss is of; rollouts take too long."""
        return {"error_of_step": self._errors(model(batch), batch)}

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Scores of every scene, each [B].

        valid: the rollout from frame 0 is within `TOLERANCE` of the scene's extent of the truth
        for `valid_horizon` frames; valid_share: share of the longest horizon before it first is
        not, valid_periods: the same time in periods of the scene; velocity_error: of single steps
        from `NUM_STARTS` frames, squared [L²/T²]; error_h: of positions h frames on, squared [L²];
        constant*: the same of bodies that keep their velocity; floor_h: of the integrator with one
        step a frame; the drifts of `motion_scores` at the longest horizon, and those of the truth;
        diverged, see `rollout`.
        """
        step = partial(self.step, model, batch)
        steps = errors_of_steps(step, batch, NUM_STARTS)
        return {**self._rollout_scores(step, batch), **steps} if self.horizons else steps

    def picture(self, model: Watched, batch: Batch, **given: int) -> Picture:
        """The rollout beside the truth, up to frame `num_frames`, one of `every` frames."""
        return rollout_picture(partial(self.step, model, batch), batch, self.dim, given)

    def step(self, model: Model, batch: Batch, state: State, frame: int) -> State:
        """The state at the frame after, as a model has it that sees the state alone."""
        seen = observed(batch, state[0], state[1], self.units)
        seen.graph_frame = torch.full_like(batch.graph_frame, frame)
        answer = model(seen).x
        assert answer is not None
        return moved(batch, state, self.units.acceleration * answer)

    def _rollout_scores(
        self, step: Callable[[State, int], State], batch: Batch
    ) -> dict[str, Tensor]:
        """Those scores, of the rollout from frame 0 to the longest horizon."""
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
        """Mean acceleration until the next velocity, in units [N, d]."""
        step = batch.graph_time_step[batch.batch].unsqueeze(1)
        return (next_velocity - batch.velocity) / (step * self.units.acceleration)

    def _errors(self, output: GraphOutput, batch: Batch) -> Tensor:
        """Squared error of the acceleration, in units, mean over the bodies [B]."""
        assert output.x is not None
        return squared_error(output.x, self._acceleration(batch.next_velocity, batch), batch)
