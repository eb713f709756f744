"""ShortestPath: find the shortest path between two nodes, as in the graph_nets demo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.utils import scatter

from data_gen.distribution import GenerationError
from data_gen.graphs.graph import Graph
from data_gen.metric import Metric
from data_gen.packed import Packed
from data_gen.paths.answer import PathAnswer, PathLabels, tree_depth, walk
from data_gen.paths.picture import path_picture
from data_gen.paths.query import Query, draw_queries
from data_gen.picture import Picture, Watched, options
from data_gen.spec import GraphOutput, GraphSpec
from data_gen.task import KnowsRounds, LossPart, Model, Task

RELATIVE_TOLERANCE = 1e-6  # paths whose lengths differ by less count as equally short
LENGTHS = 1e-30, 1e30  # the lengths that float32 tells from 0 and from infinity, sums included


@dataclass(frozen=True)
class ShortestPath(Task[Graph], KnowsRounds):
    """Find the nodes and edges of the shortest path from a start to an end.

    The pair is drawn such that every hop distance of the graph is equally likely, then uniformly
    among the pairs at that distance. Source: graph_nets, `demos/shortest_path.ipynb`.

    Fields: `x` [N, 5] position (2), node weight, is start, is end; `edge_attr` [E, 1] length;
    `u` [B, 1] zero; targets `on_path` [N], `edge_on_path` [E] (in the direction walked),
    `edge_next_hop` [E] (first edge of the shortest path from its sender to the end); and per
    graph `graph_optimum` (length of the shortest path), `graph_hops` (its number of edges),
    `graph_diameter` (largest hop distance), each [B].
    """

    answer: PathAnswer = field(default_factory=PathLabels, repr=False)

    size_unit: ClassVar[str] = "vertices"
    generator_version: ClassVar[int] = 1
    metrics: ClassVar[Mapping[str, Metric]] = {
        "valid": Metric(binary=True),
        "solved": Metric(binary=True),
        "cost_ratio": Metric(),
        "node_accuracy": Metric(),
        "edge_accuracy": Metric(),
    }

    @property
    def spec(self) -> GraphSpec:
        """The inputs of the demo, and the outputs that the answer needs."""
        node_out, edge_out = (self.answer.width(level) for level in ("node", "edge"))
        return GraphSpec(
            5, 1, 1, node_out=node_out, edge_out=edge_out, position_dim=2,
            node_names=("weight", "start", "end"), edge_names=("length",),
        )  # fmt: skip

    def sample(self, structure: Graph, rng: np.random.Generator) -> Data:
        """Return one query on the graph; raise ValueError for a graph without edges."""
        return self.sample_many([structure], [rng])[0]

    def sample_many(
        self, structures: Sequence[Graph], rngs: Sequence[np.random.Generator]
    ) -> list[Data]:
        """Return a query on every graph, all solved by one run of Dijkstra's algorithm.

        The graphs are blocks of one matrix, and the search starts from the ends of all queries at
        once, which cannot reach each other's graphs.

        Distances are float64: paths whose lengths differ by about 1e-15 are equally short.

        Raises:
            ValueError: a graph has no edges.
            GenerationError: an edge's length is not within `LENGTHS`.
        """
        queries = draw_queries(structures, rngs)
        offsets = np.cumsum([0] + [graph.num_nodes for graph in structures])
        edges = np.concatenate(
            [graph.edges + offset for graph, offset in zip(structures, offsets[:-1], strict=True)]
        )
        lengths = _stored(np.concatenate([graph.lengths for graph in structures]))
        ends = np.array([query.end for query in queries]) + offsets[:-1]
        next_node, distance = _shortest_path_forest(edges, lengths, ends, offsets[-1])
        instances, first = [], 0
        for graph, query, offset in zip(structures, queries, offsets[:-1], strict=True):
            nodes = slice(offset, offset + graph.num_nodes)
            last = first + len(graph.edges)
            instance = _instance(
                graph, query, lengths[first:last], next_node[nodes] - offset, distance[nodes]
            )
            instances.append(instance)
            first = last
        return instances

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Return the sum of the losses of the typed answers."""
        first, *others = (part.mean for part in self.loss_parts(model, batch))
        return sum(others, start=first)

    def loss_parts(self, model: Model, batch: Batch) -> list[LossPart]:
        """Return the mean loss of each typed answer."""
        return self.answer.loss_parts(model(batch), batch)

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the scores of every instance, each [B].

        valid: the chosen edges are exactly a shortest path from start to end. solved: all nodes
        and edges agree with the labels. cost_ratio: shortest length / length of the walk from the
        start along the chosen edges, 0 if it does not arrive. node_accuracy, edge_accuracy: the
        share of nodes and of edges that agree with the labels.
        """
        choice = self.answer.decode(model(batch), batch)
        walked = walk(choice.next_edge, batch)
        edge_graph = batch.batch[batch.edge_index[0]]
        optimum = batch.graph_optimum
        num_chosen = scatter(choice.edges.long(), edge_graph, 0, batch.num_graphs, "sum")
        shortest = walked.cost <= optimum * (1 + RELATIVE_TOLERANCE)
        nodes_right = (choice.nodes == batch.on_path).float()
        edges_right = (choice.edges == batch.edge_on_path).float()
        node_accuracy = scatter(nodes_right, batch.batch, 0, batch.num_graphs, "mean")
        edge_accuracy = scatter(edges_right, edge_graph, 0, batch.num_graphs, "mean")
        return {
            "valid": (walked.arrived & shortest & (num_chosen == walked.hops)).float(),
            "solved": ((node_accuracy == 1) & (edge_accuracy == 1)).float(),
            "cost_ratio": torch.where(walked.arrived, optimum / walked.cost, 0.0).float(),
            "node_accuracy": node_accuracy,
            "edge_accuracy": edge_accuracy,
        }

    def picture(self, model: Watched, batch: Batch, **given: int) -> Picture:
        """Draw the path that is chosen after each round, over the shortest path."""
        options(given)
        return path_picture(model, self.answer, batch)

    def facts(self, packed: Packed) -> dict[str, float]:
        """Return the mean and largest diameter in hops, and the mean hops of the shortest path."""
        diameter, hops = (packed.fields[f"graph_{name}"].double() for name in ("diameter", "hops"))
        return {
            "diameter": diameter.mean().item(),
            "max_diameter": diameter.max().item(),
            "hops": hops.mean().item(),
        }

    def num_rounds(self, batch: Batch) -> Tensor:
        """Return the rounds after which Bellman-Ford knows every distance to the end [B].

        This is the largest number of hops from a node to the end along shortest paths.
        """
        return tree_depth(batch)

    def solution(self, batch: Batch) -> GraphOutput:
        """Return the output that decodes to the labelled path."""
        return self.answer.encode(batch)


def _stored(lengths: np.ndarray) -> np.ndarray:
    """Return lengths as the float32 that models read; raise GenerationError if one is lost."""
    is_kept = (lengths >= LENGTHS[0]) & (lengths <= LENGTHS[1])
    if not is_kept.all():
        allowed, lost = "numbers from {:g} to {:g}".format(*LENGTHS), lengths[~is_kept][0]
        raise GenerationError(f"lengths of edges must be {allowed}, got {lost:g}")
    return lengths.astype(np.float32)


def _symmetric(edges: np.ndarray, lengths: np.ndarray, num_nodes: int) -> csr_array:
    """Return the matrix of an undirected graph's lengths, with both directions stored."""
    rows = np.concatenate([edges[:, 0], edges[:, 1]])
    columns = np.concatenate([edges[:, 1], edges[:, 0]])
    return csr_array((np.tile(lengths, 2), (rows, columns)), shape=(num_nodes, num_nodes))


def _shortest_path_forest(
    edges: np.ndarray, lengths: np.ndarray, ends: np.ndarray, num_nodes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each node's next node towards the end (negative: none) and distance to it, [N]."""
    matrix = _symmetric(edges, lengths.astype(np.float64), num_nodes)
    distance, next_node, _ = dijkstra(matrix, indices=ends, min_only=True, return_predecessors=True)
    return next_node, distance


def _instance(
    graph: Graph,
    query: Query,
    lengths: np.ndarray,
    next_node: np.ndarray,
    distance: np.ndarray,
) -> Data:
    """Return the instance of one graph; `next_node` [n] is negative without a path to the end."""
    start, end, diameter = query
    path = [start]
    while path[-1] != end:
        path.append(int(next_node[path[-1]]))
    x = np.zeros((graph.num_nodes, 5), dtype=np.float32)
    x[:, :2], x[:, 2] = graph.positions, graph.node_weights
    x[start, 3] = x[end, 4] = 1
    on_path = np.zeros(graph.num_nodes, dtype=bool)
    on_path[path] = True
    edge_index = np.concatenate([graph.edges, graph.edges[:, ::-1]]).T
    senders, receivers = edge_index
    next_hop = next_node[senders] == receivers
    # The next node of a path node is on the path, so the path's edges are its nodes' next hops.
    edge_on_path = next_hop & on_path[senders]
    return Data(
        x=torch.from_numpy(x),
        edge_index=torch.from_numpy(edge_index),
        edge_attr=torch.from_numpy(np.tile(lengths, 2)).unsqueeze(1),
        u=torch.zeros(1, 1),
        on_path=torch.from_numpy(on_path),
        edge_on_path=torch.from_numpy(edge_on_path),
        edge_next_hop=torch.from_numpy(next_hop),
        graph_optimum=torch.tensor([distance[start]], dtype=torch.float64),
        graph_hops=torch.tensor([len(path) - 1]),
        graph_diameter=torch.tensor([diameter]),
    )
