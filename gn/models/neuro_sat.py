"""NeuroSAT: literals and clauses pass messages, then the literals vote.

L literals, C clauses, K pairs of a clause and a literal in it, N nodes, B graphs, H width of a
state.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.formula import EDGES, LITERAL, NODES
from gn.kernels.layer_norm_lstm import LayerNormLSTMCell
from gn.kernels.segment import carry
from gn.mlp import MLP
from gn.model import check_node_types, check_widths
from gn.stepped import SteppedModel
from gn.topology import Incidence, Topology

NUM_HIDDEN_LAYERS = 3


@dataclass(frozen=True)
class Formulas:
    """The literals and clauses of a batch, and the pairs of a clause and a literal in it.

    Attributes:
        literals: the node of each literal [L].
        clauses: the node of each clause [C].
        literal: pair -> literal, [K].
        clause: pair -> clause, [K].
        complement: the complement of each literal [L]; L for a literal without complement.
    """

    literals: Tensor
    clauses: Tensor
    literal: Incidence
    clause: Incidence
    complement: Tensor

    @classmethod
    def from_batch(cls, batch: Batch) -> "Formulas":
        """Read a batch of typed graphs; each pair of literal and clause is counted once."""
        is_literal = batch.node_type == LITERAL
        literals, clauses = is_literal.nonzero().squeeze(1), (~is_literal).nonzero().squeeze(1)
        place = torch.empty_like(batch.node_type, dtype=torch.long)
        for nodes in (literals, clauses):
            place[nodes] = torch.arange(len(nodes), device=nodes.device)
        ends = {
            kind: place[batch.edge_index[:, batch.edge_type == EDGES.index(kind)]]
            for kind in ("literal to clause", "complement")
        }
        complement = torch.full_like(literals, len(literals))
        complement[ends["complement"][1]] = ends["complement"][0]
        literal, clause = ends["literal to clause"]
        return cls(
            literals,
            clauses,
            Incidence(literal, len(literals)),
            Incidence(clause, len(clauses)),
            complement,
        )


class NeuroSatState(NamedTuple):
    """Hidden states and cell states; no step changes the formulas."""

    literal: Tensor  # [L, H]
    literal_cell: Tensor  # [L, H]
    clause: Tensor  # [C, H]
    clause_cell: Tensor  # [C, H]
    formulas: Formulas


class NeuroSat(SteppedModel):
    """c' = LSTM(Σ_{l ∈ c} φ^l(l), c);  l' = LSTM([Σ_{c ∋ l} φ^c(c'), ¬l], l);  votes φ(l).

    Each clause receives messages from its literals; each literal then receives messages from its
    clauses and the state of its complement ("flip"). All literals share one initial state, and so
    do all clauses. Edges have no attributes, so that messages are computed once per node, and their
    last layer on the side with fewer rows. Source: Selsam et al. 2019, section 4;
    `python/neurosat.py`.

    Args:
        spec: widths in and out; node types as in `literal_clause_graph`.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: the default number of rounds.
        has_flip: whether a literal reads its complement.
        has_layer_norm: whether the cells have layer norms; else they are plain LSTMs.
        clauses_first: whether literals read the updated clauses; else both read the old states, and
            a round moves information half as far (G4SATBench, Li et al. 2024).

    Raises:
        ValueError: the task has no literal and clause nodes.
    """

    node_types: ClassVar[tuple[str, ...]] = NODES

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 64,
        num_message_passing_steps: int = 16,
        has_flip: bool = True,
        has_layer_norm: bool = True,
        clauses_first: bool = True,
    ) -> None:
        super().__init__(num_message_passing_steps, None)
        check_node_types(NeuroSat, spec)
        check_widths(hidden_dim=hidden_dim)
        dim, hidden = hidden_dim, [hidden_dim] * NUM_HIDDEN_LAYERS
        cell = LayerNormLSTMCell if has_layer_norm else nn.LSTMCell
        self.has_flip, self.clauses_first = has_flip, clauses_first
        self.literal_start = nn.Parameter(torch.randn(dim))
        self.clause_start = nn.Parameter(torch.randn(dim))
        self.literal_message = MLP([dim], hidden, dim)
        self.clause_message = MLP([dim], hidden, None)
        self.clause_output = nn.Linear(dim, dim)
        self.update_clause = cell(dim, dim)
        self.update_literal = cell((1 + has_flip) * dim, dim)
        self.vote = MLP([dim], hidden, spec.node_out)

    def encode(self, batch: Batch, topology: Topology) -> NeuroSatState:
        """Return the initial states, equal for all literals and for all clauses."""
        del topology
        formulas = Formulas.from_batch(batch)
        scale = self.literal_start.shape[0] ** -0.5
        literal = (scale * self.literal_start).expand(len(formulas.literals), -1)
        clause = (scale * self.clause_start).expand(len(formulas.clauses), -1)
        cells = torch.zeros_like(literal), torch.zeros_like(clause)
        return NeuroSatState(literal, cells[0], clause, cells[1], formulas)

    def step(
        self, state: NeuroSatState, encoded: NeuroSatState, topology: Topology, index: int
    ) -> NeuroSatState:
        """Run one round of messages."""
        del encoded, topology, index
        f = state.formulas
        heard = carry(self.literal_message(state.literal), f.literal, f.clause)
        clause, clause_cell = self.update_clause(heard, (state.clause, state.clause_cell))
        sent = self.clause_message(clause if self.clauses_first else state.clause)
        degree = f.literal.counts.to(sent.dtype)
        heard = nn.functional.linear(carry(sent, f.clause, f.literal), self.clause_output.weight)
        heard = torch.addcmul(heard, degree, self.clause_output.bias)
        if self.has_flip:
            padded = torch.cat([state.literal, torch.zeros_like(state.literal[:1])])
            heard = torch.cat([heard, padded[f.complement]], dim=1)
        literal, literal_cell = self.update_literal(heard, (state.literal, state.literal_cell))
        return NeuroSatState(literal, literal_cell, clause, clause_cell, f)

    def decode(
        self, state: NeuroSatState, encoded: NeuroSatState, topology: Topology
    ) -> GraphOutput:
        """Compute the votes of the literals; 0 for clauses."""
        del encoded
        votes = self.vote(state.literal)
        x = votes.new_zeros(topology.num_nodes, votes.shape[1])
        return GraphOutput(x=x.index_copy(0, state.formulas.literals, votes))

    def node_states(self, state: NeuroSatState, topology: Topology) -> Tensor:
        """Return the hidden states of literals and clauses, in the order of their nodes."""
        f = state.formulas
        states = state.literal.new_zeros(topology.num_nodes, state.literal.shape[1])
        return states.index_copy(0, f.literals, state.literal).index_copy(
            0, f.clauses, state.clause
        )

    def select(
        self, moving: Tensor, new: NeuroSatState, old: NeuroSatState, topology: Topology
    ) -> NeuroSatState:
        """Select by the graph of each literal and of each clause."""
        f, graph = new.formulas, topology.node_graph.index
        literals, clauses = (moving[graph[nodes]].unsqueeze(1) for nodes in (f.literals, f.clauses))
        return NeuroSatState(
            torch.where(literals, new.literal, old.literal),
            torch.where(literals, new.literal_cell, old.literal_cell),
            torch.where(clauses, new.clause, old.clause),
            torch.where(clauses, new.clause_cell, old.clause_cell),
            f,
        )
