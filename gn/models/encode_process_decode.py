"""Encode-process-decode, as the graph_nets demos have it."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.aggregation import aggregation
from gn.block import GraphNetworkBlock
from gn.mlp import MLP
from gn.model import GraphModel, split
from gn.topology import Topology


class Latent(NamedTuple):
    """The hidden state of a graph: x [N, H], edge_attr [E, H], u [B, H]."""

    x: Tensor
    edge_attr: Tensor
    u: Tensor


class EncodeProcessDecode(GraphModel):
    """G_0 = encode(G); G_t = process([G_0, G_{t-1}]); answer_t = decode(G_t).

    Encoder and decoder treat nodes, edges and globals each by themselves; the processor is a full
    GN block, fed the encoding again at every step. Source: Battaglia et al. 2018, figure 6c;
    graph_nets, `demos/models.py`.

    Args:
        spec: widths in and out.
        hidden_dim: width H of every hidden layer and state.
        num_message_passing_steps: how many steps are taken if the call does not say.
        aggregations: the reductions of each ρ, concatenated.
        share_weights: one processor for all steps, of which any number can be taken; else one for
            each step, and the number is fixed.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 32,
        num_message_passing_steps: int = 10,
        aggregations: str | Sequence[str] = ("sum",),
        share_weights: bool = True,
    ) -> None:
        super().__init__()
        for name, width in (
            ("hidden_dim", hidden_dim),
            ("num_message_passing_steps", num_message_passing_steps),
        ):
            if type(width) is not int or width < 1:
                raise ValueError(f"{name} is {width!r}: a whole number of 1 or more is needed")
        self.num_message_passing_steps = num_message_passing_steps
        self.has_adjustable_steps = share_weights
        dim = hidden_dim
        self.encode_node = _mlp([spec.node_in], dim)
        self.encode_edge = _mlp([spec.edge_in], dim)
        self.encode_global = _mlp([spec.global_in], dim)
        num_blocks = 1 if share_weights else num_message_passing_steps
        self.processors = nn.ModuleList(_block(dim, aggregations) for _ in range(num_blocks))
        self.decode_node = _output(dim, spec.node_out)
        self.decode_edge = _output(dim, spec.edge_out)
        self.decode_global = _output(dim, spec.global_out)

    def forward(self, batch: Batch, num_message_passing_steps: int | None = None) -> GraphOutput:
        """Outputs [N, node_out], [E, edge_out], [B, global_out], None where not asked for.

        Raises ValueError if the weights are not shared and another number of steps is asked for.
        """
        return self.unroll(batch, num_message_passing_steps, num_last=1)[0]

    def unroll(
        self,
        batch: Batch,
        num_message_passing_steps: int | None = None,
        num_last: int | None = None,
    ) -> list[GraphOutput]:
        """The answers after each of the last steps; all are decoded at once."""
        latents = deque(self._process(batch, num_message_passing_steps), maxlen=num_last)
        stacked = Latent(*(torch.cat(parts) for parts in zip(*latents, strict=True)))
        decoded = GraphOutput(
            x=self.decode_node(stacked.x) if self.decode_node else None,
            edge_attr=self.decode_edge(stacked.edge_attr) if self.decode_edge else None,
            u=self.decode_global(stacked.u) if self.decode_global else None,
        )
        return split(decoded, len(latents))

    def _process(self, batch: Batch, num_steps: int | None) -> Iterator[Latent]:
        """The state after each step."""
        num_steps = self.num_message_passing_steps if num_steps is None else num_steps
        if num_steps < 1 or not (self.has_adjustable_steps or num_steps == len(self.processors)):
            allowed = "at least 1" if self.has_adjustable_steps else len(self.processors)
            raise ValueError(f"num_message_passing_steps is {num_steps}: allowed is {allowed}")
        topology = Topology.from_batch(batch)
        encoded = Latent(
            self.encode_node(batch.x),
            self.encode_edge(batch.edge_attr),
            self.encode_global(batch.u),
        )
        latent = encoded
        for step in range(num_steps):
            processor = self.processors[step % len(self.processors)]
            skip = (torch.cat(pair, dim=1) for pair in zip(encoded, latent, strict=True))
            latent = Latent(*processor(*skip, topology))
            yield latent


def _mlp(in_dims: Sequence[int], dim: int) -> MLP:
    """The demo's MLP: two layers of width H, both activated, then normalised."""
    return MLP(in_dims, [dim, dim], None, layer_norm=True)


def _output(dim: int, out_dim: int) -> nn.Module | None:
    """The demo's decoder and output transform."""
    return nn.Sequential(_mlp([dim], dim), nn.Linear(dim, out_dim)) if out_dim else None


def _block(dim: int, aggregations: str | Sequence[str]) -> GraphNetworkBlock:
    """A full GN block on states of width 2 H: the encoding beside the current state."""
    incoming, all_edges, all_nodes = (aggregation(aggregations, dim) for _ in range(3))
    return GraphNetworkBlock(
        update_edge=_mlp([2 * dim, 2 * dim, 2 * dim, 2 * dim], dim),
        update_node=_mlp([2 * dim, incoming.out_dim, 2 * dim], dim),
        update_global=_mlp([2 * dim, all_edges.out_dim, all_nodes.out_dim], dim),
        aggregate_incoming=incoming,
        aggregate_edges=all_edges,
        aggregate_nodes=all_nodes,
    )
