"""What tasks draw of test instances and the answers of a trained model."""

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
from experiments.settings.errors import UserError
from gn.model import GraphModel


class RuledModel:
    """A model that takes steps by a rule and tells its answers after each of them.

    Args:
        model: of any number of steps or of a fixed one.
        rule: see `answer_by`; a model of a fixed number takes that.
        task: tells what an oracle knows.
        size: of the instances.
    """

    def __init__(self, model: GraphModel, rule: str, task: Task[Any], size: int) -> None:
        self.model = model
        self.rule = rule if model.has_adjustable_steps else ""
        self.answer = answer_by(self.rule, model, task, size)

    def __call__(self, batch: Batch) -> GraphOutput:
        """The answer after as many steps as the rule says."""
        return self.answer(batch)[0]

    def rounds(self, batch: Batch) -> list[GraphOutput]:
        """The answers of one graph after each of its steps."""
        return self.model.unroll(batch, int(self.answer(batch)[1]) if self.rule else None)


@torch.inference_mode()
def pictures_of(
    study: RunParts,
    model: GraphModel,
    cell: TestCell,
    chosen: int | Mapping[str, Sequence[float]],
    options: Mapping[str, int],
) -> list[Picture]:
    """The pictures of the chosen instances of a cell.

    Args:
        study: of the run that the model is from.
        model: trained, on its device.
        cell: which instances there are.
        chosen: the number of an instance; or scores, the first instance of each is drawn.
        options: of the pictures.
    """
    task, packed = study.task, cell.data_set.load().to(model.device)
    most = model.max_num_nodes
    if most is not None and packed.num_nodes_of_largest > most:
        raise UserError(f"sizes: {cell.size} is not allowed, the model takes up to {most} nodes")
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
            raise UserError(f"run: the task {labels[0]} draws nothing of a {type(model).__name__}")
        about = f"{labels[0]}: {labels[1]} on {cell.distribution}, size {cell.size}"
        pictures.append(replace(picture, about=f"{about}, instance {index}"))
    return pictures


def _by_scores(
    task: Task[Any], watched: RuledModel, packed: Packed, chosen: Mapping[str, Sequence[float]]
) -> list[int]:
    """The first instance of each of the wanted scores, among those that have the score."""
    batch = task.batch(packed, range(len(packed)))
    scores, defined = task.score(watched, batch), task.defined(batch)
    found = []
    for name, values in chosen.items():
        if name not in scores:
            known = ", ".join(scores)
            raise UserError(f"choose: {name!r} is not allowed, these are: {known}")
        for value in values:
            is_wanted = (scores[name] == value) & defined.get(name, True)
            if not is_wanted.any():
                wanted = f"{name} = {value}"
                raise UserError(f"choose: none of {len(packed)} instances has {wanted}")
            found.append(int(is_wanted.nonzero()[0]))
    return found
