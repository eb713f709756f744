"""An unsupervised loss of assignments: how unlikely each clause is to be true."""

import torch
from torch import Tensor
from torch.nn.functional import softplus
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from data_gen.sat.decoding import CLAUSE, TO_CLAUSE

TINY = -30.0  # the logarithm below which the square of a number is negligible beside the number


def clause_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Return -log(1 - Π_l (1 - p_l)) over the literals l of a clause, mean over the clauses: [B].

    Literals [N] are independently true with probability p_l = σ(logit_l). With
    s = Σ_l softplus(logit_l) the loss of a clause is -log(1 - exp(-s)). The code computes log s
    instead of s, so that no logit gives an infinite loss. Source: Ozolins et al. 2022 (QuerySAT);
    G4SATBench (Li et al. 2024), `train_model.py`, which sums over clauses and adds 1e-8 to the
    arguments of the logarithms.
    """
    senders, receivers = batch.edge_index[:, batch.edge_type == TO_CLAUSE]
    clauses = batch.node_type == CLAUSE
    terms, num_nodes = _log_softplus(logits[senders]), logits.size(0)
    largest = scatter(terms.detach(), receivers, 0, num_nodes, "max")
    sums = scatter((terms - largest[receivers]).exp(), receivers, 0, num_nodes, "sum")
    log_s = largest[clauses] + sums[clauses].log()
    return scatter(_of_log(log_s), batch.batch[clauses], 0, batch.num_graphs, "mean")


def _log_softplus(z: Tensor) -> Tensor:
    """Return log(log(1 + e^z)), which is z where e^z is tiny."""
    return torch.where(z < TINY, z, softplus(z.clamp(min=TINY)).log())


def _of_log(log_s: Tensor) -> Tensor:
    """Return -log(1 - exp(-s)) from log s; it is -log s where s is tiny."""
    return torch.where(log_s < TINY, -log_s, -(-torch.expm1(-log_s.clamp(min=TINY).exp())).log())
