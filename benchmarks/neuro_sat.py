"""An update of our NeuroSAT against the same network made of torch's own modules, and a floor.

    python -m benchmarks.neuro_sat [--json out.json] [--threads 1]

The peer is built like public ports: `nn.Linear`, `nn.LayerNorm` for each gate, messages gathered to
edges and summed by `torch_geometric.utils.scatter`. It has our weights and gives equal votes. The
floor is the time of the matrix products alone.
"""

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from benchmarks.timing import compare
from data_gen.cell import Cell
from data_gen.packed import Packed
from data_gen.sat.distributions.sr import Sr
from data_gen.sat.tasks.satisfiability import Satisfiability
from data_gen.spec import GraphOutput
from gn.kernels.layer_norm_lstm import LayerNormLSTMCell
from gn.mlp import MLP
from gn.models.neuro_sat import Formulas, NeuroSat

ROUNDS = 16
CASES = {"SR(3-10), 64 formulas": (tuple(range(3, 11)), 64), "SR(40), 16 formulas": ((40,), 16)}


class PeerCell(nn.Module):
    """The LSTM cell as one linear layer and five layer norms."""

    def __init__(self, ours: nn.Module) -> None:
        super().__init__()
        assert isinstance(ours, LayerNormLSTMCell)
        dim, in_dim = ours.hidden_weight.shape[1], ours.input_weight.shape[2]
        self.linear = nn.Linear(in_dim + dim, 4 * dim, bias=False)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(5))
        weight = torch.cat([ours.input_weight, ours.hidden_weight], dim=2)
        self.linear.weight = nn.Parameter(weight.detach().flatten(0, 1))

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the new h and c."""
        h, c = state
        gates = self.linear(torch.cat([x, h], dim=1)).chunk(4, dim=1)
        i, f, o, g = (norm(gate) for norm, gate in zip(self.norms, gates, strict=False))
        c = self.norms[4](c * (f + 1).sigmoid() + i.sigmoid() * g.relu())
        return o.sigmoid() * c.relu(), c


class Peer(nn.Module):
    """NeuroSAT made of torch's modules, with our weights."""

    def __init__(self, ours: NeuroSat) -> None:
        super().__init__()
        self.ours = [ours]  # in a list, so that it is no submodule and adds no parameters
        self.literal_message, self.vote = _plain(ours.literal_message), _plain(ours.vote)
        dim = ours.clause_output.in_features
        output = nn.Linear(dim, dim)
        output.load_state_dict(ours.clause_output.state_dict())
        self.clause_message = nn.Sequential(*_plain(ours.clause_message), output)
        self.clause_cell, self.literal_cell = (
            PeerCell(cell) for cell in (ours.update_clause, ours.update_literal)
        )

    def forward(self, batch: Batch) -> GraphOutput:
        """Return the votes after all rounds."""
        state = self.ours[0].encode(batch, None)  # type: ignore[arg-type]
        literal, clause = (state.literal, state.literal_cell), (state.clause, state.clause_cell)
        f: Formulas = state.formulas
        sender, receiver = f.literal.index, f.clause.index
        for _ in range(ROUNDS):
            sent = self.literal_message(literal[0])
            heard = scatter(sent[sender], receiver, 0, len(clause[0]), "sum")
            clause = self.clause_cell(heard, clause)
            sent = self.clause_message(clause[0])
            heard = scatter(sent[receiver], sender, 0, len(literal[0]), "sum")
            flipped = literal[0][f.complement]
            literal = self.literal_cell(torch.cat([heard, flipped], dim=1), literal)
        votes = self.vote(literal[0])
        x = votes.new_zeros(len(batch.node_type), 1).index_copy(0, f.literals, votes)
        return GraphOutput(x=x)


def _plain(mlp: MLP) -> nn.Sequential:
    """Copy the layers of an MLP to an `nn.Sequential`."""
    parts: list[nn.Module] = []
    for layer in mlp.layers:
        assert isinstance(layer, nn.Linear)
        copy = nn.Linear(layer.in_features, layer.out_features)
        copy.load_state_dict(layer.state_dict())
        parts += [copy, nn.ReLU()]
    return nn.Sequential(*(parts if mlp.is_last_activated else parts[:-1]))


def _products(model: NeuroSat, f: Formulas) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Make the rows, weight and gradient of every matrix product of one round."""
    rows = {
        model.literal_message: len(f.literals), model.clause_message: len(f.clauses),
        model.clause_output: len(f.literals), model.update_clause: len(f.clauses),
        model.update_literal: len(f.literals),
    }  # fmt: skip
    made = []
    for part, count in rows.items():
        for weight in part.parameters():
            if weight.dim() >= 2 and min(weight.shape[-2:]) > 1:
                flat = weight.detach().flatten(0, -2)
                made.append(
                    (torch.randn(count, flat.shape[1]), flat, torch.randn(count, len(flat)))
                )
    return made


def measure(case: str, sizes: tuple[int, ...], count: int) -> dict[str, object]:
    """Time one case; return its row of the table."""
    task = Satisfiability()
    cell = Cell(task, Sr(), sizes, "train")
    batch = Packed.pack(cell.instances(0, count)).batch(range(count))
    torch.manual_seed(0)
    ours = NeuroSat(task.spec)
    peer = Peer(ours)
    with torch.no_grad():
        torch.testing.assert_close(ours(batch, ROUNDS).x, peer(batch).x, rtol=1e-3, atol=1e-3)
    products = _products(ours, Formulas.from_batch(batch))

    def floor() -> None:
        for _ in range(ROUNDS):
            for rows, weight, gradient in products:
                torch.mm(rows, weight.t())
                torch.mm(gradient, weight)
                torch.mm(gradient.t(), rows)

    ms = compare(
        {
            "ours": lambda: task.loss(lambda b: ours(b, ROUNDS), batch).backward(),
            "peer": lambda: task.loss(peer, batch).backward(),
            "floor": floor,
        },
        rounds=8,
    )
    return {
        "benchmark": "neuro_sat",
        "case": case,
        **{f"{name}_ms": value for name, value in ms.items()},
        "ratio": ms["peer"] / ms["ours"],
        "to_floor": ms["ours"] / ms["floor"],
        "formulas_per_second": 1e3 * count / ms["ours"],
    }


def main() -> None:
    """Print the table; write it with --json."""
    parser = argparse.ArgumentParser(description="An update of NeuroSAT, against torch's modules.")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rows = [measure(case, *what) for case, what in CASES.items()]
    print("forward and backward      ours ms   peer ms  peer/ours  ours/floor  formulas/s")
    for row in rows:
        print(
            f"{row['case']:<24} {row['ours_ms']:>8.0f} {row['peer_ms']:>9.0f} {row['ratio']:>10.2f}"
            f" {row['to_floor']:>11.2f} {row['formulas_per_second']:>11.0f}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
