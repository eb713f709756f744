"""A formula as a graph: literals and clauses, who is in which, and who is whose complement.

Node 2 (v - 1) is the literal v, node 2 (v - 1) + 1 the literal ¬v; then come the clauses. n
variables, m clauses, K literals in all clauses together.
"""

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from data_gen.cnf import Cnf
from data_gen.spec import FORMULA_EDGES, FORMULA_NODES, GraphSpec


def spec(node_out: int = 0, global_out: int = 0) -> GraphSpec:
    """The widths of a task on these graphs."""
    return GraphSpec(
        node_in=len(FORMULA_NODES),
        edge_in=len(FORMULA_EDGES),
        global_in=1,
        node_out=node_out,
        global_out=global_out,
        node_types=FORMULA_NODES,
        edge_types=FORMULA_EDGES,
    )


def nodes_of(literals: np.ndarray) -> np.ndarray:
    """The node of each literal."""
    return 2 * (abs(literals) - 1) + (literals < 0)


def as_graph(formula: Cnf, **fields: Tensor) -> Data:
    """The graph of a formula, with the fields that a task adds.

    Fields: `x` [2 n + m, 2] and `edge_attr` [2 K + 2 n, 3] say which kind a node or edge is, so do
    `node_type` and `edge_type` as numbers; `u` [1, 1] is 0. All are small integers, of which
    batches make floats.
    """
    num_literals, num_clauses = 2 * formula.num_variables, formula.num_clauses
    literal = nodes_of(formula.literals).astype(np.int64)
    clause = num_literals + np.repeat(np.arange(num_clauses), np.diff(formula.pointers))
    itself = np.arange(num_literals)
    senders = np.concatenate([literal, clause, itself])
    receivers = np.concatenate([clause, literal, itself ^ 1])
    node_type = np.repeat(np.array([0, 1], np.int8), [num_literals, num_clauses])
    edge_type = np.repeat(np.array([0, 1, 2], np.int8), [len(literal), len(literal), num_literals])
    return Data(
        x=torch.from_numpy(np.eye(2, dtype=np.uint8)[node_type]),
        edge_index=torch.from_numpy(np.stack([senders, receivers])),
        edge_attr=torch.from_numpy(np.eye(3, dtype=np.uint8)[edge_type]),
        u=torch.zeros(1, 1, dtype=torch.uint8),
        node_type=torch.from_numpy(node_type),
        edge_type=torch.from_numpy(edge_type),
        **fields,
    )
