"""A walk through the assignments of every formula of a batch, one flip of a variable at a time.

B graphs, n literals, L the largest number of literals in a clause, O the largest number of clauses
with one literal, P places for the clauses of a graph, in K blocks; see `clause_tables.py`.
"""

import torch
from torch import Tensor

from gn.heuristics.clause_tables import BLOCK, BLOCK_BITS, ClauseTables

ONE = 1 << 40  # a clause's state is ONE per true literal, plus the sum of the literals' numbers
MANY = 1 << 40  # the breaks of a number that is not a literal
CHUNK = 64  # flips between two checks of whether all walks are over


class Walk:
    """The walks of all formulas of a batch.

    Attributes:
        truth: the current assignment, by the number of a literal [n + 4].
        breaks: for each true literal the number of clauses without another true literal [n + 4].
        fewest_false: the fewest false clauses so far [B].
        best_truth: the first assignment with the fewest false clauses [n + 4].
    """

    def __init__(self, tables: ClauseTables, limits: Tensor, noise: float, seed: int) -> None:
        self.tables, self.limits, self.noise = tables, limits, noise
        self.num_flips = 0
        self.random = torch.Generator().manual_seed(2 * seed + 1)
        t, size, device = tables, tables.num_literals + 4, limits.device
        start = torch.rand(
            int(t.num_variables.max()), dtype=torch.float64,
            generator=torch.Generator().manual_seed(2 * seed),
        )  # fmt: skip
        chosen = start.to(device)[t.variable] < 0.5
        self.truth = torch.zeros(size, dtype=torch.bool, device=device)
        self.truth[t.complement[t.firsts]] = ~chosen
        self.truth[t.firsts] = chosen
        self.best_truth = self.truth
        width = len(t.is_idle) // len(limits)  # P
        self.fewest_false = torch.full_like(limits, width)

        numbers = torch.arange(size, device=device)
        weights = self.truth[t.literal] * (ONE + t.literal)
        self.state = numbers.new_zeros(len(t.is_idle)).index_add(0, t.clause, weights)
        self.state[t.is_idle] = 8 * ONE
        self.fill = self.state[-1:]  # the place that pads `touched`
        self.num_false = (self.state < ONE).view(-1, BLOCK).sum(dim=1, dtype=torch.int8)
        self.breaks = torch.zeros_like(numbers)
        self.breaks.index_add_(0, self._critical(self.state), torch.ones_like(self.state))
        self.breaks[-1] = MANY
        self.changes = torch.stack([ONE + t.complement, -(ONE + numbers)], dim=1)
        signs = torch.tensor([-1, 1], device=device)
        self.signs = signs.repeat_interleave(len(limits) * t.touched.shape[1])
        self.starts = torch.arange(len(limits), device=device) * (width // BLOCK)

    def run(self) -> None:
        """Flip until every formula is satisfied or has reached its limit of flips."""
        most = int(self.limits.max())
        is_done = False
        while not is_done and self.num_flips <= most:
            self.advance(min(CHUNK, most + 1 - self.num_flips))
            is_done = bool(((self.fewest_false == 0) | (self.limits < self.num_flips)).all())

    def advance(self, num_flips: int) -> None:
        """Flip `num_flips` times in each formula that is neither satisfied nor at its limit."""
        shares = torch.rand(num_flips, 3, dtype=torch.float64, generator=self.random)
        is_noisy = (shares[:, 2] < self.noise).tolist()
        num_false, flipped = [], []
        for share, noisy in zip(shares.to(self.limits.device), is_noisy, strict=True):
            number, clause = self._false_clause(share[0])
            literal = self._literal(clause, share[1], noisy)
            self._flip(literal)
            num_false.append(number)
            flipped.append(literal)
            self.num_flips += 1
        self._remember(torch.stack(num_false), torch.stack(flipped))

    def _false_clause(self, share: Tensor) -> tuple[Tensor, Tensor]:
        """Return the number of false clauses and the place of one, or an empty place, each [B]."""
        count = self.num_false.view(len(self.limits), -1)[:, :-1].cumsum(dim=1)  # [B, K - 1]
        number = count[:, -1]
        index = torch.where(self.limits > self.num_flips, (number * share).long(), number)
        is_before = count <= index.unsqueeze(1)  # all True to flip nothing
        block = self.starts + is_before.sum(dim=1)
        index = index - (count * is_before).amax(dim=1)
        is_false = self.state.view(-1, BLOCK).index_select(0, block) < ONE
        within = (is_false.cumsum(dim=1) <= index.unsqueeze(1)).sum(dim=1)
        return number, BLOCK * block + within.clamp(max=BLOCK - 1)

    def _literal(self, clause: Tensor, share: Tensor, is_noisy: bool) -> Tensor:
        """Choose the true literal to make false, so that the clause becomes true [B]."""
        literals = self.tables.candidates.index_select(0, clause)  # [B, L]
        breaks = self.breaks.index_select(0, literals.view(-1)).view_as(literals)
        most = breaks.amin(dim=1, keepdim=True)
        if is_noisy:
            most = most.masked_fill(most > 0, MANY - 1)
        count = (breaks <= most).cumsum(dim=1)
        index = (count[:, -1:] * share).long()
        return literals.gather(1, (count <= index).sum(dim=1, keepdim=True)).squeeze(1)

    def _flip(self, literal: Tensor) -> None:
        """Make the literals false and their complements true."""
        clauses = self.tables.touched.index_select(0, literal).view(-1)  # [B 2 O]
        before = self.state.index_select(0, clauses)
        change = self.changes.index_select(0, literal).unsqueeze(2)
        after = (before.view(len(literal), 2, -1) + change).view(-1)
        self.state.index_copy_(0, clauses, after)
        self.fill.fill_(8 * ONE)
        newly_false = (after < ONE).view(torch.int8) - (before < ONE).view(torch.int8)
        self.num_false.index_add_(0, clauses >> BLOCK_BITS, newly_false)
        self.breaks.index_add_(0, self._critical(torch.cat([before, after])), self.signs)

    def _critical(self, state: Tensor) -> Tensor:
        """Return the only true literal of each clause; 0 if there is none, n + 1 if several."""
        return (state - ONE).clamp(0, self.tables.num_literals + 1)

    def _remember(self, num_false: Tensor, flipped: Tensor) -> None:
        """Update the best assignment with those before each of the last flips, each [flips, B]."""
        index = torch.arange(len(flipped), device=flipped.device).unsqueeze(1)
        fewest = (num_false * len(flipped) + index).amin(dim=0)  # the first in a tie
        number, when = fewest // len(flipped), fewest % len(flipped)
        is_better = (number < self.fewest_false)[self.tables.graph]
        best = self._after(flipped, index < when)
        self.best_truth = torch.where(is_better, best, self.best_truth)
        self.fewest_false = torch.minimum(self.fewest_false, number)
        self.truth = self._after(flipped, torch.ones_like(flipped, dtype=torch.bool))

    def _after(self, flipped: Tensor, is_done: Tensor) -> Tensor:
        """Return the assignment after those of the last flips with `is_done`."""
        times = torch.zeros_like(self.breaks)
        times.index_add_(0, flipped.view(-1), is_done.view(-1).long())
        return self.truth ^ ((times + times[self.tables.complement]) % 2 == 1)
