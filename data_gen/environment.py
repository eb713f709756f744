"""Problems that are solved step by step, as pure functions of the state of a batch.

N nodes and B graphs in a batch. Nothing here knows a domain.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.masked_choice import WAIT, first_best
from data_gen.packed import level
from data_gen.spec import GraphOutput

State = TypeVar("State")


class NoChoiceError(ValueError):
    """An answer that chooses nothing where something may be chosen."""


class Environment(ABC, Generic[State]):
    """The rules of a problem that is solved by choosing one node after another.

    A state holds a whole batch of graphs of any sizes, and no function changes the state that it
    is given. Nodes are numbered as in the batch, from 0 to N - 1.
    """

    @abstractmethod
    def start(self, batch: Batch) -> State:
        """The state before the first choice."""

    @abstractmethod
    def observe(self, state: State) -> Batch:
        """What a model sees of a state: a batch of the same nodes, with edges of its own.

        Of the start it is the very batch that was started from.
        """

    @abstractmethod
    def allowed(self, state: State) -> Tensor:
        """The nodes that may be chosen now, [N] bool: none of a graph that is over."""

    @abstractmethod
    def apply(self, state: State, action: Tensor) -> State:
        """The state after a choice.

        Args:
            state: any.
            action: a node of each graph [B]; WAIT where a graph stays as it is.
        """

    @abstractmethod
    def is_over(self, state: State) -> Tensor:
        """Which graphs have nothing left to choose, [B] bool."""

    @abstractmethod
    def outcome(self, state: State) -> Tensor:
        """What the choices so far have cost, [B]."""


class ExpertEnvironment(Environment[State]):
    """Rules of which the right choices are known."""

    @abstractmethod
    def expert(self, batch: Batch) -> Callable[[State], Tensor]:
        """The right choices in any state that is reached from a batch.

        Returns:
            A function from a state to the nodes that an optimal completion can go on with,
            [N] bool: at least one of every graph that is not over, none of the others.
        """


def play(environment: Environment[State], batch: Batch, choose: Callable[[State], Tensor]) -> State:
    """The state at the end of an episode: choices are made until every graph is over.

    Args:
        environment: its rules.
        batch: B graphs.
        choose: a node of each graph that is not over [B]; what it says of the others is ignored.

    Raises:
        NoChoiceError: it chooses no node of a graph that is not over.
    """
    state = environment.start(batch)
    is_over = environment.is_over(state)
    while not is_over.all():
        action = torch.where(is_over, WAIT, choose(state))
        if bool(((action == WAIT) & ~is_over).any()):
            raise NoChoiceError("no node was chosen where one is left: the answer is not a number")
        state = environment.apply(state, action)
        is_over = environment.is_over(state)
    return state


def best_of(
    environment: Environment[State], model: Callable[[Batch], GraphOutput]
) -> Callable[[State], Tensor]:
    """To choose as a model says: in every state the allowed node of the largest logit.

    Args:
        environment: the rules.
        model: answers what is observed by a logit of each node, [N, 1].
    """

    def choose(state: State) -> Tensor:
        observed = environment.observe(state)
        logits, allowed = node_logits(model(observed)), environment.allowed(state)
        return first_best(logits, allowed, observed.batch, observed.num_graphs)

    return choose


def node_logits(output: GraphOutput) -> Tensor:
    """The one output column of a model, [N]."""
    assert output.x is not None, "a model answers all that its spec asks for"
    return output.x.squeeze(1)


def changed(batch: Batch, kept: Tensor, **fields: Tensor) -> Batch:
    """The same graphs with some of their edges and other attributes; the batch stays as it is.

    Args:
        batch: of `Packed.batch`.
        kept: the edges that stay, [E] bool.
        fields: of nodes [N, ...] and graphs [B, ...], in place of those of these names.
    """
    result = copy.copy(batch)
    for name, value in batch.to_dict().items():
        if level(name) == "edge":
            setattr(result, name, value[:, kept] if name == "edge_index" else value[kept])
    for name, value in fields.items():
        setattr(result, name, value)
    counts = torch.bincount(batch.batch[result.edge_index[0]], minlength=batch.num_graphs)
    edge_ptr = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
    result._slice_dict = {
        name: edge_ptr if level(name) == "edge" else ptr for name, ptr in batch._slice_dict.items()
    }
    return result
