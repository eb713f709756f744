"""Supervised learning: the task's loss on the answers to a batch of instances."""

import numpy as np
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput
from data_gen.task import LossPart
from experiments.learning.learner import Learner, Update
from gn.model import GraphModel


class Supervised(Learner):
    """The task's loss on the answers after each of the last message-passing steps.

    A loss may ask about further batches, such as the next moment of a motion: the model answers
    them after the same number of steps, and answers each batch only once.
    """

    def parts(self, model: GraphModel, batch: Batch, update: Update) -> list[list[LossPart]]:
        """Return a list of loss parts for each of the last message-passing steps."""
        how = self.training
        num_steps = num_message_passing_steps(how.num_message_passing_steps, update)
        asked: list[tuple[Batch, list[GraphOutput]]] = []

        def answers(other: Batch) -> list[GraphOutput]:
            for known, outputs in asked:
                if known is other:
                    return outputs
            lasts = how.loss_on_last_steps, how.gradient_of_last_steps
            asked.append((other, model.unroll(other, num_steps, *lasts)))
            return asked[-1][1]

        places = range(len(answers(batch)))
        return [self.task.loss_parts(lambda b, k=k: answers(b)[k], batch) for k in places]


def num_message_passing_steps(wanted: object, update: Update) -> int | None:
    """Return the number of steps for an update, equal in all processes; None: the model's own.

    Args:
        wanted: a number, None, or [low, high] to draw a number from.
        update: the update, which seeds the draw.
    """
    if wanted is None or isinstance(wanted, int):
        return wanted
    low, high = wanted  # type: ignore[misc]
    return int(np.random.default_rng([update.seed, update.step]).integers(low, high + 1))
