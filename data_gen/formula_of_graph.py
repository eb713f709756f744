"""The way back from a graph of literals and clauses to its formula: for checkers and solvers."""

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.cnf import Cnf
from data_gen.sat_decoding import CLAUSE, COMPLEMENT, LITERAL, TO_CLAUSE


def formula_of(graph: int, batch: Batch) -> tuple[Cnf, Tensor]:
    """The formula of one graph of the batch, and the node of each of its variables [n].

    Of two complements the one that comes first in the batch is called positive.
    """
    first, last = int(batch.ptr[graph]), int(batch.ptr[graph + 1])
    inside = (batch.edge_index[1] >= first) & (batch.edge_index[1] < last)
    edges = (batch.edge_index[:, inside] - first).cpu().numpy()
    kinds = batch.edge_type[inside].cpu().numpy()
    node_type = batch.node_type[first:last].cpu().numpy()
    other = np.arange(last - first)
    other[edges[1, kinds == COMPLEMENT]] = edges[0, kinds == COMPLEMENT]
    positive = np.flatnonzero((node_type == LITERAL) & (np.arange(len(other)) < other))
    code = np.zeros(len(other), dtype=np.int64)  # of a literal, as in DIMACS
    code[positive] = np.arange(1, len(positive) + 1)
    code[other[positive]] = -code[positive]
    senders, receivers = edges[:, kinds == TO_CLAUSE]
    clauses: dict[int, list[int]] = {
        node: [] for node in np.flatnonzero(node_type == CLAUSE).tolist()
    }
    for literal, clause in zip(code[senders].tolist(), receivers.tolist(), strict=True):
        clauses[clause].append(literal)
    formula = Cnf.from_clauses(len(positive), clauses.values())
    return formula, torch.from_numpy(positive + first).to(batch.edge_index.device)
