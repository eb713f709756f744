import numpy as np
import pytest

from experiments.statistics import over_instances, over_seeds


def test_wilson_is_the_published_interval():
    # Newcombe 1998, table I: 81 of 263
    mean, low, high = over_instances(np.r_[np.ones(81), np.zeros(182)], binary=True)
    assert (mean, low, high) == pytest.approx((0.3080, 0.2553, 0.3662), abs=5e-5)


def test_wilson_of_a_perfect_score_is_not_certainty():
    _, low, high = over_instances(np.ones(20), binary=True)
    assert high == 1
    assert 0.8 < low < 0.9


def test_the_bootstrap_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    intervals = [over_instances(rng.beta(2, 1, size=100), binary=False) for _ in range(300)]
    covered = np.mean([low <= 2 / 3 <= high for _, low, high in intervals])
    assert 0.9 < covered < 0.98


def test_the_bootstrap_is_a_function_of_the_scores():
    values = np.random.default_rng(1).normal(size=50)
    assert over_instances(values, binary=False) == over_instances(values, binary=False)


def test_the_interval_over_seeds_is_student_s():
    mean, low, high = over_seeds(np.array([1.0, 2.0, 3.0]))
    assert mean == 2
    assert high - mean == pytest.approx(4.302653 / np.sqrt(3))  # t of 2 degrees of freedom
    assert mean - low == pytest.approx(high - mean)
