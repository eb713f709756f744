import numpy as np
import pytest
from scipy import stats

from experiments.statistics.aggregate import (
    interquartile_mean,
    of_each_run,
    probability_of_improvement,
)
from experiments.statistics.correlation import mean_rank_correlation
from experiments.statistics.intervals import bootstrap
from experiments.statistics.pairs import difference, wins
from experiments.statistics.standings import reach, transfer_gap


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_interquartile_mean_is_that_of_the_middle_half():
    scores = np.array([[0.0, 1, 2, 3], [4, 5, 6, 700]])
    assert interquartile_mean(scores, rng()).mean == (2 + 3 + 4 + 5) / 4


def test_the_stratified_bootstrap_is_that_of_a_loop():
    scores = rng(1).normal(size=(4, 6)) + np.arange(6)
    found = interquartile_mean(scores, rng())
    other, draws = rng(7), []
    for _ in range(2000):
        drawn = [other.choice(scores[:, cell], size=4) for cell in range(6)]
        draws.append(stats.trim_mean(np.ravel(drawn), 0.25))
    low, high = np.quantile(draws, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.04)
    assert high - low > 0.4


def covered(shared, intervals):
    """How often each of two intervals holds the truth, of five runs on twelve cells."""
    means = np.linspace(0, 1, 12)

    def scores(num_runs, generator):
        own = generator.normal(size=(num_runs, 12))
        common = generator.normal(size=(num_runs, 1))
        return means + 0.1 * (np.sqrt(1 - shared) * own + np.sqrt(shared) * common)

    truth = stats.trim_mean(scores(20000, rng(1)), 0.25, axis=None)
    generator = rng(2)
    found = [interval(scores(5, generator)) for _ in range(150) for interval in intervals]
    holds = [estimate.low <= truth <= estimate.high for estimate in found]
    return np.reshape(holds, (150, len(intervals))).mean(axis=0)


def test_the_bootstrap_covers_the_truth_if_cells_have_nothing_in_common():
    (share,) = covered(0.0, [lambda scores: interquartile_mean(scores, rng())])
    assert 0.87 < share < 0.99


def test_the_interval_over_runs_covers_the_truth_if_runs_are_good_or_bad_everywhere():
    bootstrap, over_runs = covered(
        0.8, [lambda scores: interquartile_mean(scores, rng()), of_each_run]
    )
    assert over_runs > 0.88
    assert bootstrap < 0.6  # why there is the other


def test_the_probability_of_improvement_is_the_share_of_pairs_that_are_won():
    a, b = np.array([[1.0, 0], [3, 0]]), np.array([[2.0, 0], [3, 1]])
    # cell 0: 1<2, 1<3, 3>2, 3=3: 1.5 of 4; cell 1: 0=0, 0<1, 0=0, 0<1: 1 of 4
    assert probability_of_improvement(a, b, rng()).mean == pytest.approx((1.5 + 1) / 8)
    u = stats.mannwhitneyu(a[:, 0], b[:, 0]).statistic
    assert probability_of_improvement(a[:, :1], b[:, :1], rng()).mean == pytest.approx(u / 4)


def test_what_is_always_better_is_so_with_certainty_and_what_is_alike_is_not():
    a = rng().normal(size=(3, 8))
    assert probability_of_improvement(a + 100, a, rng()) == (1, 1, 1)
    mean, low, high = probability_of_improvement(a, a, rng())
    assert (mean, low < 0.5 < high) == (0.5, True)


def test_a_single_run_has_no_interval_over_runs():
    for found in (interquartile_mean(np.ones((1, 4)), rng()), of_each_run(np.ones((1, 4))),
                  transfer_gap(np.ones(1), np.zeros(1), perfect=1)):  # fmt: skip
        assert np.isnan([found.low, found.high]).all()
        assert found.mean == 1


def test_infinite_errors_are_cut_off_or_told():
    scores = -np.array([[1.0, 2, 3, np.inf], [1, 2, 3, np.inf]])
    assert interquartile_mean(scores, rng()).mean == -2.5
    assert of_each_run(scores).mean == -2.5
    assert interquartile_mean(np.full((3, 4), -np.inf), rng()) == (-np.inf,) * 3


def test_a_gap_above_0_is_a_loss_of_scores_and_of_errors():
    home, shifted = np.array([0.9, 0.8, 1.0]), np.array([0.5, 0.6, 0.4])
    assert transfer_gap(home, shifted, perfect=1).mean == pytest.approx(0.4)
    assert transfer_gap(shifted, home, perfect=0).mean == pytest.approx(0.4)
    gap = transfer_gap(home, shifted, perfect=1)
    interval = stats.ttest_1samp(home - shifted, 0).confidence_interval()
    assert (gap.low, gap.high) == pytest.approx(tuple(interval))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({8: 0.1, 16: 0.9, 32: 0.9, 64: 0.9}, 4),  # smaller than in training does not count
        ({16: 0.9, 32: 0.9, 64: 0.8, 128: 0.9}, 2),  # what comes after a failure neither
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
    found = difference(a, b, rng())
    assert found.mean == pytest.approx(0.1, abs=0.005)
    assert 0.09 < found.low < found.high < 0.11
    assert found.num_instances == 200
    assert wins(a, b)[:2] == (200, 0)


def test_the_instances_are_drawn():
    scores = rng().normal(size=(1, 400))
    found = difference(scores, np.zeros((1, 400)), rng())
    assert found.high - found.low == pytest.approx(2 * 1.96 / np.sqrt(400), rel=0.15)
    assert np.isnan([found.low_over_runs, found.high_over_runs]).all()


def test_over_runs_the_interval_is_welch_s():
    a, b = np.array([[0.0, 1], [1, 1], [1, 0.5]]), np.array([[0.25, 0.25], [0.5, 0]])
    found = difference(a, b, rng())
    half = stats.t.ppf(0.975, 2) * 0.25 / np.sqrt(3)  # of 0.5, 1 and 0.75; those of b are alike
    assert found.low_over_runs == pytest.approx(0.5 - half)
    assert found.high_over_runs == pytest.approx(0.5 + half)
    same = difference(a[:2] * 0, b[:1].repeat(2, 0), rng())
    assert (same.low_over_runs, same.high_over_runs) == (-0.25, -0.25)


def test_the_sign_test_of_two_runs_is_mcnemar_s():
    a, b = np.zeros((1, 40)), np.zeros((1, 40))
    a[0, :9], b[0, 9:11] = 1, 1
    higher, lower, p = wins(a, b)
    assert (higher, lower) == (9, 2)
    assert p == pytest.approx(2 * stats.binom.cdf(2, 11, 0.5))
    assert wins(a, a) == (0, 0, 1.0)


def test_instances_without_a_score_are_left_out():
    a, b = np.array([[1.0, np.nan, 3]]), np.array([[0.0, 5, np.nan]])
    found = difference(a, b, rng())
    assert (found.mean, found.num_instances) == (1, 1)
    assert wins(a, b)[:2] == (1, 0)
    assert difference(a[:, 1:], b[:, 1:], rng()).num_instances == 0


def test_the_rank_correlation_is_spearman_s():
    points = rng().integers(6, size=(30, 2)).astype(float)
    found = mean_rank_correlation([points, points[:, ::-1]], rng())
    assert found.mean == pytest.approx(stats.spearmanr(*points.T).statistic)
    assert -1 < found.low < found.mean < found.high < 1
    constant = np.stack([np.ones(5), np.arange(5)], axis=1)
    assert np.isnan(mean_rank_correlation([constant], rng())).all()


def test_a_bootstrap_draws_arrays_together_and_columns_of_a_stratified_one_apart():
    scores = rng().normal(size=(30, 2))
    between = lambda a, b: (a - b).mean(axis=(1, 2))  # noqa: E731
    assert bootstrap(between, scores, scores, rng=rng()) == (0, 0)
    low, high = bootstrap(between, scores, scores, rng=rng(), stratified=True)
    assert low < 0 < high
    alike = scores[:, :1].repeat(2, axis=1)
    within = lambda a: np.abs(a[..., 0] - a[..., 1]).max(axis=1)  # noqa: E731
    assert bootstrap(within, alike, rng=rng()) == (0, 0)
    assert bootstrap(within, alike, rng=rng(), stratified=True)[0] > 0


def test_a_bootstrap_leaves_out_what_is_not_defined_and_keeps_what_is_infinite():
    scores = np.array([0.0, 1, 1, 1])
    by = lambda drawn: np.where((drawn > 0).any(axis=1), drawn.mean(axis=1), np.nan)  # noqa: E731
    assert bootstrap(by, scores, rng=rng()) == (0.25, 1)
    nothing = bootstrap(lambda drawn: np.full(len(drawn), np.nan), scores, rng=rng())
    assert np.isnan(nothing).all()
    infinite = np.full((3, 2), np.inf)
    ends = bootstrap(lambda a: a.mean(axis=(1, 2)), infinite, rng=rng(), stratified=True)
    assert ends == (np.inf, np.inf)
