"""Formulas as padded tables, for a search that flips one variable at a time in every formula.

N nodes, B graphs, n literals, L the most literals of a clause, O the most clauses that a literal is
in, P places for the clauses of a graph. Literals are numbered 1 ... n in the order of their nodes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import Batch

from gn.formula import CLAUSE, COMPLEMENT, LITERAL, TO_CLAUSE

BLOCK_BITS = 5
BLOCK = 1 << BLOCK_BITS  # places, a whole number of which every graph has


@dataclass(frozen=True)
class ClauseTables:
    """Who is in which clause, of all formulas of a batch.

    Clause j of graph g has the place g P + j; the last block of a graph's places is of no clause.
    Literals have four numbers more than there are: 0 and n + 1 (nothing is read from them), `rest`
    = n + 2 (what is flipped where nothing is) and `pad` = n + 3 (fills rows).

    Attributes:
        nodes: the node of each literal [n].
        graph: the graph of each number [n + 4].
        complement: the complement of each number [n + 4].
        firsts: for each variable its literal of the smaller number [n / 2].
        variable: for each of these its place among the variables of its graph [n / 2].
        num_variables: of each graph [B].
        candidates: for each clause the complements of its literals, which are true where it is
            false: [B P, L]; `rest` in a row of none.
        touched: for each literal the clauses of its complement, then its own [n + 4, 2 O].
        clause, literal: who is in which clause, each pair once [K].
        is_idle: places that can never be false: of no clause, or of one with a literal and its
            complement [B P].
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
        """Number of literals n."""
        return len(self.nodes)

    @classmethod
    def from_batch(cls, batch: Batch) -> "ClauseTables":
        """The tables of a batch of literal-clause graphs, whatever the order of nodes and edges.

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
            raise ValueError("a literal of a clause has no complement: each needs one")
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
    """The place of each node that is a clause [N], and which places are of none [B P]."""
    clauses = (batch.node_type == CLAUSE).nonzero().squeeze(1)
    graph = batch.batch[clauses]
    rank, counts = _ranks(graph, batch.num_graphs)
    width = BLOCK * (int(counts.max()) // BLOCK + 2)
    place = torch.zeros_like(batch.batch).index_copy(0, clauses, graph * width + rank)
    is_idle = torch.ones(batch.num_graphs * width, dtype=torch.bool, device=graph.device)
    is_idle[place[clauses]] = False
    return place, is_idle


def _ranks(rows: Tensor, num_rows: int) -> tuple[Tensor, Tensor]:
    """The place of each item among those of its row, and how many each row has; rows in order."""
    counts = torch.bincount(rows, minlength=num_rows)
    starts = counts.cumsum(0) - counts
    return torch.arange(len(rows), device=rows.device) - starts[rows], counts


def _table(rows: Tensor, values: Tensor, num_rows: int, fill: int) -> Tensor:
    """The values of each row side by side, filled up to equal lengths; rows in order."""
    rank, counts = _ranks(rows, num_rows)
    table = values.new_full((num_rows, max(1, int(counts.max()))), fill)
    table[rows, rank] = values
    return table
