"""Picture of a shortest-path query: the shortest path, and a network's choice after each round."""

import numpy as np
import torch
from torch_geometric.data import Batch

from data_gen.paths.answer import END, START, Path, PathAnswer, walk
from data_gen.picture import Key, Panel, Picture, Watched
from data_gen.route import NETWORK, TRUTH, around
from data_gen.shapes import Look, Shape, places
from data_gen.spec import GraphOutput

NODE, ENDS = 0.009, 0.022  # radii of nodes, as fractions of the extent
FIRST, LAST = Look("ink", 1.2, fill="paper"), Look(fill="ink")
KEYS = (
    Key("shortest path", "line", TRUTH),
    Key("network", "line", NETWORK),
    Key("start", "circle", FIRST),
    Key("end", "square", LAST),
)


@torch.inference_mode()
def path_picture(model: Watched, answer: PathAnswer, batch: Batch) -> Picture:
    """Draw the edges that a network chooses after each round, over the shortest path of a query."""
    outputs, batch = model.rounds(batch), batch.cpu()
    choices = [answer.decode(_on_cpu(output), batch) for output in outputs]
    at = batch.x[:, :2].double().numpy()
    edges = batch.edge_index.numpy()
    window, extent = around(at)
    start, end = (batch.x[:, column].numpy() > 0 for column in (START, END))

    def segments(is_chosen: np.ndarray) -> np.ndarray:
        return at[edges[:, is_chosen].T.ravel()]

    chosen = [places(segments(choice.edges.numpy()))[0] for choice in choices]
    nodes = [places(at[choice.nodes.numpy()])[0] for choice in choices]
    shapes = [
        Shape("segments", places(segments(edges[0] < edges[1])), Look("soft", 0.5, opacity=0.35)),
        Shape("segments", places(segments(batch.edge_on_path.numpy())), TRUTH),
        Shape("circle", places(at), Look(fill="soft"), NODE * extent),
        Shape("segments", chosen, NETWORK),
        Shape("circle", nodes, Look(fill=NETWORK.colour), 1.4 * NODE * extent),
        Shape("circle", places(at[start]), FIRST, ENDS * extent),
        Shape("square", places(at[end]), LAST, 0.8 * ENDS * extent),
    ]
    hops = int(batch.graph_hops)
    title = f"{len(at)} vertices, {hops} {'edge' if hops == 1 else 'edges'} to go"
    rounds = [f"after round {number}: " for number in range(1, len(choices) + 1)]
    if len(choices) == 1:
        rounds = [""]
    captions = [told + _end(choice, batch) for told, choice in zip(rounds, choices, strict=True)]
    return Picture(title, window, captions, [Panel("", shapes, KEYS)])


def _end(choice: Path, batch: Batch) -> str:
    """Return the words for where the walk along the chosen edges ends."""
    walked = walk(choice.next_edge, batch)
    if not bool(walked.arrived):
        return "does not arrive"
    longer = 100 * (float(walked.cost / batch.graph_optimum) - 1)
    return f"arrives, {longer:.1f} % longer" if longer >= 0.05 else "arrives, none is shorter"


def _on_cpu(output: GraphOutput) -> GraphOutput:
    return GraphOutput(*(part if part is None else part.cpu() for part in output))
