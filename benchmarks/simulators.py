"""Scenes per second on one core: our simulator against the published loop of NRI's springs.

    python -m benchmarks.simulators [--json out.json]

The peer is the numpy algorithm of `data/synthetic_sim.py` of Kipf et al. 2018, "Neural relational
inference for interacting systems" (github.com/ethanfetaya/NRI), class SpringSim: 5 balls in a box,
5,000 steps of 1 ms, of which every 100th is kept. Before the timing, both are checked to give equal
trajectories. The other rows have no peer: 1,000 frames of our scenes, with their energies.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.timing import compare
from data_gen.bodies.distributions.balls import Balls
from data_gen.bodies.distributions.string import String
from data_gen.bodies.dynamics.scene import Bonds, Clock, Law, Scene, points
from data_gen.bodies.dynamics.simulate import simulate

STEP, NUM_STEPS, EVERY = 1e-3, 5000, 100
HALF_WIDTH, STRENGTH = 5.0, 0.1
MAX_FORCE = 0.1 / STEP
NUM_PEER_SCENES = 4  # scenes in the row with a peer
NUM_SCENES = 8  # scenes in the rows without a peer


def springs_scene(rng: np.random.Generator) -> Scene:
    """Draw 5 balls; each pair is joined by a spring with probability 1/2."""
    positions, directions = 0.5 * rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    velocities = 0.5 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    first, second = np.triu_indices(5, 1)
    pairs = np.stack([first, second], axis=1)[rng.random(10) < 0.5]
    law = Law(clamp=MAX_FORCE, box="reflecting", half_width=HALF_WIDTH, scheme="euler")
    clock = Clock(STEP * EVERY, EVERY)
    bonds = Bonds.both_ways(pairs, np.full(len(pairs), STRENGTH), np.zeros(len(pairs)))
    return points(positions, velocities, law, clock, np.inf)._replace(bonds=bonds)


def edges_of(scene: Scene) -> np.ndarray:
    """Return the adjacency matrix of the balls [n, n]."""
    edges = np.zeros((scene.size, scene.size))
    edges[scene.bonds.senders, scene.bonds.receivers] = 1
    return edges


def _within(x: np.ndarray, v: np.ndarray) -> None:
    """Reflect the balls beyond a wall, in place."""
    over = x > HALF_WIDTH
    x[over] = 2 * HALF_WIDTH - x[over]
    v[over] = -np.abs(v[over])
    under = x < -HALF_WIDTH
    x[under] = -2 * HALF_WIDTH - x[under]
    v[under] = np.abs(v[under])


def _peer_force(x: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Compute the clipped force on each ball [2, n] from the differences of all pairs."""
    sizes = -STRENGTH * edges
    np.fill_diagonal(sizes, 0)
    n = len(edges)
    apart = [np.subtract.outer(axis, axis).reshape(1, n, n) for axis in x]
    force = (sizes.reshape(1, n, n) * np.concatenate(apart)).sum(axis=-1)
    force[force > MAX_FORCE] = MAX_FORCE
    force[force < -MAX_FORCE] = -MAX_FORCE
    return force


def peer_springs(scene: Scene, edges: np.ndarray) -> np.ndarray:
    """Simulate by the published loop; return positions of every 100th step [T, n, 2]."""
    x, v = scene.positions.T.copy(), scene.velocities.T.copy()
    frames = np.zeros((NUM_STEPS // EVERY - 1, 2, scene.size))
    v += STEP * _peer_force(x, edges)
    for i in range(1, NUM_STEPS):
        x += STEP * v
        _within(x, v)
        if i % EVERY == 0:
            frames[i // EVERY - 1] = x
        v += STEP * _peer_force(x, edges)
    return frames.transpose(0, 2, 1)


def check(scenes: list[tuple[Scene, np.ndarray]]) -> float:
    """Return the largest difference between the two trajectories of a scene.

    Raises:
        AssertionError: the difference is larger than rounding errors.
    """
    apart = 0.0
    for scene, edges in scenes:
        ours = simulate(scene, NUM_STEPS // EVERY - 1).positions[1:]
        apart = max(apart, float(np.abs(ours - peer_springs(scene, edges)).max()))
    assert apart < 1e-9, f"the trajectories differ by {apart}"
    return apart


def versus_peer() -> dict[str, object]:
    """Time our simulator and the peer, one scene at a time; return the row of the table."""
    rng = np.random.default_rng(0)
    drawn = [springs_scene(rng) for _ in range(NUM_PEER_SCENES)]
    scenes = [(scene, edges_of(scene)) for scene in drawn]
    apart = check(scenes)
    ms = compare(
        {
            "ours": lambda: [simulate(scene, NUM_STEPS // EVERY - 1) for scene in drawn],
            "peer": lambda: [peer_springs(scene, edges) for scene, edges in scenes],
        },
        rounds=5,
        warmup=1,
    )
    return {
        "benchmark": "simulators",
        "case": "springs 5, 5,000 steps",
        "ours_ms": ms["ours"],
        "peer": "the loop of NRI's synthetic_sim.py",
        "peer_ms": ms["peer"],
        "ratio": ms["peer"] / ms["ours"],
        "largest_difference": apart,
        "springs": sum(len(scene.bonds.senders) for scene in drawn) / 2 / len(drawn),
        "scenes_per_second": 1e3 * len(drawn) / ms["ours"],
        "peer_scenes_per_second": 1e3 * len(drawn) / ms["peer"],
    }


def gravity_scene(rng: np.random.Generator) -> Scene:
    """Draw 6 slowly moving bodies on a ring that attract each other."""
    angles = np.arange(6) * np.pi / 3 + rng.uniform(-0.1, 0.1, 6)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    velocities = ring[:, ::-1] * [-1.3, 1.3]
    law = Law(coupling="masses", softening=0.1)
    return points(ring, velocities, law, Clock(5e-3, 10), np.inf)


def alone(case: str, draw: Callable[[np.random.Generator], Scene]) -> dict[str, object]:
    """Time our simulator without a peer; return the row of the table."""
    rng = np.random.default_rng(0)
    scenes = [draw(rng) for _ in range(NUM_SCENES)]
    ms = compare({"ours": lambda: [simulate(scene, 1000) for scene in scenes]}, rounds=8)["ours"]
    rate = 1e3 * NUM_SCENES / ms
    return {"benchmark": "simulators", "case": case, "scenes_per_second": rate}


def main() -> None:
    """Print the table; write it with --json."""
    parser = argparse.ArgumentParser(description="Scenes per second on one core.")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    arguments = parser.parse_args()
    rows = [
        versus_peer(),
        alone("gravity 6, 10,000 steps", gravity_scene),
        alone("balls 6, 1,000 frames", lambda rng: Balls().draw(6, rng)),
        alone("string 15, 10,000 steps", lambda rng: String().draw(15, rng)),
    ]
    print(f"{'scene':<24}  scenes/s    peer/s  ratio")
    for row in rows:
        peer = ""
        if "ratio" in row:
            peer = f"  {row['peer_scenes_per_second']:>8.2f}  {row['ratio']:>5.0f}"
        print(f"{row['case']:<24}  {row['scenes_per_second']:>8.0f}{peer}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
