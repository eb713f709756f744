"""An LSTM over the frames of each node: memory without relations.

N nodes, T frames, H width of a state.
"""

from dataclasses import replace

from torch import nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.model import GraphModel, Steps, check_widths
from gn.readout import Encoder, Readout
from gn.topology import Incidence, Topology


class FrameLstm(GraphModel):
    """h_i = LSTM(φ(x_i¹, u), .., φ(x_i^T, u));  x_i' = φ(h_i, u⁰);  e_k' = φ(e_k⁰, h_s, h_r, u⁰).

    x_i^t is node i at frame t, the oldest first; h_i is the state after the last frame. Each node
    is processed independently: the model uses its past but no graph. A task without time has a
    sequence of one frame. Source: Hochreiter and Schmidhuber 1997; Kipf et al. 2018, section
    5.1 (the baseline "LSTM (single)").

    Args:
        spec: widths in and out; `num_frames` divides `node_in`.
        hidden_dim: width H of the hidden layers and of the LSTM's state.

    Raises:
        ValueError: `num_frames` does not divide `node_in`.
    """

    def __init__(self, spec: GraphSpec, hidden_dim: int = 40) -> None:
        super().__init__()
        check_widths(hidden_dim=hidden_dim, num_frames=spec.num_frames)
        if spec.node_in % spec.num_frames:
            raise ValueError(
                f"node_in must be a multiple of num_frames ({spec.num_frames}), got {spec.node_in}"
            )
        self.num_frames = spec.num_frames
        self.frame_dim = spec.node_in // spec.num_frames
        self.encoder = Encoder(replace(spec, node_in=self.frame_dim), hidden_dim)
        self.lstm = nn.LSTM(hidden_dim, hidden_dim, batch_first=True)
        self.readout = Readout(spec, hidden_dim, hidden_dim, hidden_dim, hidden_dim)

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return answers [N, node_out], [E, edge_out], [B, global_out]; None where width is 0."""
        del num_message_passing_steps
        t, num_frames = Topology.from_batch(batch), self.num_frames
        frames = batch.x.reshape(-1, self.frame_dim)  # [N, T F] -> [N T, F]
        graph = t.node_graph.index.repeat_interleave(num_frames)  # of each frame [N T]
        frames = self.encoder.node(frames, (batch.u, Incidence(graph, t.num_graphs)))
        _, (last, _) = self.lstm(frames.view(t.num_nodes, num_frames, -1))  # last [1, N, H]
        edge_attr, u = self.encoder.edge(batch.edge_attr), self.encoder.graph(batch.u)
        return self.readout(last[0], edge_attr, u, t)
