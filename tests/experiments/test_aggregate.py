import numpy as np
import pytest
from scipy import stats

from experiments.statistics.aggregate import interquartile_mean, probability_of_improvement
from experiments.statistics.correlation import mean_rank_correlation
from experiments.statistics.pairs import difference, wins
from experiments.statistics.standings import reach, transfer_gap


def rng(seed=0):
    return np.random.default_rng(seed)


NONE = np.zeros(4)  # no variance over instances


def test_the_interquartile_mean_is_that_of_the_middle_half_of_each_run():
    scores = np.array([[0.0, 1, 2, 300], [4, 5, 6, 700]])
    found = interquartile_mean(scores, NONE, is_share=False, is_error=False)
    assert found.mean == (1.5 + 5.5) / 2
    interval = stats.t.interval(0.95, 1, 3.5, 2)  # standard deviation 2 sqrt(2), over sqrt(2 runs)
    assert (found.low, found.high) == pytest.approx(interval, rel=2e-3)


def test_the_instances_of_the_middle_cells_widen_the_interval():
    scores = np.array([[0.1, 0.2, 0.3, 0.9], [0.1, 0.2, 0.3, 0.9]])
    arguments = {"is_share": False, "is_error": False}
    found = interquartile_mean(scores, np.array([9.0, 0.02, 0.02, 9.0]), **arguments)
    assert found.high - found.mean == pytest.approx(1.96 * np.sqrt(2 * 0.02 / 4), rel=1e-3)
    assert np.isnan(interquartile_mean(scores, NONE, **arguments).low)  # nothing varies
    assert np.isnan(interquartile_mean(scores, NONE + np.nan, **arguments).low)  # not known


def test_the_probability_of_improvement_is_the_share_of_pairs_that_are_won():
    a, b = np.array([[1.0, 0], [3, 0]]), np.array([[2.0, 0], [3, 1]])
    # cell 0: 1<2, 1<3, 3>2, 3=3: 1.5 of 4; cell 1: 0=0, 0<1, 0=0, 0<1: 1 of 4
    assert probability_of_improvement(a, b) == pytest.approx((1.5 + 1) / 8)
    u = stats.mannwhitneyu(a[:, 0], b[:, 0]).statistic
    assert probability_of_improvement(a[:, :1], b[:, :1]) == pytest.approx(u / 4)


def test_always_better_has_probability_1_and_equal_has_one_half():
    a = rng().normal(size=(3, 8))
    assert probability_of_improvement(a + 100, a) == 1
    assert probability_of_improvement(a, a) == 0.5


def test_a_single_run_has_the_interval_of_its_instances():
    gap = transfer_gap(np.ones(1), np.zeros(1), 0.01, perfect=1)
    assert gap == pytest.approx((1, 1 - 0.196, 1 + 0.196), abs=1e-4)


def test_infinite_errors_are_clipped_or_reported():
    scores = np.array([[1.0, 2, 3, np.inf], [1, 2, 3, np.inf]])
    arguments = {"is_share": False, "is_error": True}
    assert interquartile_mean(scores, NONE, **arguments).mean == 2.5
    assert interquartile_mean(np.full((3, 4), np.inf), NONE, **arguments).mean == np.inf


def test_a_gap_above_0_is_a_loss_of_scores_and_of_errors():
    home, shifted = np.array([0.9, 0.8, 1.0]), np.array([0.5, 0.6, 0.4])
    assert transfer_gap(home, shifted, 0.0, perfect=1).mean == pytest.approx(0.4)
    assert transfer_gap(shifted, home, 0.0, perfect=0).mean == pytest.approx(0.4)
    gap = transfer_gap(home, shifted, 0.0, perfect=1)
    interval = stats.ttest_1samp(home - shifted, 0).confidence_interval()
    assert (gap.low, gap.high) == pytest.approx(tuple(interval), rel=2e-3)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({8: 0.1, 16: 0.9, 32: 0.9, 64: 0.9}, 4),  # sizes below training do not count
        ({16: 0.9, 32: 0.9, 64: 0.8, 128: 0.9}, 2),  # nor do sizes after a failure
        ({16: 0.8, 32: 0.9}, 0),
        ({16: 0.9, 32: float("nan"), 64: 0.9}, 1),
        ({16: 0.9, 40: 0.85}, 2.5),
        ({8: 0.9}, None),
        ({32: 0.9}, None),
        ({16: 0.85 - 2e-16, 32: 0.85 - 1e-6}, 1),  # a mean of scores that are 0.85
    ],
)
def test_reach_is_how_far_every_size_is_good_enough(scores, expected):
    found = reach(scores, 16, 0.85, perfect=1)
    assert found == expected or (expected is None and np.isnan(found))
    errors = {size: 1 - score for size, score in scores.items()}
    assert reach(errors, 16, 0.15 + 1e-9, perfect=0) == pytest.approx(found, nan_ok=True)


def test_pairs_see_what_means_do_not():
    hard = rng().normal(size=200)
    a, b = hard[None] + 0.1 + 0.01 * rng(1).normal(size=(2, 200)), np.stack([hard, hard])
    found = difference(a, b)
    assert found.mean == pytest.approx(0.1, abs=0.005)
    assert 0.09 < found.low < found.high < 0.11
    assert found.num_instances == 200
    assert wins(a, b)[:2] == (200, 0)


def test_the_instances_are_drawn():
    scores = rng().normal(size=(1, 400))
    found = difference(scores, np.zeros((1, 400)))
    assert found.high - found.low == pytest.approx(2 * 1.96 / np.sqrt(400), rel=0.15)


def test_the_interval_of_a_difference_is_welch_s_where_instances_are_alike():
    of_a, of_b = np.array([0.5, 1, 0.9]), np.array([0.25, 0.5])
    a, b = of_a[:, None].repeat(60, axis=1), of_b[:, None].repeat(60, axis=1)
    found = difference(a, b)
    welch = stats.ttest_ind(of_a, of_b, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(welch), abs=0.01)
    assert np.isnan(difference(a[:, :49], b[:, :49]).low)


def test_the_sign_test_of_two_runs_is_mcnemar_s():
    a, b = np.zeros((1, 40)), np.zeros((1, 40))
    a[0, :9], b[0, 9:11] = 1, 1
    higher, lower, p = wins(a, b)
    assert (higher, lower) == (9, 2)
    assert p == pytest.approx(2 * stats.binom.cdf(2, 11, 0.5))
    assert wins(a, a) == (0, 0, 1.0)
    assert np.isnan(wins(a.repeat(2, axis=0), b)[2])  # no sign test for several runs


def test_instances_without_a_score_are_left_out():
    a, b = np.array([[1.0, np.nan, 3]]), np.array([[0.0, 5, np.nan]])
    found = difference(a, b)
    assert (found.mean, found.num_instances) == (1, 1)
    assert wins(a, b)[:2] == (1, 0)
    assert difference(a[:, 1:], b[:, 1:]).num_instances == 0


def test_the_rank_correlation_is_spearman_s():
    points = rng().integers(6, size=(30, 2)).astype(float)
    found = mean_rank_correlation([points, points[:, ::-1]])
    assert found == pytest.approx(stats.spearmanr(*points.T).statistic)
    constant = np.stack([np.ones(5), np.arange(5)], axis=1)
    assert np.isnan(mean_rank_correlation([constant]))
