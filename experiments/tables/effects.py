"""What the choices of a factorial study buy: a table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effect:
    """The difference that one choice makes on one cell, mean over all others."""

    distribution: str
    size: int
    choice: str
    reference: str  # the choice that it is set against
    mean_with: float
    mean_without: float
    mean: float  # the difference
    low: float  # 95 % interval over runs and instances
    high: float
    num_pairs: int  # of arms that differ in this choice alone
    num_runs: int
