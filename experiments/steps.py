"""Rules that say how many message-passing steps an instance gets."""

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput
from data_gen.task import Task
from experiments.errors import UserError
from gn.model import GraphModel
from gn.stepped import SteppedModel, StopRule

RULE = re.compile(r"[1-9]\d*|(?=[\d.]*[1-9])\d*\.?\d+x|oracle(\+\d+)?|adaptive")
ALLOWED = (
    "whole numbers above 0, multiples of the size such as 0.5x, oracle, oracle+<number>, adaptive"
)
Answer = Callable[[Batch], tuple[GraphOutput, Tensor]]  # and the steps that each graph took [B]


def canonical(rule: str) -> str:
    """The one way to write a rule: 1.0x is 1x."""
    return f"{float(rule[:-1]):g}x" if rule.endswith("x") else rule


def answer_by(rule: str, model: GraphModel, task: Task[Any], size: int, stop: StopRule) -> Answer:
    """How a model answers when it takes steps by a rule.

    Args:
        rule: "": the model's own number; "12"; "0.5x": half as many as the size; "oracle": as many
            rounds as the instance needs, which the task knows; "oracle+2": two more; "adaptive":
            until the states stop changing.
        model: has adjustable steps if the rule is not "".
        task: tells what an oracle knows.
        size: of the instances.
        stop: when states count as still.
    """
    if rule == "adaptive":
        assert isinstance(model, SteppedModel)
        return lambda batch: model.settle(batch, stop)
    if rule.startswith("oracle"):
        return lambda batch: _by_oracle(model, task, int(rule[6:] or 0), batch)
    own = model.num_message_passing_steps
    fixed = max(1, round(float(rule[:-1]) * size)) if rule.endswith("x") else int(rule or own)

    def answer(batch: Batch) -> tuple[GraphOutput, Tensor]:
        return model(batch, fixed if rule else None), torch.full((batch.num_graphs,), fixed)

    return answer


def _by_oracle(
    model: GraphModel, task: Task[Any], more: int, batch: Batch
) -> tuple[GraphOutput, Tensor]:
    needed = task.num_rounds(batch)
    if needed is None:
        raise UserError(
            f"transfer.num_message_passing_steps: 'oracle' is not allowed, {type(task).__name__}"
            " does not know how many its instances need"
        )
    num_steps = (needed + more).clamp(min=1)
    return model(batch, num_steps), num_steps
