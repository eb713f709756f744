"""Picture of a tour: a network's tour, one frame a choice, over the shortest tour."""

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.environment import best_of, play
from data_gen.picture import Key, Panel, Picture, Watched
from data_gen.route import NETWORK, TRUTH, around
from data_gen.shapes import Look, Shape, places
from data_gen.tours.environment import TourEnvironment, TourState

POINT, HERE, START = 0.011, 0.028, 0.014  # radii, as fractions of the extent
FIRST, NOW = Look(fill="ink"), Look("ink", 1.2)
KEYS = (
    Key("shortest tour", "line", TRUTH),
    Key("network", "line", NETWORK),
    Key("start", "square", FIRST),
    Key("here", "circle", NOW),
)


@torch.inference_mode()
def tour_picture(model: Watched, environment: TourEnvironment, batch: Batch) -> Picture:
    """Draw a network's tour through the points of one instance, one frame a choice."""
    path = _path(model, environment, batch)  # [n + 1], the start first and last
    at, order = batch.position.cpu().double().numpy(), batch.tour_place.argsort().tolist()
    n, optimum = len(at), float(batch.graph_optimum)
    window, extent = around(at)
    ways = [at[path[:count]] for count in range(1, n + 2)]  # [1, 2], [2, 2], ..., [n + 1, 2]
    shapes = [
        Shape("line", places(at[[*order, order[0]]]), TRUTH),
        Shape("line", [places(way)[0] for way in ways], NETWORK),
        Shape("circle", places(at), Look(fill="soft"), POINT * extent),
        Shape("square", places(at[path[:1]]), FIRST, START * extent),
        Shape("circle", [places(way[-1:])[0] for way in ways], NOW, HERE * extent),
    ]
    lengths = [float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum()) for way in ways]
    captions = [
        f"{min(count, n)} of {n} points, way of {length:.3f}"
        for count, length in enumerate(lengths, start=1)
    ]
    captions[-1] = f"tour of {lengths[-1]:.3f}, {_compared(lengths[-1], optimum)}"
    title = f"{n} points, shortest tour of {optimum:.3f}"
    return Picture(title, window, captions, [Panel("", shapes, KEYS)])


def _path(model: Watched, environment: TourEnvironment, batch: Batch) -> list[int]:
    """Return the nodes that a network visits, from the start back to the start."""
    chosen = [batch.is_start.nonzero().squeeze(1)]
    choose = best_of(environment, model)

    def recorded(state: TourState) -> Tensor:
        chosen.append(choose(state))
        return chosen[-1]

    play(environment, batch, recorded)
    return torch.cat([*chosen, chosen[0]]).tolist()


def _compared(length: float, optimum: float) -> str:
    """Return the words that compare a length with the shortest one."""
    longer = 100 * (length / optimum - 1)
    return f"{longer:.1f} % longer than the shortest" if longer >= 0.05 else "none is shorter"
