import networkx as nx
import numpy as np
import pytest

from data_gen.bodies.distributions.mass_spring import MassSpring
from data_gen.bodies.dynamics.scene import PINNED
from data_gen.bodies.dynamics.simulate import simulate
from data_gen.distribution import GenerationError

TOPOLOGIES = ("chain", "ring", "grid", "tree")
DEMO = MassSpring(compat="graph_nets")


def rng(seed=0):
    return np.random.default_rng(seed)


def graph_of(scene):
    """Return the undirected edges of the springs."""
    graph = nx.Graph()
    graph.add_nodes_from(range(scene.size))
    graph.add_edges_from(zip(scene.bonds.senders, scene.bonds.receivers, strict=True))
    return graph


def is_topology(graph, topology):
    """Return whether the graph has the topology, by networkx."""
    n = len(graph)
    if topology == "chain":
        return nx.is_isomorphic(graph, nx.path_graph(n))
    if topology == "ring":
        return nx.is_isomorphic(graph, nx.cycle_graph(n))
    if topology == "tree":
        return nx.is_tree(graph)
    columns = int(np.ceil(np.sqrt(n)))
    full = nx.grid_2d_graph(int(np.ceil(n / columns)), columns)
    return nx.is_isomorphic(graph, full.subgraph(sorted(full)[:n]))


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("pins", [0, 1, 2])
def test_it_has_that_many_masses_joined_as_it_says(topology, pins):
    law = MassSpring(topology, pins)
    for size in (law.min_size, 5, 9, 11, 20):
        scene = law.draw(size, rng(size))
        assert scene.size == len(scene.positions) == size
        assert is_topology(graph_of(scene), topology)
        assert (scene.kinds == PINNED).sum() == pins
        assert 9 <= scene.law.field <= 11
        if topology == "chain" and pins == 2:
            pinned = np.flatnonzero(scene.kinds == PINNED)
            assert [graph_of(scene).degree[node] for node in pinned] == [1, 1]


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_springs_pull_both_ends_alike_and_start_as_long_as_they_are(topology):
    scene = MassSpring(topology).draw(12, rng())
    there = {(s, r): (k, rest) for s, r, k, rest in zip(*scene.bonds, strict=True)}
    assert len(there) == len(scene.bonds.senders)
    for (s, r), (k, rest) in there.items():
        assert there[r, s] == (k, rest)
        assert 45 <= k <= 55
        assert rest == pytest.approx(np.linalg.norm(scene.positions[s] - scene.positions[r]))
    assert len({k for k, _ in there.values()}) == len(there) // 2


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_no_two_masses_are_nearer_than_the_spacing_and_trees_do_not_cross(topology):
    law = MassSpring(topology, spacing=(1.0, 1.0), position_noise=0.0)
    for size in (7, 13, 30):
        scene = law.draw(size, rng(size))
        i, j = np.triu_indices(size, 1)
        apart = np.linalg.norm(scene.positions[i] - scene.positions[j], axis=1)
        assert apart.min() == pytest.approx(1, abs=1e-9) or apart.min() > 1
        pinned = scene.positions[scene.kinds == PINNED, 1]
        assert topology == "ring" or pinned.max() == pytest.approx(scene.positions[:, 1].max())
        if topology == "tree":
            assert not crossings(scene)


def crossings(scene):
    """Return the pairs of springs that intersect without a common end."""
    x, edges = scene.positions, list(graph_of(scene).edges)

    def side(a, b, c):
        (ux, uy), (vx, vy) = x[b] - x[a], x[c] - x[a]
        return ux * vy - uy * vx

    return [
        (a, b, c, d)
        for a, b in edges
        for c, d in edges
        if len({a, b, c, d}) == 4
        and side(a, b, c) * side(a, b, d) < 0
        and side(c, d, a) * side(c, d, b) < 0
    ]


def test_trees_are_random_recursive():
    # on average n / 2 of n nodes have no child; the root has one child with probability 1 / (n - 1)
    trees = [graph_of(MassSpring("tree").draw(20, rng(seed))) for seed in range(300)]
    leaves = [sum(degree == 1 for _, degree in tree.degree) for tree in trees]
    assert np.mean(leaves) == pytest.approx(20 / 2 + 1 / 19, abs=0.3)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("speed", [0.0, 1.0])
def test_energy_is_kept_for_fifty_frames(topology, speed):
    for seed in range(10):
        motion = simulate(MassSpring(topology, speed=speed).draw(9, rng(seed)), 50)
        assert motion.is_clean
        assert np.abs(motion.positions[-1] - motion.positions[0]).max() > 0.1


def test_pinned_masses_stay_and_without_them_all_fall_as_one():
    scene = MassSpring(num_pinned=2, speed=1.0).draw(6, rng())
    pinned = scene.kinds == PINNED
    assert np.array_equal(
        simulate(scene, 20).positions[:, pinned], np.tile(scene.positions[pinned], (21, 1, 1))
    )
    scene = MassSpring(num_pinned=0).draw(6, rng())
    fallen = scene.positions - [0, 0.5 * scene.law.field * 2.0**2]
    assert simulate(scene, 20).positions[-1] == pytest.approx(fallen, abs=1e-9)


def test_the_index_of_a_mass_tells_nothing():
    gaps, places = [], []
    for seed in range(200):
        scene = MassSpring().draw(12, rng(seed))
        gaps.append(np.abs(scene.bonds.senders - scene.bonds.receivers).mean())
        places.append(np.corrcoef(np.arange(12), scene.positions[:, 0])[0, 1])
    # the mean gap of two distinct uniform indices
    assert np.mean(gaps) == pytest.approx(13 / 3, rel=0.04)
    assert abs(np.mean(places)) < 0.06


# The demo of graph_nets


def demo(scene, num_frames):
    """Run the demo's update, mass by mass: forces change velocities, then velocities positions."""
    x, v = scene.positions.copy(), scene.velocities.copy()
    frames = [x.copy()]
    for _ in range(num_frames):
        force = np.tile([0.0, -scene.law.field], (scene.size, 1))
        for s, r, k, rest in zip(*scene.bonds, strict=True):
            apart = x[r] - x[s]
            length = np.sqrt(apart @ apart)
            force[r] -= k * (length - rest) / length * apart
        force[scene.kinds == PINNED] = 0
        v = v + 0.1 * force
        x = x + 0.1 * v
        frames.append(x.copy())
    return np.array(frames)


def test_graph_nets_moves_as_the_loop_of_the_demo():
    for seed in range(5):
        scene = DEMO.draw(5 + seed, rng(seed))
        assert scene.tolerance == np.inf
        # rounding errors grow, since the springs are chaotic at this step size
        assert simulate(scene, 20).positions == pytest.approx(demo(scene, 20), abs=1e-9)


def test_graph_nets_has_the_flaws_of_the_demo():
    scene = DEMO.draw(8, rng())
    assert (scene.law.scheme, scene.clock.substeps) == ("euler", 1)
    there = {(s, r): k for s, r, k, _ in zip(*scene.bonds, strict=True)}
    pinned = set(np.flatnonzero(scene.kinds == PINNED))
    assert len(there) == 2 * 7 - 2  # one edge for each end of a spring, except the two pinned ends
    assert not {r for _, r in there} & pinned
    both = [(k, there[r, s]) for (s, r), k in there.items() if (r, s) in there]
    assert len(both) == 2 * 5
    assert all(k != back for k, back in both)
    assert not simulate(scene, 50).is_clean


# Arguments


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("topology", "star"),
        ("num_pinned", 3),
        ("spacing", [0.0, 1.0]),
        ("stiffness", [55.0, 45.0]),
        ("gravity", [-1.0, 1.0]),
        ("position_noise", 0.2),
        ("speed", -1.0),
        ("time_step", 0.0),
        ("compat", "nri"),
    ],
)
def test_a_bad_argument_is_named_in_one_line(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be [^\n]+, got [^\n]+$"):
        MassSpring(**{name: value})


def test_a_demo_that_is_none_and_a_size_too_small_are_errors():
    for arguments in ({"topology": "ring"}, {"num_pinned": 1}):
        with pytest.raises(ValueError, match=r"^compat must be '' [^\n]+, got 'graph_nets'$"):
            MassSpring(compat="graph_nets", **arguments)
    for law, size in ((MassSpring(), 2), (MassSpring("ring", 0), 2), (MassSpring("tree", 0), 1)):
        with pytest.raises(
            GenerationError, match=rf"size must be at least {size + 1}, got {size}$"
        ):
            law.draw(size, rng())
