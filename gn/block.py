"""The graph network block: algorithm 1 of Battaglia et al. 2018, one line an equation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn

from data_gen.spec import GraphSpec
from gn.aggregation import Aggregation, Sum, aggregation
from gn.mlp import MLP
from gn.topology import Topology


class Wiring(NamedTuple):
    """Which arguments each φ takes; one that takes none is absent, as is a ρ nobody takes."""

    edge: Sequence[str] = ("edge_attr", "senders", "receivers", "u")
    node: Sequence[str] = ("x", "incoming", "u")
    globals: Sequence[str] = ("u", "all_edges", "all_nodes")


WIRINGS = {  # figure 4 of Battaglia et al. 2018
    "full": Wiring(),
    "independent": Wiring(("edge_attr",), ("x",), ("u",)),
    "message_passing": Wiring(
        ("edge_attr", "senders", "receivers"), ("x", "incoming"), ("all_nodes",)
    ),
    "non_local": Wiring(("senders", "receivers"), ("incoming",), ()),  # with aggregation="softmax"
    "relation": Wiring(("senders", "receivers"), (), ("all_edges",)),
    "deep_set": Wiring((), ("x", "u"), ("all_nodes",)),
}


class GraphNetworkBlock(nn.Module):
    """One round of updates of edges, nodes and globals, each of which may be absent.

    Args:
        update_edge: φ^e(edge_attr, x of senders, x of receivers, u).
        update_node: φ^v(x, incoming, u).
        update_global: φ^u(u, all_edges, all_nodes). An absent φ returns its first argument.
        aggregate_incoming: ρ^{e→v}.
        aggregate_edges: ρ^{e→u}.
        aggregate_nodes: ρ^{v→u}. The result of an absent ρ is None.
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
        """Algorithm 1.

        Args:
            x: node attributes [N, F].
            edge_attr: edge attributes [E, F].
            u: global attributes [B, F]; may be None if nothing takes them.
            topology: who sends to whom.

        Returns:
            x, edge_attr and u after the updates.
        """
        t = topology
        edge_attr, incoming = self._send(x, edge_attr, u, t)  # φ^e, ρ^{e→v}
        x = _update(self.update_node, x, incoming, (u, t.node_graph))  # φ^v
        all_edges = self._gather_edges(edge_attr, incoming, t)  # ρ^{e→u}
        all_nodes = _aggregate(self.aggregate_nodes, x, t.node_graph)  # ρ^{v→u}
        u = _update(self.update_global, u, all_edges, all_nodes)  # φ^u
        return x, edge_attr, u

    def _send(
        self, x: Tensor, edge_attr: Tensor, u: Tensor | None, t: Topology
    ) -> tuple[Tensor, Tensor | None]:
        arguments = edge_attr, (x, t.senders), (x, t.receivers), (u, t.edge_graph)
        if isinstance(self.update_edge, MLP) and isinstance(self.aggregate_incoming, Sum):
            return self.update_edge.with_sums(t.receivers, *arguments)
        edge_attr = _update(self.update_edge, *arguments)
        return edge_attr, _aggregate(self.aggregate_incoming, edge_attr, t.receivers)

    def _gather_edges(
        self, edge_attr: Tensor, incoming: Tensor | None, t: Topology
    ) -> Tensor | None:
        if isinstance(self.aggregate_incoming, Sum) and isinstance(self.aggregate_edges, Sum):
            return _aggregate(self.aggregate_edges, incoming, t.node_graph)  # the sum of the sums
        return _aggregate(self.aggregate_edges, edge_attr, t.edge_graph)

    @classmethod
    def build(
        cls,
        spec: GraphSpec,
        hidden_dims: Sequence[int] = (64,),
        aggregate: str | Sequence[str] = "sum",
        wiring: str | Wiring = "full",
        activation: str = "relu",
        layer_norm: bool = False,
    ) -> GraphNetworkBlock:
        """A block whose φ are MLPs.

        Args:
            spec: the widths of edges, nodes and globals, in and out; out 0: that φ is absent, and
                its attributes stay as they are.
            hidden_dims: of each MLP.
            aggregate: the name or names of every ρ, of `AGGREGATIONS`.
            wiring: one of `WIRINGS` by name, or another.
            activation: of each MLP.
            layer_norm: of each MLP.
        """
        if isinstance(wiring, str) and wiring not in WIRINGS:
            raise ValueError(f"wiring={wiring!r}: must be one of {sorted(WIRINGS)}")
        takes = WIRINGS[wiring] if isinstance(wiring, str) else wiring
        edge_dim = spec.edge_out if takes.edge and spec.edge_out else spec.edge_in
        node_dim = spec.node_out if takes.node and spec.node_out else spec.node_in
        reduced = {
            "incoming": (takes.node if spec.node_out else (), edge_dim),
            "all_edges": (takes.globals if spec.global_out else (), edge_dim),
            "all_nodes": (takes.globals if spec.global_out else (), node_dim),
        }
        ρ = {
            name: aggregation(aggregate, dim) if name in taken and dim else None
            for name, (taken, dim) in reduced.items()
        }
        dims = {"edge_attr": spec.edge_in, "x": spec.node_in, "u": spec.global_in}
        dims |= {"senders": spec.node_in, "receivers": spec.node_in}
        dims |= {name: r.out_dim if r else 0 for name, r in ρ.items()}

        def φ(names: Sequence[str], taken: Sequence[str], out_dim: int) -> MLP | None:
            if unknown := set(taken) - set(names):
                raise ValueError(f"wiring takes {sorted(unknown)}: must be some of {list(names)}")
            if not taken or not out_dim:
                return None
            in_dims = [dims[name] if name in taken else 0 for name in names]
            return MLP(in_dims, hidden_dims, out_dim, activation, layer_norm)

        all_of = WIRINGS["full"]
        return cls(
            φ(all_of.edge, takes.edge, spec.edge_out),
            φ(all_of.node, takes.node, spec.node_out),
            φ(all_of.globals, takes.globals, spec.global_out),
            *ρ.values(),
        )


def _update(update: nn.Module | None, first: Any, *arguments: Any) -> Any:  # noqa: ANN401
    """φ of its arguments; if absent, the first of them."""
    return first if update is None else update(first, *arguments)


def _aggregate(aggregate: Aggregation | None, items: Any, *by: Any) -> Tensor | None:  # noqa: ANN401
    """ρ of the items; if absent, None."""
    return None if aggregate is None else aggregate(items, *by)
