"""The expected number of models of a random formula, from its sizes alone."""

import math

import torch
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput
from gn.formula import CLAUSE, LITERAL, NODES, TO_CLAUSE
from gn.heuristic import Heuristic
from gn.kernels.segment import gather, segment_sum
from gn.model import Steps
from gn.topology import Topology

NEVER = -1e4  # the log-probability that an empty clause is true (a finite stand-in for -∞)


class FirstMoment(Heuristic):
    """x_i' = n ln 2 + Σ_c ln(1 - 2^-|c|).

    The logit is the logarithm of the expected number of models of a formula of n variables whose
    clauses, of lengths |c|, have random signs; below 0, most such formulas are unsatisfiable. The
    model reads only sizes, so two formulas that differ in signs alone get the same answer. Every
    literal votes the whole logit, so that the mean of the votes is the logit (and their sum has
    its sign). The model has no parameters (`train.skip=true`). Source: Franco and Paull 1983,
    "Probabilistic analysis of the Davis Putnam procedure for solving the satisfiability problem".

    Args:
        spec: the spec of a formula task that asks for a vote of every node and no other answer.
    """

    node_types = NODES

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return votes [N, 1], equal for all literals of a graph, 0 for clauses."""
        del num_message_passing_steps
        topology = Topology.from_batch(batch)
        is_literal, is_clause = (
            (batch.node_type == kind).unsqueeze(1).to(batch.x) for kind in (LITERAL, CLAUSE)
        )
        is_in_clause = (batch.edge_type == TO_CLAUSE).unsqueeze(1).to(batch.x)
        length = segment_sum(is_in_clause, topology.receivers)  # [N, 1]
        share = torch.where(length > 0, torch.log1p(-(2.0 ** -length.clamp(min=1))), NEVER)
        of_node = is_literal * (math.log(2) / 2) + is_clause * share
        logit = segment_sum(of_node, topology.node_graph)  # [B, 1]
        return GraphOutput(x=is_literal * gather(logit, topology.node_graph))
