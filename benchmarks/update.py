"""The overhead of the training loop: updates of a model that computes nothing.

    python -m benchmarks.update [--json out.json]

The peer is a hand-written update: batch, loss, backward, clip, step, without settings, schedule or
seeds. Both take turns in one run.
"""

import argparse
import json
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from torch import nn
from torch_geometric.data import Batch

from benchmarks.timing import compare
from data_gen.spec import GraphOutput
from experiments.run.fit import Fit
from experiments.run.parts import RunParts
from experiments.run.training import batches_of
from experiments.settings.places import CONF
from gn.model import GraphModel, Steps

OVERRIDES = ["label=update", "task_label=update", "train.num_instances=256", "train.sizes=[8]"]


class Nothing(GraphModel):
    """A model with a single parameter, the answer of every node and edge."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return one answer for all nodes and edges."""
        del num_message_passing_steps
        nodes = self.bias.expand(batch.x.shape[0]).unsqueeze(1)
        return GraphOutput(x=nodes, edge_attr=self.bias.expand(batch.num_edges).unsqueeze(1))


def main() -> None:
    """Print both times in milliseconds, and their ratio."""
    parser = argparse.ArgumentParser(description="The loop of a training, without a network.")
    parser.add_argument("--json", type=Path, help="where to write the row")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        parts = RunParts(compose("train", OVERRIDES))
    model = Nothing()
    with batches_of(parts, model) as batches:
        fit, optimizer = Fit(parts, model, batches), torch.optim.Adam(model.parameters())

        def ours() -> None:
            fit.update()
            fit.step += 1

        def by_hand() -> None:
            loss = parts.task.loss(model, batches.batch(fit.step))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()

        times = compare({"ours": ours, "by_hand": by_hand}, rounds=200)
    row = {
        "benchmark": "update", "case": "a model that does nothing", "ours_ms": times["ours"],
        "peer": "by hand", "peer_ms": times["by_hand"],
        "ratio": times["ours"] / times["by_hand"],
    }  # fmt: skip
    print(f"update: {row['ours_ms']:.2f} ms, by hand {row['peer_ms']:.2f} ms: {row['ratio']:.2f} x")
    if arguments.json:
        arguments.json.write_text(json.dumps([row]))


if __name__ == "__main__":
    main()
