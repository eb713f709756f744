"""Models that take message-passing steps: encode once, update any number of times, decode.

N nodes, E edges, B graphs, H width of a state.
"""

import math
from abc import abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput
from gn.kernels.segment import segment_max
from gn.model import GraphModel, Steps, check_widths
from gn.readout import State
from gn.topology import Topology


@dataclass(frozen=True)
class StopRule:
    """Stop each graph when its states no longer change, so that every instance has its own steps.

    A graph stops after `patience` consecutive steps in which no node's state changes by more than
    `tolerance` times the largest state of the graph; at the latest after `max_steps_per_node` steps
    for each of its nodes. The rule needs no label.

    Raises:
        ValueError: a value is out of its range.
    """

    tolerance: float = 0.03
    patience: int = 2
    max_steps_per_node: float = 1.0

    def __post_init__(self) -> None:
        check_widths(patience=self.patience)
        for name in ("tolerance", "max_steps_per_node"):
            value = getattr(self, name)
            if type(value) not in (int, float) or not 0 < value < math.inf:
                raise ValueError(f"{name} must be a number above 0, got {value!r}")


class SteppedModel(GraphModel):
    """state_0 = encode(G); state_t = step(state_{t-1}, state_0); answer_t = decode(state_t).

    A subclass defines the step, and uses the ends of `readout.py` or its own. States are named
    tuples of tensors: `x` and `node_*` have a row for every node, `u` for every graph, all other
    fields for every edge. A field that no step changes must be passed on as the same object.

    Args:
        num_message_passing_steps: the default number of steps.
        ends: encoder and readout; None: the subclass has its own `encode` and `decode`.
        has_adjustable_steps: whether a caller may ask for another number of steps.

    Raises:
        ValueError: the number of steps is not a whole number of at least 1.
    """

    def __init__(
        self,
        num_message_passing_steps: int,
        ends: tuple[nn.Module, nn.Module] | None,
        has_adjustable_steps: bool = True,
    ) -> None:
        super().__init__()
        check_widths(num_message_passing_steps=num_message_passing_steps)
        self.num_message_passing_steps = num_message_passing_steps
        self.has_adjustable_steps = has_adjustable_steps
        if ends is not None:
            self.encoder, self.readout = ends

    def encode(self, batch: Batch, topology: Topology) -> Any:  # noqa: ANN401
        """Return the state before the first step."""
        return self.encoder(batch, topology)

    @abstractmethod
    def step(self, state: Any, encoded: Any, topology: Topology, index: int) -> Any:  # noqa: ANN401
        """Return the state after step `index` (0, 1, ...) from the last state and the encoding."""

    def decode(self, state: Any, encoded: Any, topology: Topology) -> GraphOutput:  # noqa: ANN401
        """Compute the answer from a state."""
        del encoded
        return self.readout(*state, topology)

    def node_states(self, state: Any, topology: Topology) -> Tensor:  # noqa: ANN401
        """Return the node states [N, H] that `StopRule` compares and `GraphOutput` reports."""
        del topology
        return state.x

    def select(self, moving: Tensor, new: Any, old: Any, topology: Topology) -> Any:  # noqa: ANN401
        """Take the new state for the graphs in `moving` [B] bool, the old state for the others."""
        return _where(moving, new, old, topology)

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return the answer after the given number of steps."""
        if not isinstance(num_message_passing_steps, Tensor):
            return self.unroll(batch, num_message_passing_steps, num_last=1)[0]
        for extreme in num_message_passing_steps.aminmax():
            self._check_steps(int(extreme))
        topology = Topology.from_batch(batch)
        encoded = state = self.encode(batch, topology)
        for index in range(int(num_message_passing_steps.max())):
            moving = index < num_message_passing_steps
            new = self.step(state, encoded, topology, index)
            state = self.select(moving, new, state, topology)
        return self._answer(state, encoded, topology)

    def unroll(
        self,
        batch: Batch,
        num_message_passing_steps: int | None = None,
        num_last: int | None = None,
        num_with_gradient: int | None = None,
    ) -> list[GraphOutput]:
        """Return the answers after each of the last steps."""
        own = self.num_message_passing_steps
        num_steps = own if num_message_passing_steps is None else num_message_passing_steps
        self._check_steps(num_steps)
        topology = Topology.from_batch(batch)
        encoded = self.encode(batch, topology)
        num_without = 0 if num_with_gradient is None else num_steps - num_with_gradient
        all_states = self._states(encoded, topology, num_steps, num_without)
        states = deque(all_states, maxlen=num_last)
        return [self._answer(state, encoded, topology) for state in states]

    def answers_after(self, batch: Batch, numbers: Sequence[int]) -> list[GraphOutput]:
        """Return the answers after several numbers of steps, from one pass of the largest."""
        for number in numbers:
            self._check_steps(number)
        topology = Topology.from_batch(batch)
        encoded = self.encode(batch, topology)
        states = enumerate(self._states(encoded, topology, max(numbers), 0), 1)
        found = {
            number: self._answer(state, encoded, topology)
            for number, state in states
            if number in numbers
        }
        return [found[number] for number in numbers]

    def settle(self, batch: Batch, rule: StopRule) -> tuple[GraphOutput, Tensor]:
        """Step each graph until its states stop changing.

        Returns:
            The answer, and the number of steps of each graph [B].
        """
        topology = Topology.from_batch(batch)
        encoded = state = self.encode(batch, topology)
        most = (rule.max_steps_per_node * topology.node_graph.counts[:, 0]).ceil().clamp(min=1)
        num_steps = torch.zeros_like(most, dtype=torch.long)
        still = torch.zeros_like(num_steps)  # consecutive steps without a change
        moving = torch.ones_like(most, dtype=torch.bool)
        while bool(moving.any()):
            index = int(num_steps.max())
            new = self.step(state, encoded, topology, index)
            now, before = (self.node_states(s, topology) for s in (new, state))
            unchanged = _change(now, before, topology) <= rule.tolerance
            state = self.select(moving, new, state, topology)
            num_steps += moving
            still = torch.where(unchanged, still + 1, 0)
            moving = moving & (still < rule.patience) & (num_steps < most)
        return self._answer(state, encoded, topology), num_steps

    def _answer(self, state: Any, encoded: Any, topology: Topology) -> GraphOutput:  # noqa: ANN401
        """Return the answer together with the node states it was computed from."""
        states = self.node_states(state, topology)
        return self.decode(state, encoded, topology)._replace(states=states)

    def _states(
        self,
        encoded: Any,  # noqa: ANN401
        topology: Topology,
        num_steps: int,
        num_without_gradient: int,
    ) -> Iterator[Any]:
        """Yield the state after each step."""
        state, is_enabled = encoded, torch.is_grad_enabled()
        for index in range(num_steps):
            with torch.set_grad_enabled(is_enabled and index >= num_without_gradient):
                state = self.step(state, encoded, topology, index)
            yield state

    def _check_steps(self, num_steps: int) -> None:
        own = self.num_message_passing_steps
        if num_steps < 1 or not (self.has_adjustable_steps or num_steps == own):
            allowed = "at least 1" if self.has_adjustable_steps else own
            raise ValueError(f"num_message_passing_steps must be {allowed}, got {num_steps}")


def joined(encoded: State, state: State) -> State:
    """Concatenate encoding and state, so that each step reads the encoded input again."""
    return State(*(torch.cat(pair, dim=1) for pair in zip(encoded, state, strict=True)))


def _where(moving: Tensor, new: Any, old: Any, t: Topology) -> Any:  # noqa: ANN401
    """Take the new state for the graphs in `moving` [B] bool, the old state for the others."""
    kept = {}
    for (name, now), was in zip(new._asdict().items(), old, strict=True):
        rows = moving
        if name != "u":
            is_of_nodes = name == "x" or name.startswith("node_")
            rows = moving[(t.node_graph if is_of_nodes else t.edge_graph).index]
        kept[name] = was if now is was else torch.where(rows.unsqueeze(1), now, was)
    return type(new)(**kept)


def _change(new: Tensor, old: Tensor, t: Topology) -> Tensor:
    """Return the largest change of a node state relative to the graph's largest state [B]."""
    moved = segment_max((new - old).norm(dim=1, keepdim=True), t.node_graph)
    largest = segment_max(new.norm(dim=1, keepdim=True), t.node_graph)
    return (moved / largest.clamp(min=torch.finfo(new.dtype).tiny)).squeeze(1)
