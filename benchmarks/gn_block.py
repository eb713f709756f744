"""Forward and backward of a full graph network block against PyG's MetaLayer and a floor.

    python -m benchmarks.gn_block [--json out.json]

Every φ is Linear, ReLU, Linear with equal widths, every ρ a sum (or a sum and a maximum). The
benchmark times the gradients of all parameters; the inputs of the first step need no gradient. The
peer has the same weights; its results and gradients are checked to be equal in float64. The floor
is the time of our block's matrix products alone, forward and backward, into preallocated results.
The topology is made once per batch and is timed separately. One thread.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch, Data
from torch_geometric.nn import MetaLayer
from torch_geometric.utils import scatter

from benchmarks.timing import compare
from data_gen.spec import GraphSpec
from gn.block import GraphNetworkBlock
from gn.topology import Topology


class Case(NamedTuple):
    """One case: the batch, the width of all attributes, the reductions, the number of steps."""

    num_graphs: int
    num_nodes: int  # of each graph
    in_degree: int
    dim: int = 64
    reductions: tuple[str, ...] = ("sum",)
    num_steps: int = 1

    def __str__(self) -> str:
        shape = f"{self.num_graphs} x {self.num_nodes} nodes x {self.in_degree} in"
        return f"{shape}, width {self.dim}, {'+'.join(self.reductions)}, {self.num_steps} step(s)"


CASES = [
    Case(64, 20, 5),
    Case(64, 20, 19),
    Case(32, 100, 8),
    Case(32, 12, 4, dim=32, reductions=("sum", "max"), num_steps=10),
]


class PeerUpdate(nn.Module):
    """An update function of the peer, which concatenates its arguments."""

    def __init__(self, num_arguments: int, dim: int, reductions: tuple[str, ...]) -> None:
        super().__init__()
        width = num_arguments * dim
        self.mlp = nn.Sequential(nn.Linear(width, dim), nn.ReLU(), nn.Linear(dim, dim))
        self.reductions = reductions

    def reduce(self, items: Tensor, index: Tensor, num_rows: int) -> Tensor:
        """Apply PyG's scatter with each reduction: [M, F] -> [R, F times reductions]."""
        parts = [scatter(items, index, 0, num_rows, name) for name in self.reductions]
        return torch.cat(parts, dim=1)


class PeerEdge(PeerUpdate):
    """The edge update φ^e."""

    def forward(self, src: Tensor, dst: Tensor, e: Tensor, u: Tensor, graph: Tensor) -> Tensor:
        """Return the new edges [E, F]."""
        return self.mlp(torch.cat([e, src, dst, u[graph]], dim=1))


class PeerNode(PeerUpdate):
    """The reduction ρ^{e→v} and the node update φ^v."""

    def forward(self, x: Tensor, ends: Tensor, e: Tensor, u: Tensor, graph: Tensor) -> Tensor:
        """Return the new nodes [N, F]."""
        return self.mlp(torch.cat([x, self.reduce(e, ends[1], len(x)), u[graph]], dim=1))


class PeerGlobal(PeerUpdate):
    """The reductions ρ^{e→u} and ρ^{v→u} and the global update φ^u."""

    def forward(self, x: Tensor, ends: Tensor, e: Tensor, u: Tensor, graph: Tensor) -> Tensor:
        """Return the new globals [B, F]."""
        edges, nodes = self.reduce(e, graph[ends[1]], len(u)), self.reduce(x, graph, len(u))
        return self.mlp(torch.cat([u, edges, nodes], dim=1))


def make_batch(case: Case, generator: torch.Generator) -> Batch:
    """Make random graphs of one in-degree, with edges sorted by receiver and without loops."""
    n, k, dim = case.num_nodes, case.in_degree, case.dim
    graphs = []
    for _ in range(case.num_graphs):
        receivers = torch.arange(n).repeat_interleave(k)
        others = [torch.randperm(n - 1, generator=generator)[:k] for _ in range(n)]
        senders = torch.cat(others)
        senders += senders >= receivers
        x, e, u = (torch.randn(m, dim, generator=generator) for m in (n, n * k, 1))
        graphs.append(Data(x=x, edge_index=torch.stack([senders, receivers]), edge_attr=e, u=u))
    return Batch.from_data_list(graphs)


def functions(case: Case, batch: Batch) -> dict[str, Callable[[], tuple[Tensor, ...]]]:
    """Build our block and the peer with equal weights; each returns results and gradients."""
    dim, names = case.dim, case.reductions
    spec = GraphSpec(dim, dim, dim, dim, dim, dim)
    ours = GraphNetworkBlock.build(spec, (dim,), names).to(batch.x.dtype)
    a = len(names)
    peer = MetaLayer(
        PeerEdge(4, dim, names), PeerNode(2 + a, dim, names), PeerGlobal(1 + 2 * a, dim, names)
    ).to(batch.x.dtype)
    for p, q in zip(peer.parameters(), ours.parameters(), strict=True):
        p.data.copy_(q.data)
    topology = Topology.from_batch(batch)
    state = batch.x, batch.edge_attr, batch.u
    grads = [torch.linspace(-1, 1, a.numel()).view_as(a).to(a.dtype) for a in state]

    def run_ours() -> tuple[Tensor, ...]:
        x, e, u = state
        for _ in range(case.num_steps):
            x, e, u = ours(x, e, u, topology)
        return x, e, u, *torch.autograd.grad([x, e, u], list(ours.parameters()), grads)

    def run_peer() -> tuple[Tensor, ...]:
        x, e, u = state
        for _ in range(case.num_steps):
            x, e, u = peer(x, batch.edge_index, e, u, batch.batch)
        return x, e, u, *torch.autograd.grad([x, e, u], list(peer.parameters()), grads)

    return {"ours": run_ours, "peer": run_peer}


def products(case: Case) -> Iterator[tuple[int, int, int, int]]:
    """Yield rows, input width, products with input gradient, products with one after step 1."""
    nodes = case.num_graphs * case.num_nodes
    a = len(case.reductions) * case.dim
    yield nodes * case.in_degree, case.dim, 1, 1  # layer 2; e
    yield nodes, case.dim, 1, 3  # layer 2; x as sender, as receiver, in φ^v
    yield nodes, a, 1, 0  # incoming
    yield case.num_graphs, case.dim, 1, 3  # layer 2; u in φ^e, φ^v, φ^u
    yield case.num_graphs, a, 2, 0  # all_edges, all_nodes


def floor(case: Case) -> Callable[[], None]:
    """Return a function that computes the matrix products of all steps and nothing else."""
    triples = []
    for step in range(case.num_steps):
        for rows, width, num_inner, num_inputs in products(case):
            for k in range(num_inner + num_inputs):
                a, d = torch.randn(rows, width), torch.randn(rows, case.dim)
                w, of_w = torch.randn(case.dim, width), torch.empty(case.dim, width)
                triples += [(a, w.t(), torch.empty_like(d)), (d.t(), a, of_w)]
                if k < num_inner or step > 0:
                    triples.append((d, w, torch.empty_like(a)))

    def run() -> None:
        for a, b, out in triples:
            torch.mm(a, b, out=out)

    return run


def measure(case: Case, rounds: int) -> dict[str, object]:
    """Time one case; raise AssertionError if our block and the peer differ."""
    generator = torch.Generator().manual_seed(0)
    batch = make_batch(case, generator)
    exact = batch.clone().apply(lambda t: t.double() if t.is_floating_point() else t)
    both = functions(case, exact)
    for a, b in zip(both["ours"](), both["peer"](), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6 * b.abs().max().item())

    def topology() -> Tensor:
        t = Topology.from_batch(batch)
        return t.senders.stack(t.receivers).pointers

    timed = {**functions(case, batch), "floor": floor(case), "topology": topology}
    ms = compare(timed, rounds)
    return {
        "benchmark": "gn_block",
        "case": str(case),
        "ours_ms": ms["ours"],
        "peer": "torch_geometric.nn.MetaLayer",
        "peer_ms": ms["peer"],
        "ratio": ms["peer"] / ms["ours"],
        "floor_ms": ms["floor"],
        "over_floor": ms["ours"] / ms["floor"],
        "topology_ms": ms["topology"],
    }


def main() -> None:
    """Print the table; write it with --json."""
    parser = argparse.ArgumentParser(description="A GN block against MetaLayer and its products.")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    columns = ("ours_ms", "peer_ms", "ratio", "floor_ms", "over_floor", "topology_ms")
    print(f"{'case':<52}" + "".join(f"{c:>13}" for c in columns))
    for case in CASES:
        rows.append(measure(case, options.rounds))
        print(f"{case!s:<52}" + "".join(f"{rows[-1][c]:>13.2f}" for c in columns))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
