"""Look inside a trained network: where it puts the literals of a formula, round after round.

python -m experiments.embed run=outputs/sat_cpu/<run> file=results/sat_cpu/literals.csv

Two satisfiable formulas are shown: the first that the network solves, and the first that it does
not. Their literals are projected on the two first principal components of the last round.
"""

import logging
from pathlib import Path

import torch
from omegaconf import DictConfig
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.sat.decoding import LITERAL, candidates, complements, share_satisfied
from data_gen.sat.tasks.satisfiability import Satisfiability
from data_gen.spec import GraphOutput
from experiments.run.found import done_run
from experiments.run.machine import device_of
from experiments.run.parts import TestCell
from experiments.run.stored import study_of
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.tables.literal_points import LiteralPoint
from experiments.tables.rows import write_table
from gn.stepped import SteppedModel

LOG = logging.getLogger(__name__)


def embed(config: DictConfig) -> None:
    """Write the table of both formulas; a file that is there is not overwritten."""
    path = Path(config.file)
    if path.exists():
        raise UserError(f"file: {path} exists, take another name")
    if type(config.num_rounds) is not int or config.num_rounds < 1:
        raise UserError(f"num_rounds: {config.num_rounds!r} is not allowed, 1 or more is")
    folder = done_run(str(config.run))
    transfer = {"sizes": [config.size], "num_instances": config.num_instances}
    study = study_of(folder.load_config(), transfer, config.machine)
    if not isinstance(study.task, Satisfiability):
        raise UserError(f"run: {folder.path} is not of the task satisfiability")
    model = study.build_model()
    if not isinstance(model, SteppedModel):
        raise UserError(f"run: {folder.path} is of a {type(model).__name__}, without states")
    folder.load_weights(model)
    torch.set_num_threads(config.machine.num_threads)
    cell = next((cell for cell in study.test_cells if cell.shift in ("none", "size")), None)
    if cell is None:
        raise UserError(f"run: {folder.path} was not tested on what it was trained on")
    points = _two_formulas(
        model.to(device_of(study.settings.machine)).eval(), cell, config.num_rounds
    )
    write_table(points, path, LiteralPoint)
    LOG.info("%s", path)


@torch.inference_mode()
def _two_formulas(model: SteppedModel, cell: TestCell, num_rounds: int) -> list[LiteralPoint]:
    """The first satisfiable formula of the cell that is solved, and the first that is not."""
    packed = cell.data_set.load().to(model.device)
    wanted = packed.fields["graph_is_sat"].nonzero().squeeze(1).cpu()
    batch = packed.batch(wanted)
    rounds = model.unroll(batch, num_rounds)
    solved = torch.stack([_solved(output, batch) for output in rounds])  # [T, B]
    points = []
    for is_solved in (True, False):
        found = (solved[-1] == is_solved).nonzero().squeeze(1)
        if not len(found):
            raise UserError(f"num_instances: among {len(wanted)} none is solved={is_solved}")
        graph = int(found[0])
        place = (cell.distribution, cell.size, int(wanted[graph]), int(is_solved))
        first = int(solved[:, graph].long().argmax()) + 1 if solved[:, graph].any() else 0
        points += _points(rounds, batch, graph, (*place, first))
    return points


def _solved(output: GraphOutput, batch: Batch) -> Tensor:
    """Which formulas an answer is a model of [B]."""
    return share_satisfied(_candidates(output, batch), batch).amax(dim=0) == 1


def _candidates(output: GraphOutput, batch: Batch) -> Tensor:
    assert output.x is not None
    return candidates(output.x.squeeze(1), output.states, batch)


def _points(
    rounds: list[GraphOutput], batch: Batch, graph: int, place: tuple[str, int, int, int, int]
) -> list[LiteralPoint]:
    """The literals of one graph after every round."""
    is_mine = (batch.batch == graph) & (batch.node_type == LITERAL)
    nodes = is_mine.nonzero().squeeze(1)
    truths = _candidates(rounds[-1], batch)
    best = share_satisfied(truths, batch)[:, graph].argmax()
    is_true = truths[best][nodes].int().tolist()
    names = _names(nodes, complements(batch))
    last = rounds[-1].states
    assert last is not None
    mean = last[nodes].mean(dim=0)
    axes = torch.linalg.svd((last[nodes] - mean).double().cpu(), full_matrices=False).Vh[:2]
    axes = axes * axes.gather(1, axes.abs().argmax(dim=1, keepdim=True)).sign()
    points = []
    for number, output in enumerate(rounds, 1):
        assert output.states is not None
        assert output.x is not None
        plane = (output.states[nodes] - mean).double().cpu() @ axes.t()
        rows = zip(names, is_true, plane.tolist(), output.x[nodes, 0].tolist(), strict=True)
        points += [
            LiteralPoint(*place, number, name, true, xy[0], xy[1], vote)
            for name, true, xy, vote in rows
        ]
    return points


def _names(nodes: Tensor, other: Tensor) -> list[int]:
    """V and -v, numbered in the order of their nodes."""
    names: dict[int, int] = {}
    for node in nodes.tolist():
        partner = int(other[node])
        names[node] = -names[partner] if partner in names else len(names) // 2 + 1
    return list(names.values())


if __name__ == "__main__":
    start("embed", embed)
