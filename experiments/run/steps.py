"""Apply step rules: the number of message-passing steps for each instance at test time."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput
from data_gen.task import KnowsRounds, Task
from experiments.settings.errors import UserError
from gn.model import GraphModel
from gn.stepped import SteppedModel, StopRule

Answer = Callable[[Batch], tuple[GraphOutput, Tensor]]  # answer, and steps taken [B]


def check_rule(rule: str, task: Task[Any]) -> None:
    """Raise UserError for an oracle rule if the task does not know the steps that are needed."""
    if rule.startswith("oracle") and not isinstance(task, KnowsRounds):
        raise UserError(
            "transfer.num_message_passing_steps must be a rule other than oracle, since"
            f" {type(task).__name__} does not know the steps that an instance needs, got {rule!r}"
        )


def check_can_settle(rule: str, model: GraphModel) -> None:
    """Raise UserError for an adaptive rule if the model has no states that can settle."""
    is_asked = rule.startswith("adaptive@") and model.has_adjustable_steps
    if is_asked and not isinstance(model, SteppedModel):
        raise UserError(
            "transfer.num_message_passing_steps must be a rule other than adaptive, since"
            f" {type(model).__name__} has no states that settle, got {rule!r}"
        )


def answer_by(rule: str, model: GraphModel, task: Task[Any], size: int) -> Answer:
    """Return the function that answers a batch with steps by a rule.

    Args:
        rule: "": the model's own number; "12"; "0.5x": half as many as the size; "oracle": as many
            rounds as the instance needs, which the task knows; "oracle+2": two more;
            "adaptive@0.03": until the states stop changing (`StopRule`).
        model: the model; it must have adjustable steps if the rule is not "".
        task: the task, which answers for the oracle rule.
        size: the size of the instances.
    """
    if rule.startswith("adaptive@"):
        assert isinstance(model, SteppedModel), "check_can_settle refuses others"
        stop = StopRule(tolerance=float(rule[9:]))
        return lambda batch: model.settle(batch, stop)
    if rule.startswith("oracle"):
        assert isinstance(task, KnowsRounds), "check_rule refuses others"
        return lambda batch: _by_oracle(model, task, int(rule[6:] or 0), batch)
    fixed = _number(rule, size) if rule else model.num_message_passing_steps

    def answer(batch: Batch) -> tuple[GraphOutput, Tensor]:
        return model(batch, fixed if rule else None), torch.full((batch.num_graphs,), fixed)

    return answer


def answers_by(
    rules: Sequence[str], model: GraphModel, task: Task[Any], size: int
) -> Callable[[Batch], list[tuple[GraphOutput, Tensor]]]:
    """Return a function that answers by several rules, in their order.

    Rules of a fixed number of steps share one pass of the largest number.

    Args:
        rules: see `answer_by`.
        model: has adjustable steps if there are several rules.
        task: knows the rounds that an oracle knows.
        size: size of the instances.
    """
    fixed = {rule: _number(rule, size) for rule in rules if _is_fixed(rule)}
    if len(fixed) < 2:
        answers = [answer_by(rule, model, task, size) for rule in rules]
        return lambda batch: [answer(batch) for answer in answers]
    others = {rule: answer_by(rule, model, task, size) for rule in rules if rule not in fixed}

    def answers_of(batch: Batch) -> list[tuple[GraphOutput, Tensor]]:
        outputs = model.answers_after(batch, list(fixed.values()))
        found = {
            rule: (output, torch.full((batch.num_graphs,), number))
            for (rule, number), output in zip(fixed.items(), outputs, strict=True)
        }
        return [found[rule] if rule in found else others[rule](batch) for rule in rules]

    return answers_of


def _is_fixed(rule: str) -> bool:
    """Return whether a rule gives all instances of a size the same number of steps."""
    return rule != "" and not rule.startswith(("adaptive@", "oracle"))


def _number(rule: str, size: int) -> int:
    """Return the number of steps that a fixed rule gives."""
    return max(1, round(float(rule[:-1]) * size)) if rule.endswith("x") else int(rule)


def _by_oracle(
    model: GraphModel, task: KnowsRounds, more: int, batch: Batch
) -> tuple[GraphOutput, Tensor]:
    needed = task.num_rounds(batch)
    num_steps = (needed + more).clamp(min=1)
    return model(batch, num_steps), num_steps
