"""Tracks: the positions of bodies in all frames, true and predicted, from which pictures are drawn.

A scene has F frames and n bodies, walls not included.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.bodies.dynamics.scene import BOXES, DISC, MOVING, PINNED, WALL
from data_gen.picture import Key, Panel
from data_gen.shapes import Look, Shape, places

MARGIN = 0.06  # the margin around the bodies, as a fraction of their extent
WIDER = 1.4  # the largest factor by which predictions widen the window
POINT = 0.02  # the radius of a drawn point, as a fraction of half the window
TRAIL = 20  # the length of trails in frames
KEYS = (
    Key("truth", "line", Look("soft", 2.2, opacity=0.5)),
    Key("network", "line", Look("soft", 0.9, "dashed")),
    Key("start", "circle", Look("soft", 1.0, fill="paper")),
    Key("true end", "circle", Look("soft", fill="soft", opacity=0.55)),
    Key("the network's end", "cross", Look("soft", 1.2)),
)


@dataclass(frozen=True)
class Tracks:
    """The first two coordinates of the bodies of one scene, true and predicted [F, n, 2]."""

    true: np.ndarray
    predicted: np.ndarray
    kinds: np.ndarray  # [n]
    radii: np.ndarray  # [n], 0: a point
    springs: np.ndarray  # [s, 2], the two bodies that each spring joins
    half_width: float | None  # of the box with walls; None: no walls

    @classmethod
    def of(cls, batch: Batch, true: Tensor, predicted: Tensor) -> "Tracks":
        """Return the tracks of a batch of one scene, given positions [F, N, d] of its nodes."""
        is_body = (batch.body_kind != WALL).cpu()
        pairs = batch.edge_index[:, batch.edge_stiffness > 0].t().cpu()
        number = is_body.cumsum(0) - 1
        has_walls = int(batch.graph_law[0, 8]) == BOXES.index("reflecting")
        known, guessed = (p.cpu()[:, is_body, :2].double().numpy() for p in (true, predicted))
        return cls(
            known,
            guessed,
            batch.body_kind.cpu()[is_body].numpy(),
            batch.radius.cpu()[is_body].double().numpy(),
            number[pairs[pairs[:, 0] < pairs[:, 1]]].numpy(),
            float(batch.graph_law[0, 9]) if has_walls else None,
        )

    @cached_property
    def moving(self) -> dict[int, int]:
        """The colour of each moving body, by the number of the body."""
        return {int(body): k for k, body in enumerate(np.flatnonzero(self.kinds == MOVING))}

    @property
    def title(self) -> str:
        """The title: the number of bodies, discs not included."""
        return f"{int((self.kinds <= PINNED).sum())} bodies"

    @cached_property
    def square(self) -> tuple[np.ndarray, float]:
        """The centre [2] and half width of the window: it shows the truth and near predictions."""
        radii = self.radii[:, None]
        low, high = (self.true - radii).min((0, 1)), (self.true + radii).max((0, 1))
        centre, half = (low + high) / 2, max(float((high - low).max()) / 2, 1e-3)
        if self.half_width is not None:
            centre, half = np.zeros(2), self.half_width
        reach = float((np.abs(self.predicted - centre) + radii).max())
        return centre, min(max(half, reach), WIDER * half) * (1 + MARGIN)

    @property
    def window(self) -> list[float]:
        """The range that is shown: least x, least y, largest x, largest y."""
        centre, half = self.square
        return [*(centre - half).tolist(), *(centre + half).tolist()]

    def shown_radius(self, body: int) -> float:
        """Return the radius with which a body is drawn."""
        return max(float(self.radii[body]), POINT * self.square[1])

    def room(self) -> Iterator[Shape]:
        """Yield the walls of the box and the static bodies."""
        if self.half_width is not None:
            corners = self.half_width * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
            yield Shape("polygon", places(corners), Look("ink", 1.4))
        for body, place in enumerate(self.true[0]):
            if self.kinds[body] == DISC:
                look = Look(fill="rule")
                yield Shape("circle", places([place]), look, float(self.radii[body]))
            elif self.kinds[body] == PINNED:
                radius = POINT * self.square[1]
                yield Shape("square", places([place]), Look(fill="ink"), radius)

    def ropes(self, track: np.ndarray, look: Look) -> Iterator[Shape]:
        """Yield the springs between bodies at positions [F, n, 2] or [n, 2]."""
        if len(self.springs):
            yield Shape("segments", places(track[..., self.springs.ravel(), :]), look)

    def side(self, title: str, track: np.ndarray) -> Panel:
        """Return a panel of the bodies at positions [F, n, 2], with their trails."""
        shapes = [*self.room(), *self.ropes(track, Look("soft", 0.9))]
        for body, colour in self.moving.items():
            at, radius = places(track[:, [body]]), self.shown_radius(body)
            shapes.append(Shape("circle", at, Look(colour, fill=colour), radius, trail=TRAIL))
        return Panel(title, shapes)

    def paths(self) -> Panel:
        """Return a panel of the paths of all bodies, with start, true end and predicted end."""
        shapes = [*self.room(), *self.ropes(self.true[-1], Look("soft", 0.9))]
        shapes += self.ropes(self.predicted[-1], Look("soft", 0.9, "dotted"))
        for body, colour in self.moving.items():
            true, predicted = self.true[:, body], self.predicted[:, body]
            shapes.append(Shape("line", places(true), Look(colour, 2.2, opacity=0.4)))
            shapes.append(Shape("line", places(predicted), Look(colour, 0.9, "dashed")))
        for body, colour in self.moving.items():
            radius, point = self.shown_radius(body), POINT * self.square[1]
            first, last = places(self.true[0, [body]]), places(self.true[-1, [body]])
            end = places(self.predicted[-1, [body]])
            shapes.append(Shape("circle", last, Look(fill=colour, opacity=0.55), radius))
            if self.radii[body] > point:
                shapes.append(Shape("circle", end, Look(colour, 0.8, "dashed"), radius))
            shapes.append(Shape("cross", end, Look(colour, 1.2), point))
            shapes.append(Shape("circle", first, Look(colour, 1.0, fill="paper"), 0.8 * point))
        return Panel("", shapes, KEYS)
