"""Encode-process-decode, as in the graph_nets demos."""

from collections.abc import Sequence

from torch import nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.aggregation import aggregation
from gn.block import GraphNetworkBlock
from gn.mlp import MLP
from gn.model import check_widths
from gn.readout import State
from gn.stepped import SteppedModel, joined
from gn.topology import Topology


class EncodeProcessDecode(SteppedModel):
    """G_0 = encode(G); G_t = process([G_0, G_{t-1}]) (+ G_{t-1} if residual); answer = decode(G_T).

    Encoder and decoder treat nodes, edges and globals independently; the processor is a full GN
    block that reads the encoding again at every step. Source: Battaglia et al. 2018, figure 6b;
    graph_nets, `demos/models.py`.

    Args:
        spec: widths in and out.
        hidden_dim: width H of every hidden layer and state.
        num_message_passing_steps: the default number of steps.
        aggregations: the reductions of each ρ, concatenated.
        share_weights: one processor for all steps, and any number of steps; else one processor for
            each step, and a fixed number of steps.
        is_residual: whether a step adds to the state, as in MeshGraphNets (Pfaff et al. 2021).
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 32,
        num_message_passing_steps: int = 10,
        aggregations: str | Sequence[str] = ("sum",),
        share_weights: bool = True,
        is_residual: bool = False,
    ) -> None:
        super().__init__(num_message_passing_steps, None, share_weights)
        check_widths(hidden_dim=hidden_dim)
        self.is_residual = is_residual
        dim, num_blocks = hidden_dim, 1 if share_weights else num_message_passing_steps
        self.encode_node = _mlp([spec.node_in], dim)
        self.encode_edge = _mlp([spec.edge_in], dim)
        self.encode_global = _mlp([spec.global_in], dim)
        self.processors = nn.ModuleList(_block(dim, aggregations) for _ in range(num_blocks))
        self.decode_node = _output(dim, spec.node_out)
        self.decode_edge = _output(dim, spec.edge_out)
        self.decode_global = _output(dim, spec.global_out)

    def encode(self, batch: Batch, topology: Topology) -> State:
        """Compute the encoding G_0."""
        del topology
        return State(
            self.encode_node(batch.x),
            self.encode_edge(batch.edge_attr),
            self.encode_global(batch.u),
        )

    def step(self, state: State, encoded: State, topology: Topology, index: int) -> State:
        """Compute G_t."""
        processor = self.processors[index % len(self.processors)]
        new = State(*processor(*joined(encoded, state), topology))
        if not self.is_residual:
            return new
        return State(*(old + change for old, change in zip(state, new, strict=True)))

    def decode(self, state: State, encoded: State, topology: Topology) -> GraphOutput:
        """Decode nodes, edges and globals independently."""
        del encoded, topology
        return GraphOutput(
            x=self.decode_node(state.x) if self.decode_node else None,
            edge_attr=self.decode_edge(state.edge_attr) if self.decode_edge else None,
            u=self.decode_global(state.u) if self.decode_global else None,
        )


def _mlp(in_dims: Sequence[int], dim: int) -> MLP:
    """Build the demo's MLP: two activated layers of width H, then layer normalisation."""
    return MLP(in_dims, [dim, dim], None, layer_norm=True)


def _output(dim: int, out_dim: int) -> nn.Module | None:
    """Build the demo's decoder and output transform; None for an output width of 0."""
    return nn.Sequential(_mlp([dim], dim), nn.Linear(dim, out_dim)) if out_dim else None


def _block(dim: int, aggregations: str | Sequence[str]) -> GraphNetworkBlock:
    """Build a full GN block on inputs of width 2 H: the encoding and the current state."""
    incoming, all_edges, all_nodes = (aggregation(aggregations, dim) for _ in range(3))
    return GraphNetworkBlock(
        update_edge=_mlp([2 * dim, 2 * dim, 2 * dim, 2 * dim], dim),
        update_node=_mlp([2 * dim, incoming.out_dim, 2 * dim], dim),
        update_global=_mlp([2 * dim, all_edges.out_dim, all_nodes.out_dim], dim),
        aggregate_incoming=incoming,
        aggregate_edges=all_edges,
        aggregate_nodes=all_nodes,
    )
