"""What a method scores on a cell, over its runs and the instances at once: a table."""

from dataclasses import dataclass

KEY = ("task", "model", "steps_rule", "distribution", "size", "metric")  # one estimate of each


@dataclass(frozen=True)
class MethodEstimate:
    """One metric of a method on a cell, from the scores of every instance in every run."""

    task: str  # its label
    model: str  # the label of the runs' method
    steps_rule: str
    distribution: str
    size: int
    metric: str
    mean: float
    low: float  # 95 % interval over runs and instances; nan: none that can be trusted
    high: float
    num_runs: int
    num_groups: int  # of instances that were drawn together: single ones, or pairs
    of_runs: float  # variance of the mean, by the runs and their noise
    of_instances: float  # and by the instances, in what the runs have in common
