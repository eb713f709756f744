"""The table of effects in a factorial study."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effect:
    """The difference that one choice makes on one cell, mean over all other choices."""

    distribution: str
    size: int
    choice: str
    reference: str  # the choice that it is compared with
    mean_with: float
    mean_without: float
    mean: float  # the difference
    low: float  # 95 % interval over runs and instances
    high: float
    num_pairs: int  # pairs of arms that differ in this choice only
    num_runs: int
