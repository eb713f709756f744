"""The points of learning curves: a table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CurvePoint:
    """One metric at one validation of one run."""

    study: str
    task: str
    model: str  # the label of the run's method
    seed: int
    step: int  # updates of the weights
    metric: str  # train/loss: mean since the validation before; val/*: on the validation set
    value: float
    config_hash: str
