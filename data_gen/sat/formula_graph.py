"""The graph of a formula: nodes are literals and clauses, edges are occurrences and complements.

Node 2 (v - 1) is the literal v, node 2 (v - 1) + 1 the literal ¬v; clauses follow. A formula has n
variables, m clauses and K literals in all clauses together; a batch has N nodes and B graphs.
"""

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from data_gen.packed import Packed
from data_gen.sat.cnf import Cnf, Problem
from data_gen.sat.solver import solve
from data_gen.spec import GraphSpec

FORMULA_NODES = ("literal", "clause")
FORMULA_EDGES = ("literal to clause", "clause to literal", "complement")
LITERAL, CLAUSE = range(len(FORMULA_NODES))
TO_CLAUSE, TO_LITERAL, COMPLEMENT = range(len(FORMULA_EDGES))


def spec(node_out: int = 0, global_out: int = 0) -> GraphSpec:
    """Return the widths of a task on these graphs."""
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
    """Return the node of each literal."""
    return 2 * (abs(literals) - 1) + (literals < 0)


def as_graph(formula: Cnf, **fields: Tensor) -> Data:
    """Return the graph of a formula, with the fields that a task adds.

    Fields: `x` [2 n + m, 2] and `edge_attr` [2 K + 2 n, 3] are one-hot kinds of nodes and edges,
    `node_type` and `edge_type` the numbers of the kinds; `u` [1, 1] is 0. All are small integers;
    batches convert them to floats.
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


def problem_graph(problem: Problem, **fields: Tensor) -> Data:
    """Return the graph of a formula with its labels and the fields that a task adds.

    Fields: those of `as_graph`; `literal_is_true` [N], a model of the formula (all false if there
    is none); `graph_is_sat` [B]; `graph_conflicts` [B], the number of conflicts that MiniSat meets
    before it decides, a measure of hardness; `graph_num_variables` [B].

    Raises:
        AssertionError: the label contradicts the proof of a complete solver.
    """
    formula, model = problem.formula, problem.model
    verdict = solve(formula)
    assert (verdict.model is None) == (model is None), "the label is not what the solver proves"
    literals = np.zeros((formula.num_variables, 2), dtype=bool)
    if model is not None:
        assert formula.is_satisfied(model), "the model does not make the formula true"
        literals = np.stack([model, ~model], axis=1)
    is_true = np.concatenate([literals.ravel(), np.zeros(formula.num_clauses, dtype=bool)])
    return as_graph(
        formula,
        literal_is_true=torch.from_numpy(is_true),
        graph_is_sat=torch.tensor([problem.is_sat]),
        graph_conflicts=torch.tensor([verdict.num_conflicts]),
        graph_num_variables=torch.tensor([formula.num_variables]),
        **fields,
    )


def formula_of(graph: int, batch: Batch) -> tuple[Cnf, Tensor]:
    """Return the formula of one graph of a batch, and the node of each of its variables [n].

    Of two complements, the first in the batch counts as positive.
    """
    first, last = int(batch.ptr[graph]), int(batch.ptr[graph + 1])
    inside = (batch.edge_index[1] >= first) & (batch.edge_index[1] < last)
    edges = (batch.edge_index[:, inside] - first).cpu().numpy()
    kinds = batch.edge_type[inside].cpu().numpy()
    node_type = batch.node_type[first:last].cpu().numpy()
    other = np.arange(last - first)
    other[edges[1, kinds == COMPLEMENT]] = edges[0, kinds == COMPLEMENT]
    positive = np.flatnonzero((node_type == LITERAL) & (np.arange(len(other)) < other))
    code = np.zeros(len(other), dtype=np.int64)  # the number of each literal, as in DIMACS
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


def formula_facts(packed: Packed) -> dict[str, float]:
    """Return means over formulas: variables, clauses, MiniSat's conflicts, satisfiable share."""
    variables, conflicts, is_sat = (
        packed.fields[f"graph_{name}"].double() for name in ("num_variables", "conflicts", "is_sat")
    )
    return {
        "variables": variables.mean().item(),
        "clauses": (packed.node_ptr.diff().double() - 2 * variables).mean().item(),
        "conflicts": conflicts.mean().item(),
        "satisfiable": is_sat.mean().item(),
    }
