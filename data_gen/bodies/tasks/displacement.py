"""Where every body is many steps later, in one answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from torch import Tensor
from torch_geometric.data import Batch, Data

from data_gen.bodies.body_task import BodyTask
from data_gen.bodies.dynamics.scene import Motion, Scene
from data_gen.bodies.features import Units, nearest_image
from data_gen.bodies.frames import frames_of
from data_gen.bodies.motions import check_dim, posed_motions
from data_gen.bodies.picture import displacement_picture
from data_gen.bodies.scene_graph import body_graph
from data_gen.bodies.scores import extent, squared_error
from data_gen.bodies.true_mechanics import TrueMechanics
from data_gen.metric import Metric, Ratio, ratio
from data_gen.picture import Picture, Watched, options
from data_gen.spec import GraphOutput, GraphSpec
from data_gen.task import Model

TOLERANCE = 0.1  # of the extent of a scene: an answer that is nearer to the truth is close
BROKEN = 0.1  # change of energy in the time between, of unit charges and masses: a broken truth


@dataclass(frozen=True)
class Displacement(BodyTask):
    """From positions and velocities to positions `horizon` frames later; the answer is the way.

    Published generators of charges do not keep the energy: scenes in which it changes by more than
    `BROKEN` between the two moments are told apart in the scores. Source: Satorras et al. 2021,
    section 5.1; squared errors are means over bodies and coordinates, as there.

    Fields: those of `body_graph`, of frames 0 to `horizon`.

    Args:
        dim: number of coordinates d.
        horizon: frames between the two moments.
        units: what counts as 1 in what is read; answers are in units of length.
    """

    dim: int = 3
    horizon: int = 10
    units: Units = field(default=Units(), repr=False)

    metrics: ClassVar[Mapping[str, Metric]] = {
        "close": Metric(binary=True),
        "error": Metric(perfect=0),
        "constant": Metric(perfect=None),
        "error_clean": Metric(perfect=0),
        "error_broken": Metric(perfect=0),
        "broken": Metric(perfect=None, binary=True),
        "ratio": ratio("error", "constant"),
        "share_of_broken": Metric(perfect=None, is_share=True),
    }

    def __post_init__(self) -> None:
        check_dim(self.dim)
        if self.horizon < 1:
            raise ValueError(f"horizon is {self.horizon!r}: 1 or more is needed")

    @property
    def spec(self) -> GraphSpec:
        """A vector of every node goes out; what moves it is known."""
        mechanics = TrueMechanics(self.dim, self.units, self.horizon, asks_where=True)
        return replace(super().spec, mechanics=mechanics)

    def posed(self, structures: list[Scene]) -> list[Motion]:
        """The motions of scenes that keep their energy, where that is asked of them."""
        return posed_motions(structures, self.horizon, self.dim)

    def sample(self, structure: Motion, rng: np.random.Generator) -> Data:
        """The scene at frame 0, with what became of it."""
        del rng
        return body_graph(structure, 0)

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Squared error in units of length, mean over bodies and coordinates."""
        return self._errors(model(batch), batch).mean() / self.units.length**2

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Scores of every scene, each [B].

        close: root mean square distance within `TOLERANCE` of the scene's extent; error: squared
        [L²]; constant: that of bodies that keep their velocity; error_clean and error_broken: of
        scenes whose energy is kept, and of those whose is not.
        """
        output = model(batch)
        errors = self._errors(output, batch)
        time = self.horizon * batch.graph_time_step[batch.batch].unsqueeze(1)
        constant = self._errors(GraphOutput(x=time * batch.velocity / self.units.length), batch)
        room = extent(frames_of(batch, self.dim)[:, -1, 0], batch)
        return {
            "close": ((errors * self.dim).sqrt() <= TOLERANCE * room).float(),
            "error": errors,
            "constant": constant,
            "error_clean": errors,
            "error_broken": errors,
            "broken": (~is_clean(batch)).float(),
        }

    def defined(self, batch: Batch) -> dict[str, Tensor]:
        """Which scenes are clean, and which are broken."""
        return {"error_clean": is_clean(batch), "error_broken": ~is_clean(batch)}

    def relative(self, scores: dict[str, np.ndarray]) -> dict[str, Ratio]:
        """The error by that of constant velocity; what broken scenes have of the whole error."""
        errors = scores["error"]
        broken = Ratio(errors * scores["broken"], errors)
        return {**super().relative(scores), "share_of_broken": broken}

    def picture(self, model: Watched, batch: Batch, **given: int) -> Picture:
        """The bodies at the start and `horizon` frames later, true and predicted."""
        options(given)
        answer = model(batch).x
        assert answer is not None
        end = frames_of(batch, self.dim)[:, -1, 0]
        return displacement_picture(batch, end, batch.position + self.units.length * answer)

    def solution(self, batch: Batch) -> GraphOutput:
        """The way to the last frame."""
        track = frames_of(batch, self.dim)
        way = nearest_image(track[:, -1, 0] - batch.position, batch.graph_law[batch.batch])
        return GraphOutput(x=way / self.units.length)

    def _errors(self, output: GraphOutput, batch: Batch) -> Tensor:
        """Squared error [L²], mean over bodies and coordinates [B]."""
        assert output.x is not None
        true = frames_of(batch, self.dim)[:, -1, 0]
        way = nearest_image(true - batch.position, batch.graph_law[batch.batch])
        return squared_error(self.units.length * output.x, way, batch) / self.dim


def is_clean(batch: Batch) -> Tensor:
    """Whether the energy stays within `BROKEN` of what it is at frame 0 [B]."""
    energy = batch.graph_energy
    return ((energy - energy[:, :1]).abs() <= BROKEN).all(dim=1)
