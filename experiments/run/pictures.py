"""Draw test instances with the answers of a trained model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch_geometric.data import Batch

from data_gen.packed import Packed
from data_gen.picture import Picture
from data_gen.shapes import PictureError
from data_gen.spec import GraphOutput
from data_gen.task import Task
from experiments.run.parts import RunParts, TestCell
from experiments.run.steps import answer_by
from experiments.settings.errors import UserError, did_you_mean
from gn.model import GraphModel


class RuledModel:
    """A model that takes steps by a rule, and can return its answers after each step.

    Args:
        model: a model with an adjustable or a fixed number of steps.
        rule: the step rule, see `answer_by`; ignored if the number is fixed.
        task: the task, which answers for the oracle rule.
        size: the size of the instances.
    """

    def __init__(self, model: GraphModel, rule: str, task: Task[Any], size: int) -> None:
        self.model = model
        self.rule = rule if model.has_adjustable_steps else ""
        self.answer = answer_by(self.rule, model, task, size)

    def __call__(self, batch: Batch) -> GraphOutput:
        """Return the answer after the number of steps that the rule sets."""
        return self.answer(batch)[0]

    def rounds(self, batch: Batch) -> list[GraphOutput]:
        """Return the answers for one graph after each of its steps."""
        return self.model.unroll(batch, int(self.answer(batch)[1]) if self.rule else None)


@torch.inference_mode()
def pictures_of(
    study: RunParts,
    model: GraphModel,
    cell: TestCell,
    chosen: int | Mapping[str, Sequence[float]],
    options: Mapping[str, int],
) -> list[Picture]:
    """Return the pictures of the chosen instances of a cell.

    Args:
        study: the parts of the run that trained the model.
        model: the trained model, on its device.
        cell: the test cell.
        chosen: the number of an instance; or for some scores, values whose first instances are
            drawn.
        options: options of the task's pictures.

    Raises:
        UserError: the graphs are too large for the model, an option or a score is not allowed, or
            the task has no picture for the model.
    """
    task, packed = study.task, cell.data_set.load().to(model.device)
    most = model.max_num_nodes
    if most is not None and packed.num_nodes_of_largest > most:
        raise UserError(f"sizes must have graphs of at most {most} nodes, got size {cell.size}")
    watched = RuledModel(model, study.steps_rules[0], task, cell.size)
    indices = [chosen] if isinstance(chosen, int) else _by_scores(task, watched, packed, chosen)
    labels = [str(study.config[key]) for key in ("task_label", "label")]
    pictures = []
    for index in indices:
        try:
            picture = task.picture(watched, task.batch(packed, [index]), **options)
        except PictureError as error:
            raise UserError(f"picture: {error}") from error
        if picture is None:
            raise UserError(f"run: task {labels[0]} has no picture for a {type(model).__name__}")
        about = f"{labels[0]}: {labels[1]} on {cell.distribution}, size {cell.size}"
        pictures.append(replace(picture, about=f"{about}, instance {index}"))
    return pictures


def _by_scores(
    task: Task[Any], watched: RuledModel, packed: Packed, chosen: Mapping[str, Sequence[float]]
) -> list[int]:
    """Return the first instance with each wanted value of a score, where the score is defined."""
    batch = task.batch(packed, range(len(packed)))
    scores, defined = task.score(watched, batch), task.defined(batch)
    found = []
    for name, values in chosen.items():
        if name not in scores:
            known, hint = ", ".join(scores), did_you_mean(name, scores)
            raise UserError(f"choose must have scores among {known}, got {name!r}{hint}")
        for value in values:
            is_wanted = (scores[name] == value) & defined.get(name, True)
            if not is_wanted.any():
                wanted = f"{name} = {value}"
                raise UserError(f"choose: none of {len(packed)} instances has {wanted}")
            found.append(int(is_wanted.nonzero()[0]))
    return found
