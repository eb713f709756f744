"""The table of learning curves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CurvePoint:
    """One metric at one validation of one run."""

    study: str
    task: str
    model: str  # label of the run
    seed: int
    step: int  # updates of the weights
    metric: str  # train/loss: mean since the last validation; val/*: on the validation set
    value: float
    config_hash: str
