"""What every model is: a function of a batch, told nothing of the task."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import chain
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec

Steps = int | Tensor | None  # for all graphs; for each graph [B]; the model's own number


class GraphModel(nn.Module, ABC):
    """A network from a PyG batch to a `GraphOutput` of the widths that its spec asks for.

    The docstring of a model starts with its equations and names its source ("Source: ..."): the
    table of `docs/models.md` is made of them, and of what the model is seen to do.

    Attributes:
        has_adjustable_steps: whether any number of message-passing steps may be asked for.
        num_message_passing_steps: the number taken when none is asked for.
        is_permutation_equivariant: whether the order of the nodes makes no difference.
        max_num_nodes: graphs of more nodes have no answer ("n/a"); None: of any number have.
        node_types: the kinds of nodes without which it is not defined; (): any graph will do.
    """

    has_adjustable_steps: bool = False
    num_message_passing_steps: int = 0
    is_permutation_equivariant: bool = True
    max_num_nodes: int | None = None
    node_types: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def check_spec(cls, spec: GraphSpec) -> None:
        """Raise ValueError for a task that the model is not defined for: of other kinds of nodes.

        A model that needs more of a task asks for more.
        """
        if cls.node_types:
            check_node_types(cls, spec)

    @property
    def num_parameters(self) -> int:
        """How many numbers are trained; 0: there is nothing to train."""
        return sum(parameter.numel() for parameter in self.parameters())

    @property
    def device(self) -> torch.device:
        """Where the parameters are, or else the buffers; the CPU for a model without either."""
        tensor = next(chain(self.parameters(), self.buffers()), None)
        return torch.device("cpu") if tensor is None else tensor.device

    @abstractmethod
    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """The answer [N, node_out], [E, edge_out], [B, global_out], None where not asked for.

        Args:
            batch: with x [N, F], edge_index [2, E], edge_attr [E, F], u [B, F].
            num_message_passing_steps: how many are taken; None: the model's own number.

        Raises:
            ValueError: that number of steps, or graphs of that many nodes, it cannot do.
        """

    def unroll(
        self,
        batch: Batch,
        num_message_passing_steps: int | None = None,
        num_last: int | None = None,
        num_with_gradient: int | None = None,
    ) -> list[GraphOutput]:
        """The answers after each of the last `num_last` steps (all if None), the final one last.

        Only the last `num_with_gradient` steps (all if None) have a gradient: those before them
        bring the state to where it is. Of one element for a model that takes no steps.
        """
        del num_last, num_with_gradient
        return [self(batch, num_message_passing_steps)]


def check_node_types(model: type[GraphModel], spec: GraphSpec) -> None:
    """Raise ValueError for a task of other kinds of nodes than a model is made for."""
    if spec.node_types != model.node_types:
        raise ValueError(
            f"{model.__name__} is for graphs of {' and '.join(model.node_types)} nodes: a task of"
            f" {' and '.join(spec.node_types) or 'untyped'} nodes is not allowed"
        )


def check_asked(spec: GraphSpec, *allowed: tuple[int, int, int]) -> None:
    """Raise ValueError for a task whose answer is of other widths than those that are allowed."""
    if spec.asked not in allowed:
        needed = " or ".join(map(str, allowed))
        raise ValueError(f"node_out, edge_out, global_out are {spec.asked}: {needed} is needed")


def check_widths(**widths: int | Sequence[int]) -> None:
    """Raise ValueError for the first argument that is not a whole number of 1 or more."""
    for name, value in widths.items():
        if type(value) is not int or value < 1:
            raise ValueError(f"{name} is {value!r}: a whole number of 1 or more is needed")


def check_heads(hidden_dim: int, heads: int) -> None:
    """Raise ValueError for a number of attention heads that does not divide the width."""
    check_widths(hidden_dim=hidden_dim, heads=heads)
    if hidden_dim % heads:
        raise ValueError(f"heads is {heads}: must divide hidden_dim, which is {hidden_dim}")
