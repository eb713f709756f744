import pytest

from experiments.statistics.findings import findings
from experiments.tables.goals import MetricGoal
from tests.experiments.test_tables_and_figures import row

SCORE, ERROR = MetricGoal("t", "valid", 1, 1), MetricGoal("t", "error", 0)


def table(metric="valid", task="t"):
    """Make two networks and a ruler on three cells; of two runs the mean counts."""
    values = {
        "a": (5, {"none": (0.8, 1.0), "size": (0.5, 0.5), "distribution": (0.2, 0.2)}),
        "b": (5, {"none": (0.7, 0.7), "size": (0.6, 0.6), "distribution": (0.1, 0.1)}),
        "ruler": (0, {"none": (0.3, 0.3), "size": (0.9, 0.9)}),
    }
    places = {"none": ("home", 16), "size": ("home", 64), "distribution": ("grid", 64)}
    return [
        row(task=task, model=model, steps_rule="", seed=seed, metric=metric, mean=mean,
            shift="both" if shift == "distribution" else shift, num_parameters=parameters,
            distribution=places[shift][0], size=places[shift][1])
        for model, (parameters, of_shift) in values.items()
        for shift, means in of_shift.items()
        for seed, mean in enumerate(means)
    ]  # fmt: skip


def test_the_best_is_named_as_trained_at_the_largest_size_and_elsewhere():
    assert findings(table(), [SCORE]) == [
        "valid as trained, home 16: a has 0.9, the best of 2 networks;"
        " without parameters ruler has 0.3.",
        "valid at 4 times the size, home 64: b has 0.6, the best of 2 networks;"
        " without parameters ruler has 0.9.",
        "valid on 1 other distribution, size 64: a has 0.2, the best of 2 networks.",
    ]


def test_of_an_error_the_least_is_best():
    as_trained, *_ = findings(table("error"), [ERROR])
    assert as_trained.startswith("error as trained, home 16: b has 0.7, the best of 2 networks")


def test_tasks_with_other_cells_of_training_are_told_apart():
    other = [r for r in table(task="u") if r.model == "a" and r.distribution != "grid"]
    other = [type(r)(**{**vars(r), "distribution": "else"}) for r in other]
    told = findings(table() + other, [SCORE, MetricGoal("u", "valid", 1, 1)])
    assert [line.partition(":")[0] for line in told] == ["t"] * 3 + ["u"] * 2
    assert told[3] == "u: valid as trained, else 16: a has 0.9."


@pytest.mark.parametrize("goals", [[], [MetricGoal("t", "valid", float("nan"))]])
def test_a_metric_without_a_right_answer_has_no_sentence(goals):
    assert findings(table(), goals) == []
