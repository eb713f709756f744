"""Pictures of scenes of bodies: the true and the predicted positions."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.bodies import conserved
from data_gen.bodies.features import Units, observed
from data_gen.bodies.frames import frames_of
from data_gen.bodies.rollout import rollout
from data_gen.bodies.scores import State
from data_gen.bodies.tracks import Tracks
from data_gen.picture import Picture, Strip, Trace, options
from data_gen.shapes import Look, PictureError

NETWORK = 1  # the network's colour in lines that belong to no body


@torch.inference_mode()
def rollout_picture(
    step: Callable[[State, int], State], batch: Batch, dim: int, given: Mapping[str, int]
) -> Picture:
    """Draw a rollout of a model beside the truth.

    Args:
        step: maps the state at a frame to the state at the next frame.
        batch: a batch of one scene.
        dim: the number of coordinates.
        given: the options `num_frames`, the number of steps, and `every`: show each `every`-th.

    Raises:
        PictureError: an option is unknown or its value is not allowed.
    """
    track = frames_of(batch, dim)
    num_frames, every = _frames(given, track.shape[1] - 1)
    first = track[:, 0].unbind(1)
    moments = rollout(first, step, batch, num_frames)
    states = [first, *((moment.position, moment.velocity) for moment in moments)]
    shown = range(0, num_frames + 1, every)
    true = [track[:, frame].unbind(1) for frame in shown]
    predicted = [states[frame] for frame in shown]
    true_places, predicted_places = (
        torch.stack([state[0] for state in found]) for found in (true, predicted)
    )
    tracks = Tracks.of(batch, true_places, predicted_places)
    times = [round(frame * float(batch.graph_time_step), 6) for frame in shown]
    energies = [
        Trace(name, [_energy_change(batch, first, state) for state in found], look)
        for name, found, look in (
            ("truth", true, Look("soft", 2.2, opacity=0.7)),
            ("network", predicted, Look(NETWORK, 1.3, "dashed")),
        )
    ]
    return Picture(
        tracks.title,
        tracks.window,
        [f"time {time:.2f}" for time in times],
        [tracks.side("truth", tracks.true), tracks.side("network", tracks.predicted)],
        tracks.paths(),
        Strip("energy change, by largest kinetic energy", "time", times, energies),
    )


def displacement_picture(batch: Batch, end: Tensor, predicted: Tensor) -> Picture:
    """Draw the bodies of one scene at the start and at the end [N, d], true and predicted."""
    both = [torch.stack([batch.position, place]) for place in (end, predicted)]
    tracks = Tracks.of(batch, *both)
    return Picture(tracks.title, tracks.window, ["start and end"], [tracks.paths()])


def _frames(given: Mapping[str, int], most: int) -> tuple[int, int]:
    """Return the options `num_frames` and `every`; raise PictureError if one is not allowed."""
    chosen = options(given, num_frames=min(300, most), every=3)
    if chosen["num_frames"] > most:
        known = chosen["num_frames"]
        raise PictureError(f"num_frames must be at most {most} for this motion, got {known}")
    return chosen["num_frames"], chosen["every"]


def _energy_change(batch: Batch, first: State, state: State) -> float:
    """Return the change of energy since the first state, relative to the largest kinetic energy."""
    before, after = (observed(batch, x, v, Units()) for x, v in (first, state))
    change = conserved.energy(after) - conserved.energy(before)
    return float((change / batch.graph_kinetic).clamp(-1e6, 1e6).nan_to_num(0.0))
