from dataclasses import is_dataclass
from pathlib import Path

import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf
from scipy.stats import kstest

from data_gen.graphs.distributions.random_tree import RandomTree
from data_gen.graphs.edge_weights.euclidean import Euclidean
from data_gen.graphs.edge_weights.heavy_tailed import HeavyTailed
from data_gen.graphs.edge_weights.uniform import Uniform
from data_gen.graphs.edge_weights.wide_range import WideRange
from data_gen.graphs.weighted import Reweighted

FILES = sorted((Path(__file__).parents[2] / "conf" / "edge_weights").glob("*.yaml"))
LAWS = {path.stem: instantiate(OmegaConf.load(path)[path.stem]) for path in FILES}
GRAPH = RandomTree().draw(4001, np.random.default_rng(0))  # 4000 edges


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(params=LAWS)
def law(request):
    return LAWS[request.param]


def test_a_yaml_is_wrapped_in_its_own_name():
    for path in FILES:
        assert list(OmegaConf.load(path)) == [path.stem]


def test_the_repr_tells_any_two_laws_apart():
    assert len({repr(law) for law in LAWS.values()}) == len(LAWS)
    for law in LAWS.values():
        assert is_dataclass(law)
        assert law.__dataclass_params__.frozen


def test_every_edge_has_a_positive_finite_length(law):
    lengths = law(GRAPH, rng())
    assert lengths.shape == (4000,)
    assert lengths.dtype == np.float64
    assert lengths.min() > 0
    assert np.isfinite(lengths).all()


def test_a_graph_without_edges_has_no_lengths(law):
    empty = GRAPH._replace(edges=np.empty((0, 2), dtype=np.int64), lengths=np.empty(0))
    assert law(empty, rng()).shape == (0,)


def test_the_generator_alone_decides_the_lengths(law):
    first, again, other = (law(GRAPH, rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.array_equal(first, other) == isinstance(law, Euclidean)


def test_the_graph_is_the_same_under_every_law(law):
    graph = Reweighted(RandomTree(), law).draw(20, rng(3))
    plain = RandomTree().draw(20, rng(3))
    assert np.array_equal(graph.edges, plain.edges)
    assert np.array_equal(graph.positions, plain.positions)
    assert np.array_equal(graph.lengths, plain.lengths) == isinstance(law, Euclidean)


def test_euclidean_lengths_are_distances():
    first, second = (GRAPH.positions[GRAPH.edges[:, end]] for end in (0, 1))
    assert Euclidean()(GRAPH, rng()) == pytest.approx(np.hypot(*(first - second).T), rel=1e-12)


def test_uniform_lengths_are_uniform_above_low():
    for low in (0.01, 0.5):
        lengths = Uniform(low)(GRAPH, rng())
        assert kstest((lengths - low) / (1 - low), "uniform").pvalue > 1e-3


def test_heavy_tailed_lengths_have_the_exponent_of_the_pareto_law():
    for alpha in (1.5, 3.0):
        lengths = HeavyTailed(alpha)(GRAPH, rng())
        assert lengths.min() >= 1
        assert np.log(lengths).mean() == pytest.approx(1 / alpha, rel=0.06)  # Hill's estimator
        assert (lengths > 4).mean() == pytest.approx(4**-alpha, rel=0.3)
        assert kstest(lengths, "pareto", args=(alpha,)).pvalue > 1e-3


def test_wide_range_lengths_are_uniform_in_their_logarithm():
    for decades in (1.0, 3.0):
        exponents = np.log10(WideRange(decades)(GRAPH, rng()))
        assert exponents.min() >= -decades
        assert exponents.max() <= 0
        quartiles = np.quantile(exponents, [0.25, 0.5, 0.75])
        assert quartiles / -decades == pytest.approx([0.75, 0.5, 0.25], abs=0.04)


@pytest.mark.parametrize(
    ("law", "name", "value"),
    [
        (Uniform, "low", 0.0),
        (Uniform, "low", 1.0),
        (HeavyTailed, "alpha", 0.0),
        (HeavyTailed, "alpha", float("nan")),
        (WideRange, "decades", -1.0),
        (WideRange, "decades", 400.0),
    ],
)
def test_a_bad_argument_is_named_in_one_line(law, name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be [^\n]+, got {value}$"):
        law(**{name: value})
