"""SystemEnergy: predict the energy of a scene from its bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from data_gen.bodies import conserved
from data_gen.bodies.body_task import BodyTask
from data_gen.bodies.conserved import sum_over_bodies
from data_gen.bodies.dynamics.scene import MOVING, Motion, Scene
from data_gen.bodies.features import Units, spec
from data_gen.bodies.frames import at_drawn_frames
from data_gen.bodies.motions import check_dim, posed_motions
from data_gen.bodies.scene_graph import body_graph
from data_gen.distribution import check_one_of
from data_gen.metric import Metric, Ratio
from data_gen.packed import Packed
from data_gen.spec import GraphOutput, GraphSpec
from data_gen.task import Model

TOLERANCE = 0.1  # the largest error of a close answer, in largest kinetic energies of the motion


@dataclass(frozen=True)
class SystemEnergy(BodyTask):
    """Predict the sum of kinetic and potential energy, which grows with the number of bodies.

    The answer is either a sum over the parts of all bodies ("sum"), or one number of the whole
    graph ("whole"). This choice decides whether an extensive quantity generalizes to other sizes.
    Source: Battaglia et al. 2016, section 3.2 (energy of the whole system, from summed states).

    Fields: those of `body_graph`.

    Args:
        dim: the number of coordinates d.
        num_frames: the length of a motion; an instance is at one frame, drawn anew in training.
        answer: "sum" or "whole".
        units: the units in which models read and answer; that of energy is mass x velocity².

    Raises:
        ValueError: an argument is not allowed.
    """

    dim: int = 2
    num_frames: int = 100
    answer: str = field(default="sum", repr=False)
    units: Units = field(default=Units(), repr=False)

    metrics: ClassVar[Mapping[str, Metric]] = {
        "close": Metric(binary=True),
        "error": Metric(perfect=0),
        "energy": Metric(perfect=None),
        "ratio": Metric(perfect=0),
    }

    def __post_init__(self) -> None:
        check_dim(self.dim)
        check_one_of("answer", self.answer, ("sum", "whole"))
        if self.num_frames < 1:
            raise ValueError(f"num_frames must be at least 1, got {self.num_frames!r}")

    @property
    def spec(self) -> GraphSpec:
        """The widths of the inputs, and one number of each node, or of the graph, as output."""
        is_sum = self.answer == "sum"
        return spec(self.dim, node_out=int(is_sum), global_out=int(not is_sum))

    def posed(self, structures: list[Scene]) -> list[Motion]:
        """Return the motions of a group of scenes, or [] if one exceeds its energy tolerance."""
        return posed_motions(structures, self.num_frames, self.dim)

    def sample(self, structure: Motion, rng: np.random.Generator) -> Data:
        """Return the graph of the scene at a drawn frame, with its motion."""
        return body_graph(structure, int(rng.integers(self.num_frames)))

    def drawn(
        self, packed: Packed, indices: Tensor | Sequence[int], rng: np.random.Generator
    ) -> Batch:
        """Return the batch with each scene at a drawn frame."""
        return at_drawn_frames(packed, indices, rng, self.dim)

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Return the squared error of the energy per body, in units; all sizes weigh the same."""
        error = (self._energy(model(batch), batch) - conserved.energy(batch)) / self._unit
        return (error / sum_over_bodies(torch.ones_like(batch.mass), batch)).square().mean()

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the scores of every scene, each [B].

        close: the error is within `TOLERANCE` of the largest kinetic energy of the motion; error:
        the squared error [E²]; energy: the true energy [E].
        """
        true = conserved.energy(batch)
        error = self._energy(model(batch), batch) - true
        return {
            "close": (error.abs() <= TOLERANCE * batch.graph_kinetic).float(),
            "error": error.square(),
            "energy": true,
        }

    def relative(self, scores: dict[str, np.ndarray]) -> dict[str, Ratio]:
        """Return the error relative to that of the cell's mean energy: 1 - R²."""
        energy = scores["energy"]
        return {"ratio": Ratio(scores["error"], (energy - energy.mean()) ** 2)}

    def solution(self, batch: Batch) -> GraphOutput:
        """Return the true energy, divided evenly among the moving bodies."""
        energy = conserved.energy(batch) / self._unit
        if self.answer == "whole":
            return GraphOutput(u=energy.unsqueeze(1))
        is_moving = (batch.body_kind == MOVING).to(energy.dtype)
        each = energy / sum_over_bodies(is_moving, batch)
        return GraphOutput(x=(is_moving * each[batch.batch]).unsqueeze(1))

    @property
    def _unit(self) -> float:
        return self.units.mass * self.units.velocity**2

    def _energy(self, output: GraphOutput, batch: Batch) -> Tensor:
        """Return the energy that a model's output encodes [B]."""
        if self.answer == "whole":
            assert output.u is not None
            return self._unit * output.u.squeeze(1)
        assert output.x is not None
        return self._unit * sum_over_bodies(output.x.squeeze(1), batch)
