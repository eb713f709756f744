"""Where a network puts the literals of a formula, round after round: a table to draw."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LiteralPoint:
    """One literal after one round, in the plane of the two first principal components."""

    distribution: str
    size: int
    instance: int  # its index in the cell
    is_solved: int  # whether the network found a model by the last round
    solved_after: int  # rounds after which the checker first accepted an assignment; 0: never
    round: int
    literal: int  # as in DIMACS
    is_true: int  # in the assignment that was read after the last round
    x: float
    y: float
    vote: float
