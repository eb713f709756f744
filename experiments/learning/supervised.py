"""Supervised learning: the loss of the task, of answers to the instances of a batch."""

import numpy as np
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput
from data_gen.task import LossPart
from experiments.learning.learner import Learner, Update
from gn.model import GraphModel


class Supervised(Learner):
    """The task's loss of the answers after each of the last message-passing steps.

    A loss may ask about other batches than that of the update, such as the next moment of a
    motion: the model then answers after the same step, and each batch is answered once.
    """

    def parts(self, model: GraphModel, batch: Batch, update: Update) -> list[list[LossPart]]:
        """A list of means for each of the last steps."""
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
    """The number of an update, the same in all processes; None: the model's own.

    Args:
        wanted: a number, None, or the least and the most: one of them is drawn.
        update: for which it is.
    """
    if wanted is None or isinstance(wanted, int):
        return wanted
    low, high = wanted  # type: ignore[misc]
    return int(np.random.default_rng([update.seed, update.step]).integers(low, high + 1))
