"""The table of estimates: mean scores of methods on cells, over runs and instances at once."""

from dataclasses import dataclass

KEY = ("task", "model", "steps_rule", "distribution", "size", "metric")  # unique in the table


@dataclass(frozen=True)
class MethodEstimate:
    """One metric of a method on a cell, from the scores of every instance in every run."""

    task: str  # label of the task
    model: str  # label of the runs
    steps_rule: str
    distribution: str
    size: int
    metric: str
    mean: float
    low: float  # 95 % interval over runs and instances; nan: none can be trusted
    high: float
    num_runs: int
    num_groups: int  # groups of instances drawn together: single instances, or pairs
    of_runs: float  # variance of the mean due to the runs and their noise
    of_instances: float  # variance due to the instances, in what the runs share
