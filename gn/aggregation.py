"""The reductions that can serve as ρ: over the edges of a receiver, the edges or nodes of a graph.

M items (edges or nodes), R rows (nodes or graphs), F features. Each reduction is invariant to the
order of the items, takes any number of items, and is 0 for a row without items.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gn.kernels.segment import gather, segment_max, segment_softmax, segment_sum
from gn.mlp import MLP
from gn.model import check_one_of
from gn.topology import Incidence


class Aggregation(nn.Module, ABC):
    """A reduction ρ of the items of each row.

    Args:
        dim: the width of the items.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.out_dim = dim

    @abstractmethod
    def forward(self, items: Tensor, incidence: Incidence) -> Tensor:
        """Reduce the items [M, dim] of each row: [R, out_dim]."""

    def of_updates(
        self, update: nn.Module, arguments: Sequence[Any], incidence: Incidence
    ) -> tuple[Tensor, Tensor]:
        """Apply an update to its arguments; return the items [M, dim] and their reduction."""
        items = update(*arguments)
        return items, self(items, incidence)

    def of_items(
        self,
        items: Tensor,
        incidence: Incidence,
        other: Aggregation | None = None,
        reduced: Tensor | None = None,
    ) -> Tensor:
        """Reduce the items; a subclass may start from the result of a first reduction.

        Args:
            items: [M, dim].
            incidence: item -> row; with `other`, the composition of two maps (`Incidence.via`).
            other: the reduction that was applied along the first of the two maps.
            reduced: the result of `other`.
        """
        del other, reduced
        return self(items, incidence)


class Sum(Aggregation):
    """The sum, which depends on the number of items."""

    def forward(self, items: Tensor, incidence: Incidence) -> Tensor:  # noqa: D102
        return segment_sum(items, incidence)

    def of_updates(
        self, update: nn.Module, arguments: Sequence[Any], incidence: Incidence
    ) -> tuple[Tensor, Tensor]:
        """Apply the update and sum; an MLP sums its results while they are in the cache."""
        if isinstance(update, MLP):
            return update.with_sums(incidence, *arguments)
        return super().of_updates(update, arguments, incidence)

    def of_items(
        self,
        items: Tensor,
        incidence: Incidence,
        other: Aggregation | None = None,
        reduced: Tensor | None = None,
    ) -> Tensor:
        """Sum over each graph, from the sums at its nodes if given: nodes are fewer than edges."""
        if isinstance(other, Sum) and reduced is not None and incidence.via is not None:
            return self(reduced, incidence.via[1])
        return self(items, incidence)


class Mean(Aggregation):
    """The mean."""

    def forward(self, items: Tensor, incidence: Incidence) -> Tensor:  # noqa: D102
        return segment_sum(items, incidence) / incidence.counts.clamp(min=1).to(items.dtype)


class Max(Aggregation):
    """The maximum of each feature; items that tie share the gradient."""

    def forward(self, items: Tensor, incidence: Incidence) -> Tensor:  # noqa: D102
        return segment_max(items, incidence)


class Min(Aggregation):
    """The minimum of each feature; items that tie share the gradient."""

    def forward(self, items: Tensor, incidence: Incidence) -> Tensor:  # noqa: D102
        return -segment_max(-items, incidence)


class Std(Aggregation):
    """The standard deviation (of the population) of each feature; 0 for a row of equal items."""

    def forward(self, items: Tensor, incidence: Incidence) -> Tensor:  # noqa: D102
        counts = incidence.counts.clamp(min=1).to(items.dtype)
        mean = segment_sum(items, incidence) / counts
        # E[(x - mean)²], not E[x²] - mean²: the difference of large numbers loses all digits
        variance = segment_sum((items - gather(mean, incidence)).square(), incidence) / counts
        is_spread = variance > 0  # the gradient of the square root is infinite at 0
        return torch.where(is_spread, torch.where(is_spread, variance, 1).sqrt(), 0)


class Softmax(Aggregation):
    """The weighted mean; weights are the softmax over a row of a learned score of each item."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.score = nn.Linear(dim, 1)

    def forward(self, items: Tensor, incidence: Incidence) -> Tensor:  # noqa: D102
        attention = segment_softmax(self.score(items), incidence).to(items.dtype)  # [M, 1]
        return segment_sum(attention * items, incidence)


class Several(Aggregation):
    """Several reductions of the same items, concatenated."""

    def __init__(self, parts: Sequence[Aggregation]) -> None:
        super().__init__(sum(part.out_dim for part in parts))
        self.parts = nn.ModuleList(parts)

    def forward(self, items: Tensor, incidence: Incidence) -> Tensor:  # noqa: D102
        return torch.cat([part(items, incidence) for part in self.parts], dim=1)


AGGREGATIONS: dict[str, type[Aggregation]] = {
    "sum": Sum,
    "mean": Mean,
    "max": Max,
    "min": Min,
    "std": Std,
    "softmax": Softmax,
}


def aggregation(names: str | Sequence[str] | Aggregation, dim: int) -> Aggregation:
    """Build the reduction of a name; for a list of names, the concatenation of their reductions.

    Args:
        names: one or several of `AGGREGATIONS`; an `Aggregation` is returned as it is.
        dim: the width of the items.

    Raises:
        ValueError: a name is unknown, or the list is empty.
    """
    if isinstance(names, Aggregation):
        return names
    several = [names] if isinstance(names, str) else list(names)
    for name in several or [names]:  # an empty list is no name either
        check_one_of("aggregation", name, sorted(AGGREGATIONS))
    parts = [AGGREGATIONS[name](dim) for name in several]
    return parts[0] if len(parts) == 1 else Several(parts)
