"""Let a trained model simulate on its own output, beside the truth, and write where bodies are.

python -m experiments.rollout 'run=outputs/nbody_cpu/interaction_network-seed0-*' \
    task_label=gravity file=results/nbody_cpu/rollouts_gravity.csv

Of each size, one test scene of the distribution that the model was trained on; of scenes in space
the first two coordinates.
"""

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch
from omegaconf import DictConfig, ListConfig
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.bodies import conserved
from data_gen.bodies.dynamics.scene import BOXES, KINDS, WALL
from data_gen.bodies.features import Units, observed
from data_gen.bodies.frames import frames_of
from data_gen.bodies.rollout import rollout
from data_gen.bodies.scores import State
from data_gen.bodies.tasks.next_step import NextStep
from experiments.run.found import done_run
from experiments.run.machine import device_of
from experiments.run.parts import RunParts, TestCell
from experiments.run.stored import study_of
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.predicates import is_whole
from experiments.tables.rollout_points import RolloutPoint
from experiments.tables.rows import write_table
from gn.model import GraphModel

LOG = logging.getLogger(__name__)
DIGITS = 4  # after the point


def roll_out(config: DictConfig) -> None:
    """Write the table of one scene of every size; a file that is there is not overwritten."""
    path = Path(config.file)
    if path.exists():
        raise UserError(f"file: {path} exists, take another name")
    _check(config)
    folder = done_run(str(config.run), config.task_label)
    transfer = {"sizes": config.sizes, "num_instances": config.instance + 1}
    study = study_of(folder.load_config(), transfer, config.machine)
    if not isinstance(study.task, NextStep):
        raise UserError(f"run: {folder.path} is not of the task next_step")
    if config.num_frames > study.task.num_frames:
        allowed = f"up to {study.task.num_frames} is, as the motions of the run have"
        raise UserError(f"num_frames: {config.num_frames} is not allowed, {allowed}")
    model = study.build_model()
    folder.load_weights(model)
    torch.set_num_threads(config.machine.num_threads)
    cells = [cell for cell in study.test_cells if cell.shift in ("none", "size")]
    if not cells:
        raise UserError(f"run: {folder.path} was not tested on what it was trained on")
    model = model.to(device_of(study.settings.machine)).eval()
    points = [p for cell in cells for p in _points(config, study, model, cell)]
    write_table(points, path, RolloutPoint)
    LOG.info("%s", path)


def _check(config: DictConfig) -> None:
    """Raise UserError for a number that is not one; sizes are looked at with the run's."""
    for key, least in (("instance", 0), ("num_frames", 1), ("every", 1)):
        if not is_whole(config[key]) or config[key] < least:
            raise UserError(f"{key}: {config[key]!r} is not allowed, {least} or more is")
    if not isinstance(config.sizes, ListConfig):
        raise UserError(f"sizes: {config.sizes!r} is not allowed, a list of whole numbers is")


@torch.inference_mode()
def _points(
    config: DictConfig, study: RunParts, model: GraphModel, cell: TestCell
) -> Iterator[RolloutPoint]:
    """The bodies of one scene at the frames that are written."""
    task = study.task
    assert isinstance(task, NextStep)
    batch = cell.data_set.load().to(model.device).batch([config.instance])
    num_nodes, most = batch.num_nodes or 0, model.max_num_nodes
    if most is not None and num_nodes > most:
        raise UserError(f"sizes: {cell.size} is not allowed, the model takes up to {most} nodes")
    track = frames_of(batch, task.dim)
    labels = (str(study.config.task_label), str(study.config.label), cell.distribution)
    place = (*labels, cell.size, int(config.instance), _half_width(batch))
    bodies = _bodies(batch)
    first = track[:, 0].unbind(1)
    step = partial(task.step, model, batch)
    moments = rollout(first, step, batch, config.num_frames)
    states = [first, *((moment.position, moment.velocity) for moment in moments)]
    for frame in range(0, config.num_frames + 1, config.every):
        true = track[:, frame].unbind(1)
        true_energy, energy = (_energy_change(batch, first, s) for s in (true, states[frame]))
        time = round(frame * float(batch.graph_time_step), 6)
        where = torch.cat([true[0][:, :2], states[frame][0][:, :2]], dim=1).tolist()
        for body in bodies:
            x, y, *other = (round(value, DIGITS) for value in where[body[0]])
            yield RolloutPoint(*place, frame, time, true_energy, energy, *body, x, y, *other)


def _energy_change(batch: Batch, first: State, state: State) -> float:
    """From one state to another, by the largest kinetic energy."""
    before, after = (observed(batch, x, v, Units()) for x, v in (first, state))
    change = conserved.energy(after) - conserved.energy(before)
    return round(float(change / batch.graph_kinetic), DIGITS)


def _half_width(batch: Batch) -> float:
    """Of the box with walls, nan if there is none."""
    has_walls = int(batch.graph_law[0, 8]) == BOXES.index("reflecting")
    return round(float(batch.graph_law[0, 9]), DIGITS) if has_walls else float("nan")


def _bodies(batch: Batch) -> list[tuple[int, str, float, str]]:
    """Index, kind, radius and springs of every body; walls are none."""
    springs: Tensor = batch.edge_index[:, batch.edge_stiffness > 0]
    joined = [(i, j) for i, j in springs.t().tolist() if i < j]
    rows = zip(batch.body_kind.tolist(), batch.radius.tolist(), strict=True)
    return [
        (body, KINDS[kind], round(radius, DIGITS), " ".join(str(j) for i, j in joined if i == body))
        for body, (kind, radius) in enumerate(rows)
        if kind != WALL
    ]


if __name__ == "__main__":
    start("rollout", roll_out)
