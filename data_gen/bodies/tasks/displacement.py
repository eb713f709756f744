"""Displacement: predict the positions of all bodies many frames later, in one answer."""

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

TOLERANCE = 0.1  # the largest error of a close answer, as a fraction of the scene's extent
BROKEN = 0.1  # the change of energy above which a scene is broken; masses and charges are 1


@dataclass(frozen=True)
class Displacement(BodyTask):
    """Predict each body's displacement after `horizon` frames from positions and velocities.

    Published generators of charges do not conserve the energy: scenes in which it changes by more
    than `BROKEN` between the two moments are reported separately in the scores. Source: Satorras et
    al. 2021, section 5.1; squared errors are means over bodies and coordinates, as there.

    Fields: those of `body_graph`, for frames 0 to `horizon`.

    Args:
        dim: the number of coordinates d.
        horizon: the number of frames between the two moments.
        units: the units in which models read; answers are in units of length.

    Raises:
        ValueError: `dim` is not 2 or 3, or `horizon` is below 1.
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
            raise ValueError(f"horizon must be at least 1, got {self.horizon!r}")

    @property
    def spec(self) -> GraphSpec:
        """The widths of the task, a vector of each node as output, and the law of motion."""
        mechanics = TrueMechanics(self.dim, self.units, self.horizon, asks_where=True)
        return replace(super().spec, mechanics=mechanics)

    def posed(self, structures: list[Scene]) -> list[Motion]:
        """Return the motions of a group of scenes, or [] if one exceeds its energy tolerance."""
        return posed_motions(structures, self.horizon, self.dim)

    def sample(self, structure: Motion, rng: np.random.Generator) -> Data:
        """Return the graph of the scene at frame 0, with its motion."""
        del rng
        return body_graph(structure, 0)

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Return the squared error in units of length, mean over bodies and coordinates."""
        return self._errors(model(batch), batch).mean() / self.units.length**2

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the scores of every scene, each [B].

        close: the root mean square distance from the truth is within `TOLERANCE` of the scene's
        extent; error: the squared error [L²]; constant: the error of bodies that keep their
        velocity; error_clean and error_broken: the error of scenes whose energy is conserved, and
        of scenes whose energy is not; broken: 1 for the latter.
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
        """Return which scenes are clean, and which are broken."""
        return {"error_clean": is_clean(batch), "error_broken": ~is_clean(batch)}

    def relative(self, scores: dict[str, np.ndarray]) -> dict[str, Ratio]:
        """Return the error by that of constant velocity, and the error's share of broken scenes."""
        errors = scores["error"]
        broken = Ratio(errors * scores["broken"], errors)
        return {**super().relative(scores), "share_of_broken": broken}

    def picture(self, model: Watched, batch: Batch, **given: int) -> Picture:
        """Draw the bodies at the start and `horizon` frames later, true and predicted."""
        options(given)
        answer = model(batch).x
        assert answer is not None
        end = frames_of(batch, self.dim)[:, -1, 0]
        return displacement_picture(batch, end, batch.position + self.units.length * answer)

    def solution(self, batch: Batch) -> GraphOutput:
        """Return the true displacement to the last frame."""
        track = frames_of(batch, self.dim)
        way = nearest_image(track[:, -1, 0] - batch.position, batch.graph_law[batch.batch])
        return GraphOutput(x=way / self.units.length)

    def _errors(self, output: GraphOutput, batch: Batch) -> Tensor:
        """Return the squared error [L²], mean over bodies and coordinates [B]."""
        assert output.x is not None
        true = frames_of(batch, self.dim)[:, -1, 0]
        way = nearest_image(true - batch.position, batch.graph_law[batch.batch])
        return squared_error(self.units.length * output.x, way, batch) / self.dim


def is_clean(batch: Batch) -> Tensor:
    """Return for each scene whether its energy stays within `BROKEN` of that at frame 0 [B]."""
    energy = batch.graph_energy
    return ((energy - energy[:, :1]).abs() <= BROKEN).all(dim=1)
