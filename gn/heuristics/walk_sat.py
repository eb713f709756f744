"""WalkSAT: local search by single flips, the reference without learning.

N nodes, B graphs. The walk itself is in `clause_walk.py`.
"""

from typing import ClassVar

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.formula import NODES
from gn.heuristics.clause_tables import ClauseTables
from gn.heuristics.clause_walk import Walk
from gn.model import GraphModel, Steps, check_asked, check_widths


class WalkSat(GraphModel):
    """x_v = ¬x_v, v = argmin_{v ∈ c} break(v), or any v ∈ c (p, if no break is 0), c any false one.

    break(v) counts the clauses that a flip of v makes false. One round is as many flips as the
    graph has variables; there are no restarts. The answer is the visited assignment with the fewest
    false clauses. The votes of literals have mean 1 if the assignment is a model (true: 2, false:
    0), else mean -1 (true: 0, false: -2). The model has no parameters (`train.skip=true`). Source:
    Selman, Kautz and Cohen 1994 (WalkSAT/SKC).

    All graphs flip at once and share the random numbers: the answer for a graph depends on the
    graph, the seed and its number of rounds, and on nothing else in the batch. A larger number of
    rounds continues the same walk.

    Args:
        spec: the spec of a formula task that asks for a vote of every node and no other answer.
        noise: probability p.
        num_message_passing_steps: the default number of rounds.
        seed: the seed of the walk; None: drawn from torch's generator and saved with the weights,
            so that the runs of a study are different walks.

    Raises:
        ValueError: the task does not fit, or an argument is out of its range.
    """

    has_adjustable_steps = True
    is_permutation_equivariant = False
    node_types: ClassVar[tuple[str, ...]] = NODES
    noise: Tensor
    seed: Tensor

    def __init__(
        self,
        spec: GraphSpec,
        noise: float = 0.5,
        num_message_passing_steps: int = 16,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        check_widths(num_message_passing_steps=num_message_passing_steps)
        self.check_spec(spec)
        if not 0 <= noise <= 1:
            raise ValueError(f"noise must be a number from 0 to 1, got {noise!r}")
        if seed is not None and seed < 0:
            raise ValueError(f"seed must be a whole number of at least 0, got {seed!r}")
        self.num_message_passing_steps = num_message_passing_steps
        drawn = torch.randint(2**31, ()) if seed is None else torch.tensor(seed)
        self.register_buffer("seed", drawn)
        self.register_buffer("noise", torch.tensor(noise, dtype=torch.float64), persistent=False)

    @classmethod
    def check_spec(cls, spec: GraphSpec) -> None:
        """Raise ValueError for a task that does not ask for votes on formulas."""
        super().check_spec(spec)
        check_asked(spec, (1, 0, 0))

    @torch.no_grad()
    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return the votes [N, 1] after the given number of rounds, 0 for clauses."""
        own = self.num_message_passing_steps
        steps = own if num_message_passing_steps is None else num_message_passing_steps
        steps = torch.as_tensor(steps, device=batch.node_type.device)
        if int(steps.min()) < 1:
            raise ValueError(
                f"num_message_passing_steps must be at least 1, got {int(steps.min())}"
            )
        tables = ClauseTables.from_batch(batch)
        walk = Walk(tables, steps * tables.num_variables, float(self.noise), int(self.seed))
        walk.run()
        numbers = slice(1, tables.num_literals + 1)
        is_model = (walk.fewest_false == 0)[tables.graph[numbers]]
        votes = 2 * walk.best_truth[numbers].to(batch.x) - 2 * (~is_model).to(batch.x)
        x = batch.x.new_zeros(len(batch.x), 1).index_copy(0, tables.nodes, votes.unsqueeze(1))
        return GraphOutput(x=x)

    def unroll(
        self,
        batch: Batch,
        num_message_passing_steps: int | None = None,
        num_last: int | None = None,
        num_with_gradient: int | None = None,
    ) -> list[GraphOutput]:
        """Return the answers after each of the last rounds; each walk restarts from the start."""
        del num_with_gradient
        last = num_message_passing_steps or self.num_message_passing_steps
        first = max(1, last + 1 - (num_last or last))
        return [self(batch, num_steps) for num_steps in range(first, last + 1)]
