"""Score a model on data sets, and build the rows of the transfer table."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch_geometric.data import Batch
from tqdm import tqdm

from data_gen.files import write_atomically
from data_gen.packed import Packed
from data_gen.spec import GraphOutput
from data_gen.summary import CellSummary, summarise
from data_gen.task import Model, Task
from data_gen.workers import bars_are_hidden
from experiments.run.folder import RunFolder
from experiments.run.parts import RunParts, TestCell
from experiments.run.provenance import VERSIONS, commit
from experiments.run.steps import Answer, answer_by, answers_by
from experiments.settings.errors import UserError
from experiments.settings.step_rules import canonical
from experiments.statistics.metric_scores import estimates
from experiments.tables.cells import write_cells
from experiments.tables.rows import Row, write_table
from gn.model import GraphModel

NO_STEPS = torch.zeros(0, dtype=torch.long)
MAX_EDGES = {
    "cpu": 60_000,
    "cuda": 4_000_000,
}  # of a batch: fits the CPU's caches or the GPU's memory


@torch.inference_mode()
def score_instances(
    task: Task[Any], answer: Answer, data_set: Packed, *, in_training: bool = False
) -> dict[str, np.ndarray]:
    """Return every score of every instance and the number of `steps` taken, each [B].

    Undefined scores are NaN.

    Args:
        task: the task, which defines the scores.
        answer: answers a batch, with the number of steps of each graph.
        data_set: the instances.
        in_training: compute only the scores that are watched in training, and `loss`: the loss of
            the batch that an instance is in.

    Raises:
        UserError: an answer or a defined score is NaN.
    """
    score = task.val_score if in_training else task.score
    parts = _Parts()
    for indices in _chunks(data_set, MAX_EDGES[data_set.node_ptr.device.type]):
        batch = task.batch(data_set, indices)
        output, steps = answer(batch)
        model = _remembering(answer, batch, output)
        _check_numbers(output, indices)
        scores = _defined(score(model, batch), task, batch, indices)
        if in_training:
            scores["loss"] = task.loss(model, batch).expand(len(indices))
        parts.add({**scores, "steps": steps})
    return parts.whole()


@torch.inference_mode()
def score_by_rules(
    task: Task[Any], model: GraphModel, rules: Sequence[str], data_set: Packed, size: int
) -> list[dict[str, np.ndarray]]:
    """Score every instance by several rules of steps: what `score_instances` returns, for each.

    Rules share the batches, and those of a fixed number of steps one pass of the model.
    """
    answers_of = answers_by(rules, model, task, size)
    answers = [answer_by(rule, model, task, size) for rule in rules]
    parts = [_Parts() for _ in rules]
    for indices in _chunks(data_set, MAX_EDGES[data_set.node_ptr.device.type]):
        batch = task.batch(data_set, indices)
        for answer, part, (output, steps) in zip(answers, parts, answers_of(batch), strict=True):
            _check_numbers(output, indices)
            asked = _remembering(answer, batch, output)
            part.add({**_defined(task.score(asked, batch), task, batch, indices), "steps": steps})
    return [part.whole() for part in parts]


class _Parts:
    """Scores of one batch after another."""

    def __init__(self) -> None:
        self._values: dict[str, list[Tensor]] = {}

    def add(self, scores: dict[str, Tensor]) -> None:
        """Append the scores of a batch, each [B]."""
        for name, values in scores.items():
            self._values.setdefault(name, []).append(values.cpu())

    def whole(self) -> dict[str, np.ndarray]:
        """Return every score of all instances."""
        return {name: torch.cat(values).numpy() for name, values in self._values.items()}


def _check_numbers(output: GraphOutput, indices: Tensor) -> None:
    """Raise UserError for a NaN in an answer, which a threshold would turn into a score."""
    for values in (output.x, output.edge_attr, output.u):
        if values is not None and bool(values.isnan().any()):
            raise UserError(f"an answer is not a number, among instances {indices.tolist()}")


def _remembering(answer: Answer, batch: Batch, output: GraphOutput) -> Model:
    """Return the model as a function that reuses the output for a batch already answered."""
    return lambda asked: output if asked is batch else answer(asked)[0]


def _defined(
    scores: dict[str, Tensor], task: Task[Any], batch: Batch, indices: Tensor
) -> dict[str, Tensor]:
    """Return the scores, with NaN where the task says that a score is undefined."""
    everywhere = torch.ones(batch.num_graphs, dtype=torch.bool, device=batch.ptr.device)
    masks, masked = task.defined(batch), {}
    for name, values in scores.items():
        mask = masks.get(name, everywhere)
        bad = (values.isnan() & mask).nonzero().flatten()
        if len(bad):
            raise UserError(f"{name} is not a number in instance {indices[bad[0].cpu()]}")
        masked[name] = torch.where(mask, values, torch.nan)
    return masked


def _chunks(data_set: Packed, max_edges: int) -> Iterator[Tensor]:
    """Yield batches of consecutive instances that have at most about `max_edges` edges."""
    counts = data_set.edge_ptr.diff().cpu()
    chunk = (counts.cumsum(0) - 1).clamp(min=0) // max_edges
    for number in chunk.unique():
        yield (chunk == number).nonzero().squeeze(1)


class Scored(NamedTuple):
    """The scores of one run on test cells."""

    rows: list[Row]
    instances: pd.DataFrame
    cells: list[CellSummary]


def evaluate(
    study: RunParts, model: GraphModel, folder: RunFolder, seconds: float, name: str = ""
) -> list[Row]:
    """Score all cells of a study; write the table and all instance scores, and return the rows.

    Raises:
        UserError: an answer or a defined score is NaN.
    """
    rows, frame, summaries = scored(study, model, study.test_cells, seconds)
    instances, cells, table = (
        path(name) for path in (folder.instances_path, folder.cells_path, folder.table_path)
    )
    write_atomically(instances, lambda path: frame.to_parquet(path, index=False))
    write_cells(summaries, cells)
    # The table is there last: an evaluation that was stopped before is made again.
    write_table(
        rows, table, before=lambda new: folder.record([instances, cells, table], {table: new})
    )
    return rows


def scored(
    study: RunParts, model: GraphModel, test_cells: Sequence[TestCell], seconds: float
) -> Scored:
    """Score cells of a study.

    Args:
        study: the parts of the run.
        model: its model.
        test_cells: the cells.
        seconds: the duration of the training, for the table.

    Raises:
        UserError: an answer or a defined score is NaN.
    """
    device = model.device
    model.eval()
    rows, frames, summaries = [], [], []
    provenance = commit()
    cells = tqdm(test_cells, desc=f"scoring {study.settings.label}", unit=" cells",
                 disable=bars_are_hidden(), leave=False)  # fmt: skip
    for cell in cells:
        packed = cell.data_set.load()
        summaries.append(summarise(study.task, cell.distribution, cell.size, packed))
        packed = packed.to(device)
        rules = _rules(study, model)
        of_rules = _score_cell(study, model, cell, rules, packed)
        for rule, scores in zip(rules, of_rules, strict=True):
            place = {"distribution": cell.distribution, "size": cell.size, "steps_rule": rule}
            steps = scores.pop("steps")
            names = cell.data_set.cell.names
            named = {} if names is None else {"instance_name": names}
            index = np.arange(len(packed))
            group = index // cell.data_set.cell.group_size
            instances = {**place, "steps": steps, "index": index, "group": group, **named}
            frames.append(pd.DataFrame({**instances, **scores}))
            record = {**place, "steps": float(steps.mean()), "commit": provenance,
                      "device": device.type, "seconds": seconds}  # fmt: skip
            rows += _rows(study, model, cell, record, scores)
    return Scored(rows, pd.concat(frames, ignore_index=True), summaries)


def _score_cell(
    study: RunParts, model: GraphModel, cell: TestCell, rules: Sequence[str], packed: Packed
) -> list[dict[str, np.ndarray]]:
    """Return the scores and `steps` of a cell by each rule; NaN if a graph is too large."""
    if model.max_num_nodes is not None and packed.num_nodes_of_largest > model.max_num_nodes:
        names = score_instances(study.task, lambda b: (study.task.solution(b), NO_STEPS), packed)
        scores = {name: np.full(len(packed), np.nan) for name in names}
        scores["steps"] = np.full(len(packed), np.nan)
        found = [dict(scores) for _ in rules]
    else:
        try:
            found = score_by_rules(study.task, model, rules, packed, cell.size)
        except UserError as error:
            raise UserError(f"{cell.distribution} of size {cell.size}: {error}") from error
    for scores in found:
        relative = study.task.relative(scores)
        scores |= {name: ratio.values for name, ratio in relative.items()}
    return found


def _rules(study: RunParts, model: GraphModel) -> list[str]:
    """Return the distinct step rules; "" for a model without steps or with a fixed number."""
    if not model.has_adjustable_steps:
        return [""]
    own = str(model.num_message_passing_steps)
    rules = [rule or own for rule in study.steps_rules]
    return list(dict.fromkeys(canonical(rule) for rule in rules))


def _rows(
    study: RunParts,
    model: GraphModel,
    cell: TestCell,
    record: dict[str, Any],
    scores: dict[str, np.ndarray],
) -> list[Row]:
    """Return a row for every metric of one cell, over the instances that have the metric."""
    rows = []
    groups = np.arange(len(next(iter(scores.values())))) // cell.data_set.cell.group_size
    for metric, found in estimates(study.task, [scores], groups):
        num_defined = int((~np.isnan(scores[metric])).sum()) or len(groups)  # if it has none: "n/a"
        rows.append(
            Row(
                study=study.settings.study,
                task=study.settings.task_label,
                model=study.settings.label,
                seed=study.settings.seed,
                **record,
                shift=cell.shift,
                metric=metric,
                **found.estimate._asdict(),
                num_instances=num_defined,
                num_parameters=model.num_parameters,
                config_hash=study.run_hash,
                data_hash=cell.data_set.data_hash,
                versions=VERSIONS,
            )
        )
    return rows
