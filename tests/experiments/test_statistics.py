import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from benchmarks.coverage import errors, held, many_cells, shares
from experiments.figures.style import percent
from experiments.statistics.intervals import (
    Spread,
    estimate,
    interval,
    linearised,
    quantile,
    spread_of,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_variance_components_are_those_that_scores_were_drawn_with():
    runs, instances, noise = 0.3, 0.7, 0.5
    generator, found = rng(), []
    for _ in range(300):
        scores = (
            runs * generator.normal(size=(4, 1))
            + instances * generator.normal(size=50)
            + noise * generator.normal(size=(4, 50))
        )
        found.append(spread_of(scores)[2:4])
    of_runs, of_instances = np.mean(found, axis=0)
    assert of_runs == pytest.approx(runs**2 / 4 + noise**2 / 200, rel=0.1)
    assert of_instances == pytest.approx(instances**2 / 50, rel=0.1)


def test_a_single_run_varies_by_its_instances():
    scores = rng().normal(size=(1, 400))
    spread = spread_of(scores)
    assert spread.of_runs == 0
    assert spread.of_instances == pytest.approx(scores.var(ddof=1) / 400)


def test_the_width_is_student_s_for_runs_and_normal_for_instances():
    for degrees in (1, 2, 4, 9):
        assert quantile(1, degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=2e-3)
        assert quantile(0, degrees) == pytest.approx(stats.norm.ppf(0.975), rel=1e-4)
        widths = [quantile(share, degrees) for share in np.linspace(0, 1, 11)]
        assert widths == sorted(widths)


def test_runs_that_agree_have_the_interval_of_their_instances():
    answers = (rng().random((1, 1000)) < 0.8).astype(float)
    one, _ = estimate(answers, is_share=True, is_error=False)
    three, _ = estimate(answers.repeat(3, axis=0), is_share=True, is_error=False)
    assert three == pytest.approx(one)
    wilson = stats.binomtest(int(answers.sum()), 1000).proportion_ci(method="wilson")
    assert (one.low, one.high) == pytest.approx((wilson.low, wilson.high), abs=0.002)


def test_the_interval_of_a_share_is_symmetric_on_the_logistic_scale_and_ends_within_0_and_1():
    found = interval(Spread(0.98, 3, 1e-3, 1e-5, 0.0), is_share=True, is_error=False)
    assert logit(found.high) - logit(0.98) == pytest.approx(logit(0.98) - logit(found.low))
    assert 0 < found.low < found.high < 1


def test_an_interval_of_skewed_errors_reaches_further_up():
    found, _ = estimate(rng().lognormal(sigma=1, size=(3, 1000)), is_share=False, is_error=True)
    assert found.high - found.mean > 1.05 * (found.mean - found.low)
    shifted = interval(Spread(1.0, 3, 0.3, 0.0, 0.0), is_share=False, is_error=True)
    assert shifted.low >= 0


@pytest.mark.parametrize(
    ("scores", "kind"),
    [
        (np.ones((3, 1000)), "share"),  # nothing varies
        (np.full((3, 1000), np.nan), "share"),
        (rng().random((3, 49)) < 0.5, "share"),  # too few instances
        (rng().random((2, 1000)) < [[0.1], [0.9]], "share"),  # two kinds of runs
        (rng().lognormal(size=(3, 499)), "error"),
        (np.r_[np.ones(999), 1000.0][None], "error"),  # one instance is more than a fifth
        (rng().lognormal(size=(2, 1000)) * [[1.0], [10.0]], "error"),
    ],
)
def test_there_is_no_interval_if_none_can_be_trusted(scores, kind):
    found, _ = estimate(scores, is_share=kind == "share", is_error=kind == "error")
    assert np.isnan([found.low, found.high]).all()
    assert found.mean == pytest.approx(np.mean(scores), nan_ok=True)


def test_numerator_and_denominator_of_a_ratio_are_correlated():
    by = rng(3).exponential(size=(1, 2000)).repeat(3, axis=0)
    assert linearised(0.3 * by, by) == pytest.approx(np.full((3, 2000), 0.3))
    scores = rng(4).exponential(size=(3, 2000))
    values = linearised(scores, by)
    assert values.mean() == pytest.approx(np.mean(scores.mean(axis=1) / by.mean()))
    draws = rng(5).integers(2000, size=(2000, 2000))
    ratios = scores[0][draws].mean(axis=1) / by[0][draws].mean(axis=1)
    assert spread_of(values[:1]).of_instances == pytest.approx(ratios.var(), rel=0.1)


@pytest.mark.parametrize(
    ("situations", "names"),
    [
        (
            shares,
            ["share 0.9, 3 runs x 200, runs nearly agree", "share 0.5, 5 runs x 200, runs differ"],
        ),
        (errors, ["error, log-normal 1.0, 3 runs x 1000, runs agree"]),
        (many_cells, ["20 cells, 0.33 in common, 3 runs"]),
    ],
)
def test_an_interval_holds_the_truth_as_often_as_it_says(situations, names):
    for name, truth, study in situations():
        if name in names:
            printed, holds, *_ = map(float, held(study, truth, 400))
            assert printed == 1
            assert 0.91 < holds < 0.985  # 0.95 ± 3.5 standard deviations of 400 studies


def test_the_interval_covers_instances_where_student_s_over_runs_has_no_width():
    # three runs with equal answers: Student's interval over runs has no width
    generator, covered = rng(6), []
    for _ in range(200):
        answers = (generator.random((1, 200)) < expit(0.4)).repeat(3, axis=0)
        found, _ = estimate(answers, is_share=True, is_error=False)
        covered.append(found.low <= expit(0.4) <= found.high)
    assert np.mean(covered) > 0.9


def test_a_percentage_is_rounded_as_the_tables_round():
    for number in range(0, 1001):
        share = number / 1000
        assert percent(share) == f"{int(f'{share:.2f}'.replace('.', ''))}"
