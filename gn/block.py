"""The graph network block: algorithm 1 of Battaglia et al. 2018, one line per equation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn

from data_gen.spec import GraphSpec
from gn.aggregation import Aggregation, aggregation
from gn.mlp import MLP, Argument
from gn.model import check_one_of
from gn.topology import Incidence, Topology


class Wiring(NamedTuple):
    """The arguments of each φ. A φ without arguments is absent, as is a ρ that no φ reads."""

    edge: Sequence[str] = ("edge_attr", "senders", "receivers", "u")
    node: Sequence[str] = ("x", "incoming", "u")
    globals: Sequence[str] = ("u", "all_edges", "all_nodes")


FULL = Wiring()  # figure 4a of Battaglia et al. 2018


class GraphNetworkBlock(nn.Module):
    """One round of updates of edges, nodes and globals. Each update function may be absent (None).

    An absent φ returns its first argument; an absent ρ returns None.

    Args:
        update_edge: φ^e(edge_attr, x of senders, x of receivers, u).
        update_node: φ^v(x, incoming, u).
        update_global: φ^u(u, all_edges, all_nodes).
        aggregate_incoming: ρ^{e→v}.
        aggregate_edges: ρ^{e→u}.
        aggregate_nodes: ρ^{v→u}.
    """

    def __init__(
        self,
        update_edge: nn.Module | None = None,
        update_node: nn.Module | None = None,
        update_global: nn.Module | None = None,
        aggregate_incoming: Aggregation | None = None,
        aggregate_edges: Aggregation | None = None,
        aggregate_nodes: Aggregation | None = None,
    ) -> None:
        super().__init__()
        self.update_edge = update_edge
        self.update_node = update_node
        self.update_global = update_global
        self.aggregate_incoming = aggregate_incoming
        self.aggregate_edges = aggregate_edges
        self.aggregate_nodes = aggregate_nodes

    def forward(
        self, x: Tensor, edge_attr: Tensor, u: Tensor | None, topology: Topology
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Run algorithm 1 once.

        Args:
            x: node attributes [N, F].
            edge_attr: edge attributes [E, F].
            u: global attributes [B, F]; may be None if no update reads them.
            topology: the senders, receivers and graphs of the batch.

        Returns:
            x, edge_attr and u after the updates.
        """
        t, ρ = topology, self.aggregate_incoming
        ends = (x, t.senders), (x, t.receivers), (u, t.edge_graph)
        edge_attr, incoming = _send(self.update_edge, ρ, t, edge_attr, *ends)  # φ^e, ρ^{e→v}
        x = _update(self.update_node, x, incoming, (u, t.node_graph))  # φ^v
        edges = edge_attr, t.edge_graph, ρ, incoming
        all_edges = _aggregate(self.aggregate_edges, *edges)  # ρ^{e→u}
        all_nodes = _aggregate(self.aggregate_nodes, x, t.node_graph)  # ρ^{v→u}
        u = _update(self.update_global, u, all_edges, all_nodes)  # φ^u
        return x, edge_attr, u

    @classmethod
    def build(
        cls,
        spec: GraphSpec,
        hidden_dims: Sequence[int] = (64,),
        aggregate: str | Sequence[str] = "sum",
        wiring: Wiring = FULL,
        activation: str = "relu",
        layer_norm: bool = False,
    ) -> GraphNetworkBlock:
        """Build a block whose update functions φ are MLPs.

        Args:
            spec: the widths of edges, nodes and globals, in and out. With an output width of 0 the
                φ is absent and its attributes do not change.
            hidden_dims: the hidden widths of each MLP.
            aggregate: the name or names of every ρ, from `AGGREGATIONS`.
            wiring: the arguments of each φ.
            activation: the activation of each MLP.
            layer_norm: whether each MLP ends in a layer normalisation.

        Raises:
            ValueError: the wiring, an aggregation or the activation has an unknown name.
        """
        edge_dim = spec.edge_out if wiring.edge and spec.edge_out else spec.edge_in
        node_dim = spec.node_out if wiring.node and spec.node_out else spec.node_in
        reduced = {
            "incoming": (wiring.node if spec.node_out else (), edge_dim),
            "all_edges": (wiring.globals if spec.global_out else (), edge_dim),
            "all_nodes": (wiring.globals if spec.global_out else (), node_dim),
        }
        ρ = {
            name: aggregation(aggregate, dim) if name in taken and dim else None
            for name, (taken, dim) in reduced.items()
        }
        dims = {"edge_attr": spec.edge_in, "x": spec.node_in, "u": spec.global_in}
        dims |= {"senders": spec.node_in, "receivers": spec.node_in}
        dims |= {name: r.out_dim if r else 0 for name, r in ρ.items()}

        how = hidden_dims, activation, layer_norm
        return cls(
            _mlp(FULL.edge, wiring.edge, dims, spec.edge_out, how),
            _mlp(FULL.node, wiring.node, dims, spec.node_out, how),
            _mlp(FULL.globals, wiring.globals, dims, spec.global_out, how),
            *ρ.values(),
        )


def _mlp(
    names: Sequence[str],
    taken: Sequence[str],
    dims: Mapping[str, int],
    out_dim: int,
    how: tuple[Sequence[int], str, bool],
) -> MLP | None:
    """Build the MLP of the arguments in `taken`, a subset of `names`; None if the φ is absent.

    Raises:
        ValueError: `taken` has a name that is not in `names`.
    """
    for name in taken:
        check_one_of("each argument in wiring", name, names)
    if not taken or not out_dim:
        return None
    hidden_dims, activation, layer_norm = how
    in_dims = [dims[name] if name in taken else 0 for name in names]
    return MLP(in_dims, hidden_dims, out_dim, activation, layer_norm)


def _send(
    update: nn.Module | None, aggregate: Aggregation | None, t: Topology, *arguments: Argument
) -> tuple[Tensor, Tensor | None]:
    """Apply φ^e, then ρ^{e→v} to its result, in one pass if the reduction supports it."""
    if update is None or aggregate is None:
        edge_attr = _update(update, *arguments)
        return edge_attr, _aggregate(aggregate, edge_attr, t.receivers)
    return aggregate.of_updates(update, arguments, t.receivers)


def _update(update: nn.Module | None, first: Any, *arguments: Any) -> Any:  # noqa: ANN401
    """Apply φ to its arguments; if φ is absent, return the first argument."""
    return first if update is None else update(first, *arguments)


def _aggregate(aggregate: Aggregation | None, items: Tensor, by: Incidence, *known: Any) -> Any:  # noqa: ANN401
    """Apply ρ to the items, reusing the result of another ρ if given; None if ρ is absent."""
    return None if aggregate is None else aggregate.of_items(items, by, *known)
