"""Environments: problems that are solved step by step, as pure functions of a batch's state.

A batch has N nodes and B graphs. Nothing here depends on a domain.
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
    """The answer of a model chooses no node although one is allowed."""


class Environment(ABC, Generic[State]):
    """The rules of a problem that is solved by choosing one node after another.

    A state holds a whole batch of graphs of any sizes, and no method modifies the state that it
    is given. Nodes are numbered as in the batch, from 0 to N - 1.
    """

    @abstractmethod
    def start(self, batch: Batch) -> State:
        """Return the state before the first choice."""

    @abstractmethod
    def observe(self, state: State) -> Batch:
        """Return the batch that a model sees in a state: the same nodes, with edges of its own.

        In the start state this is the batch that `start` was given.
        """

    @abstractmethod
    def allowed(self, state: State) -> Tensor:
        """Return the nodes that may be chosen now, [N] bool; none of a graph that is over."""

    @abstractmethod
    def apply(self, state: State, action: Tensor) -> State:
        """Return the state after a choice.

        Args:
            state: the state before it.
            action: the chosen node of each graph [B]; WAIT where a graph stays as it is.
        """

    @abstractmethod
    def is_over(self, state: State) -> Tensor:
        """Return for each graph whether no choice is left, [B] bool."""

    @abstractmethod
    def outcome(self, state: State) -> Tensor:
        """Return the cost of the choices so far, [B]."""


class ExpertEnvironment(Environment[State]):
    """An environment whose optimal choices are known."""

    @abstractmethod
    def expert(self, batch: Batch) -> Callable[[State], Tensor]:
        """Return the expert for all states that are reached from a batch.

        Returns:
            A function from a state to the nodes with which an optimal completion can continue,
            [N] bool: at least one node of every graph that is not over, none of the other graphs.
        """


def play(environment: Environment[State], batch: Batch, choose: Callable[[State], Tensor]) -> State:
    """Play one episode, until every graph is over, and return the final state.

    Args:
        environment: the rules of the problem.
        batch: B graphs.
        choose: a function from a state to a node of each graph [B]; its choices for graphs that
            are over are ignored.

    Raises:
        NoChoiceError: `choose` returns no node of a graph that is not over.
    """
    state = environment.start(batch)
    is_over = environment.is_over(state)
    while not is_over.all():
        action = torch.where(is_over, WAIT, choose(state))
        if bool(((action == WAIT) & ~is_over).any()):
            raise NoChoiceError("the model chose no node of a graph: its answer is not a number")
        state = environment.apply(state, action)
        is_over = environment.is_over(state)
    return state


def best_of(
    environment: Environment[State], model: Callable[[Batch], GraphOutput]
) -> Callable[[State], Tensor]:
    """Return the greedy policy of a model: in each state the allowed node of the largest logit.

    Args:
        environment: the rules of the problem.
        model: maps the observed batch to a logit of each node, [N, 1].
    """

    def choose(state: State) -> Tensor:
        observed = environment.observe(state)
        logits, allowed = node_logits(model(observed)), environment.allowed(state)
        return first_best(logits, allowed, observed.batch, observed.num_graphs)

    return choose


def node_logits(output: GraphOutput) -> Tensor:
    """Return the single output column of a model, [N]."""
    assert output.x is not None, "a model returns every output that its spec requests"
    return output.x.squeeze(1)


def changed(batch: Batch, kept: Tensor, **fields: Tensor) -> Batch:
    """Return a copy of a batch with a subset of its edges and with some fields replaced.

    Args:
        batch: a batch of `Packed.batch`; it is not modified.
        kept: the edges that stay, [E] bool.
        fields: the new values, of nodes [N, ...] or graphs [B, ...], by the name of the field.
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
