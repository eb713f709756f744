"""Formulas as padded tables, for a search that flips one variable at a time in every formula.

N nodes, B graphs, n literals, L the largest number of literals in a clause, O the largest number of
clauses with one literal, P places for the clauses of a graph. Literals are numbered 1 ... n in the
order of their nodes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import Batch

from gn.formula import CLAUSE, COMPLEMENT, LITERAL, TO_CLAUSE

BLOCK_BITS = 5
BLOCK = 1 << BLOCK_BITS  # number of places in a block; the places of a graph are whole blocks


@dataclass(frozen=True)
class ClauseTables:
    """The literals of every clause, and the clauses of every literal, for a batch of formulas.

    Clause j of graph g has the place g P + j; the last block of a graph's places holds no clause.
    Tables over literals have four extra numbers: 0 and n + 1 (never read), `rest` = n + 2 (flipped
    when there is nothing to flip) and `pad` = n + 3 (fills rows).

    Attributes:
        nodes: the node of each literal [n].
        graph: the graph of each number [n + 4].
        complement: the complement of each number [n + 4].
        firsts: for each variable the smaller number of its two literals [n / 2].
        variable: the index of each variable within its graph [n / 2].
        num_variables: the number of variables of each graph [B].
        candidates: for each clause the complements of its literals, which are all true if the
            clause is false [B P, L]; `rest` in the row of an empty place.
        touched: for each literal the clauses of its complement, then its own clauses [n + 4, 2 O].
        clause, literal: the pairs (clause, literal in it), each pair once [K].
        is_idle: places that can never be false: without a clause, or with a clause that has a
            literal and its complement [B P].
    """

    nodes: Tensor
    graph: Tensor
    complement: Tensor
    firsts: Tensor
    variable: Tensor
    num_variables: Tensor
    candidates: Tensor
    touched: Tensor
    clause: Tensor
    literal: Tensor
    is_idle: Tensor

    @property
    def num_literals(self) -> int:
        """The number of literals n."""
        return len(self.nodes)

    @classmethod
    def from_batch(cls, batch: Batch) -> "ClauseTables":
        """Build the tables of a batch of literal-clause graphs; nodes and edges in any order.

        Raises:
            ValueError: a literal of a clause has no complement.
        """
        nodes = (batch.node_type == LITERAL).nonzero().squeeze(1)
        numbers = torch.arange(len(nodes) + 4, device=nodes.device)
        size, real, rest, pad = len(numbers), numbers[1:-3], len(nodes) + 2, len(nodes) + 3
        number = numbers.new_zeros(len(batch.node_type)).index_copy(0, nodes, real)
        graph = torch.zeros_like(numbers).index_copy(0, real, batch.batch[nodes])
        sources, others = number[batch.edge_index[:, batch.edge_type == COMPLEMENT]]
        complement = numbers.index_copy(0, others, sources)
        firsts = real[(numbers <= complement)[1:-3]]

        place, is_idle = _places(batch)
        senders, receivers = batch.edge_index[:, batch.edge_type == TO_CLAUSE]
        pairs = torch.unique(place[receivers] * size + number[senders])
        clause, literal = pairs // size, pairs % size
        if bool((complement[literal] == literal).any()):
            raise ValueError("each literal of a clause must have a complement, got one without")
        is_idle[clause[torch.isin(clause * size + complement[literal], pairs)]] = True

        candidates = _table(clause, complement[literal], len(is_idle), pad)
        candidates[candidates[:, 0] == pad, 0] = rest
        kept = ~is_idle[clause]
        owner, order = literal[kept].sort(stable=True)
        own = _table(owner, clause[kept][order], size, len(is_idle) - 1)
        touched = torch.cat([own[complement], own], dim=1)
        variable, num_variables = _ranks(graph[firsts], batch.num_graphs)
        return cls(nodes, graph, complement, firsts, variable, num_variables, candidates, touched,
                   clause, literal, is_idle)  # fmt: skip


def _places(batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the place of each clause node [N], and a mask of places without a clause [B P]."""
    clauses = (batch.node_type == CLAUSE).nonzero().squeeze(1)
    graph = batch.batch[clauses]
    rank, counts = _ranks(graph, batch.num_graphs)
    width = BLOCK * (int(counts.max()) // BLOCK + 2)
    place = torch.zeros_like(batch.batch).index_copy(0, clauses, graph * width + rank)
    is_idle = torch.ones(batch.num_graphs * width, dtype=torch.bool, device=graph.device)
    is_idle[place[clauses]] = False
    return place, is_idle


def _ranks(rows: Tensor, num_rows: int) -> tuple[Tensor, Tensor]:
    """Return the index of each item within its row, and the items per row; rows must be sorted."""
    counts = torch.bincount(rows, minlength=num_rows)
    starts = counts.cumsum(0) - counts
    return torch.arange(len(rows), device=rows.device) - starts[rows], counts


def _table(rows: Tensor, values: Tensor, num_rows: int, fill: int) -> Tensor:
    """Arrange the values of each row in a padded table; rows must be sorted."""
    rank, counts = _ranks(rows, num_rows)
    table = values.new_full((num_rows, max(1, int(counts.max()))), fill)
    table[rows, rank] = values
    return table
