"""What every model is: a function of a batch, told nothing of the task and of the size."""

from abc import ABC, abstractmethod

from torch import nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput


class GraphModel(nn.Module, ABC):
    """A network from a PyG batch to a `GraphOutput` of the widths that its spec asks for."""

    has_adjustable_steps: bool = False  # whether any number of steps may be asked for
    num_message_passing_steps: int = 0  # the number taken when none is asked for

    @abstractmethod
    def forward(self, batch: Batch, num_message_passing_steps: int | None = None) -> GraphOutput:
        """The answer after the given number of steps (the model's own number if None)."""

    def unroll(
        self,
        batch: Batch,
        num_message_passing_steps: int | None = None,
        num_last: int | None = None,
    ) -> list[GraphOutput]:
        """The answers after each of the last `num_last` steps (all if None), the final one last.

        Of one element for a model that takes no steps.
        """
        del num_last
        return [self(batch, num_message_passing_steps)]


def split(output: GraphOutput, num_parts: int) -> list[GraphOutput]:
    """The inverse of stacking the rows of several outputs of one batch."""
    parts = [
        [None] * num_parts if stacked is None else stacked.chunk(num_parts) for stacked in output
    ]
    return [GraphOutput(*part) for part in zip(*parts, strict=True)]
