import numpy as np
import pytest

from data_gen.metric import Ratio
from experiments.figures.style import percent
from experiments.statistics.intervals import over_instances, over_ratio, over_seeds


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


def test_of_a_ratio_both_means_are_drawn():
    rng = np.random.default_rng(3)
    by = rng.exponential(size=200)
    known = over_ratio(Ratio(0.3 * by, by))
    assert tuple(known) == pytest.approx((0.3, 0.3, 0.3))
    broken = rng.random(200) < 0.05
    share = over_ratio(Ratio(by * np.where(broken, 100, 1) * broken, by * np.where(broken, 100, 1)))
    assert 0 < share.low < share.mean < share.high < 1
    scores = rng.exponential(size=200)
    found = over_ratio(Ratio(scores, by))
    sd = np.std(scores - found.mean * by, ddof=1) / by.mean() / np.sqrt(200)  # delta method
    assert found.high - found.low == pytest.approx(2 * 1.96 * sd, rel=0.1)
    assert np.isnan(over_ratio(Ratio(np.full(3, np.nan), np.ones(3)))).all()


def test_a_percentage_is_rounded_as_the_tables_round():
    for number in range(0, 1001):
        share = number / 1000
        assert percent(share) == f"{int(f'{share:.2f}'.replace('.', ''))}"
