"""The base class of all models: a function of a batch that knows nothing about the task."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import chain
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec

Steps = int | Tensor | None  # one number for all graphs; one per graph [B]; the model's default


class GraphModel(nn.Module, ABC):
    """A network from a PyG batch to a `GraphOutput` with the widths that its spec asks for.

    The docstring of a model starts with its equations and names its source ("Source: ..."). The
    table of `docs/models.md` is made from these docstrings and from probes of each model.

    Attributes:
        has_adjustable_steps: whether a caller may ask for any number of message-passing steps.
        num_message_passing_steps: the default number of steps.
        is_permutation_equivariant: whether the answers are independent of the order of the nodes.
        max_num_nodes: the largest graph with an answer (larger graphs: "n/a"); None: no limit.
        node_types: the kinds of nodes that the model requires; (): the model takes any graph.
    """

    has_adjustable_steps: bool = False
    num_message_passing_steps: int = 0
    is_permutation_equivariant: bool = True
    max_num_nodes: int | None = None
    node_types: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def check_spec(cls, spec: GraphSpec) -> None:
        """Raise ValueError for a task without the kinds of nodes that the model requires.

        Subclasses with further requirements extend this check.
        """
        if cls.node_types:
            check_node_types(cls, spec)

    @property
    def num_parameters(self) -> int:
        """The number of trainable parameters."""
        return sum(parameter.numel() for parameter in self.parameters())

    @property
    def device(self) -> torch.device:
        """The device of the parameters, else of the buffers; the CPU for a model without either."""
        tensor = next(chain(self.parameters(), self.buffers()), None)
        return torch.device("cpu") if tensor is None else tensor.device

    @abstractmethod
    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return answers [N, node_out], [E, edge_out], [B, global_out]; None where the width is 0.

        Args:
            batch: with x [N, F], edge_index [2, E], edge_attr [E, F], u [B, F].
            num_message_passing_steps: the number of steps; None: the model's default.

        Raises:
            ValueError: the model does not support this number of steps or graphs of this size.
        """

    def unroll(
        self,
        batch: Batch,
        num_message_passing_steps: int | None = None,
        num_last: int | None = None,
        num_with_gradient: int | None = None,
    ) -> list[GraphOutput]:
        """Return the answers after each of the last `num_last` steps (all if None), in order.

        Only the last `num_with_gradient` steps (all if None) are differentiated; earlier steps run
        without gradient. A model that takes no steps returns a list of one answer.
        """
        del num_last, num_with_gradient
        return [self(batch, num_message_passing_steps)]

    def answers_after(self, batch: Batch, numbers: Sequence[int]) -> list[GraphOutput]:
        """Return the answers after several numbers of steps, in the order of the numbers."""
        return [self(batch, number) for number in numbers]


def check_node_types(model: type[GraphModel], spec: GraphSpec) -> None:
    """Raise ValueError for a task whose kinds of nodes differ from those of the model."""
    if spec.node_types != model.node_types:
        raise ValueError(
            f"the nodes of a task for {model.__name__} must be"
            f" {' and '.join(model.node_types)} nodes,"
            f" got {' and '.join(spec.node_types) or 'untyped'} nodes"
        )


def check_asked(spec: GraphSpec, *allowed: tuple[int, int, int]) -> None:
    """Raise ValueError for a task whose answer has none of the allowed widths."""
    if spec.asked not in allowed:
        needed = " or ".join(map(str, allowed))
        raise ValueError(f"(node_out, edge_out, global_out) must be {needed}, got {spec.asked}")


def check_widths(**widths: int | Sequence[int]) -> None:
    """Raise ValueError for the first argument that is not a whole number of at least 1."""
    for name, value in widths.items():
        if type(value) is not int or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")


def check_heads(hidden_dim: int, heads: int) -> None:
    """Raise ValueError for a number of attention heads that does not divide the width."""
    check_widths(hidden_dim=hidden_dim, heads=heads)
    if hidden_dim % heads:
        raise ValueError(f"heads must be a divisor of hidden_dim ({hidden_dim}), got {heads}")


def check_one_of(name: str, value: object, allowed: Iterable[str]) -> None:
    """Raise ValueError for a value that is not one of the allowed names; suggest the nearest."""
    names = list(allowed)
    if value not in names:
        near = get_close_matches(str(value), names, n=1)
        hint = f", did you mean {near[0]}" if near else ""
        raise ValueError(f"{name} must be one of {', '.join(names)}, got {value!r}{hint}")
