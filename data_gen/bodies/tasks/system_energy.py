"""The energy of a scene from its bodies: a sum over the system, asked of models that see parts."""

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
from data_gen.metric import Metric, Ratio
from data_gen.packed import Packed
from data_gen.spec import GraphOutput, GraphSpec
from data_gen.task import Model

TOLERANCE = 0.1  # of the largest kinetic energy of a scene's motion: an answer that near is close


@dataclass(frozen=True)
class SystemEnergy(BodyTask):
    """The sum of kinetic and potential energy, which grows with the number of bodies.

    Asked as a sum over bodies, each of which answers for its part ("sum"), or at once of the whole
    graph ("whole"): whether an extensive quantity carries over to other sizes is decided by that.
    Source: Battaglia et al. 2016, section 3.2 (energy of the whole system, from summed states).

    Fields: those of `body_graph`.

    Args:
        dim: number of coordinates d.
        num_frames: length of a motion; instances are at frames of it, in training drawn anew.
        answer: "sum" or "whole".
        units: what counts as 1; of energy mass x velocity².
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
        if self.answer not in ("sum", "whole"):
            raise ValueError(f"answer is {self.answer!r}: sum and whole are allowed")
        if self.num_frames < 1:
            raise ValueError(f"num_frames is {self.num_frames!r}: 1 or more is needed")

    @property
    def spec(self) -> GraphSpec:
        """A number of every node, or of the graph, goes out."""
        is_sum = self.answer == "sum"
        return spec(self.dim, node_out=int(is_sum), global_out=int(not is_sum))

    def posed(self, structures: list[Scene]) -> list[Motion]:
        """The motions of scenes that keep their energy."""
        return posed_motions(structures, self.num_frames, self.dim)

    def sample(self, structure: Motion, rng: np.random.Generator) -> Data:
        """The scene at one of its frames."""
        return body_graph(structure, int(rng.integers(self.num_frames)))

    def drawn(
        self, packed: Packed, indices: Tensor | Sequence[int], rng: np.random.Generator
    ) -> Batch:
        """Each at a frame of its own."""
        return at_drawn_frames(packed, indices, rng, self.dim)

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Squared error of the energy per body, in units: scenes of any size weigh alike."""
        error = (self._energy(model(batch), batch) - conserved.energy(batch)) / self._unit
        return (error / sum_over_bodies(torch.ones_like(batch.mass), batch)).square().mean()

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Scores of every scene, each [B].

        close: within `TOLERANCE` of the largest kinetic energy of its motion; error: squared
        [E²]; energy: the true one [E].
        """
        true = conserved.energy(batch)
        error = self._energy(model(batch), batch) - true
        return {
            "close": (error.abs() <= TOLERANCE * batch.graph_kinetic).float(),
            "error": error.square(),
            "energy": true,
        }

    def relative(self, scores: dict[str, np.ndarray]) -> dict[str, Ratio]:
        """The error by that of the cell's mean energy: 1 - R²."""
        energy = scores["energy"]
        return {"ratio": Ratio(scores["error"], (energy - energy.mean()) ** 2)}

    def solution(self, batch: Batch) -> GraphOutput:
        """The energy, shared out evenly among the bodies that move."""
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
        """Of an answer [B]."""
        if self.answer == "whole":
            assert output.u is not None
            return self._unit * output.u.squeeze(1)
        assert output.x is not None
        return self._unit * sum_over_bodies(output.x.squeeze(1), batch)
