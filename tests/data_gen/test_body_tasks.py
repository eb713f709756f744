"""Tasks on bodies: the features of models, rollouts and their scores."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from data_gen.bodies import conserved
from data_gen.bodies.distributions.balls import Balls
from data_gen.bodies.distributions.charges import Charges
from data_gen.bodies.distributions.gravity import Gravity
from data_gen.bodies.distributions.mass_spring import MassSpring
from data_gen.bodies.distributions.springs import Springs
from data_gen.bodies.distributions.string import String
from data_gen.bodies.dynamics.scene import MOVING, WALL
from data_gen.bodies.dynamics.simulate import simulate
from data_gen.bodies.features import Units, displacement, observed, spec
from data_gen.bodies.frames import at_drawn_frames, frames_of
from data_gen.bodies.scene_graph import body_graph
from data_gen.bodies.scores import period
from data_gen.bodies.tasks.displacement import Displacement
from data_gen.bodies.tasks.next_step import NextStep
from data_gen.bodies.tasks.system_energy import SystemEnergy
from data_gen.cell import Cell
from data_gen.packed import Packed
from data_gen.spec import GraphOutput
from tests.contracts import batch_of

LAWS = [
    Gravity(), Gravity(exponent=1.0), Gravity(exponent=3.0), Gravity(box=3.0, fixed_box=True),
    Charges(dim=2, time_step=0.02), Charges(dim=2, screening=1.0, time_step=0.02), Springs(),
    String(num_pinned=1), MassSpring(), Balls(),
]  # fmt: skip
TASK = NextStep(num_frames=60, horizons=(1, 10, 60))


def rng(seed=0):
    return np.random.default_rng(seed)


def batch_for(task, law, size=6, count=4):
    return batch_of(Cell(task, law, (size,), "test").instances(0, count))


def still(batch):
    return GraphOutput(x=torch.zeros_like(batch.position))


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_energy_of_a_batch_is_that_of_the_simulator_at_every_frame(law):
    batch = batch_for(TASK, law)
    track = frames_of(batch, 2)
    for frame in (0, 31, 60):
        seen = observed(batch, track[:, frame, 0], track[:, frame, 1], Units())
        scale = batch.graph_kinetic + batch.graph_energy.abs().amax(dim=1)
        apart = (conserved.energy(seen) - batch.graph_energy[:, frame]).abs() / scale
        assert apart.max() < 2e-5


def test_momentum_and_angular_momentum_are_those_of_a_loop():
    batch = batch_for(TASK, Gravity(mass_ratio=9.0), size=5, count=2)
    for graph in (0, 1):
        mine = (batch.batch == graph).nonzero().flatten().tolist()
        m, x, v = (batch[name].double() for name in ("mass", "position", "velocity"))
        momentum = sum(m[i] * v[i] for i in mine)
        turn = sum((m[i] * (x[i, 0] * v[i, 1] - x[i, 1] * v[i, 0])).item() for i in mine)
        assert conserved.momentum(batch)[graph].double() == pytest.approx(momentum, abs=1e-5)
        assert conserved.angular_momentum(batch)[graph].item() == pytest.approx(turn, abs=1e-5)


def test_all_pairs_are_related_where_a_law_acts_on_all_else_the_springs_and_what_stays():
    def edges(law, size):
        data = body_graph(simulate(law.draw(size, rng()), 1), 0)
        return {tuple(edge) for edge in data.edge_index.t().tolist()}, data

    found, _ = edges(Gravity(), 5)
    assert found == {(i, j) for i in range(5) for j in range(5) if i != j}
    found, data = edges(Balls(), 3)
    walls = (data.body_kind == WALL).nonzero().flatten().tolist()
    assert walls == [3, 4, 5, 6]
    pairs = {(i, j) for i in range(3) for j in range(3) if i != j}
    assert found == pairs | {(wall, ball) for wall in walls for ball in range(3)}
    scene = String(num_pinned=1).draw(6, rng())
    data = body_graph(simulate(scene, 1), 0)
    found = {tuple(edge) for edge in data.edge_index.t().tolist()}
    bonds = set(zip(scene.bonds.senders.tolist(), scene.bonds.receivers.tolist(), strict=True))
    moving = (data.body_kind == MOVING).nonzero().flatten().tolist()
    assert found == bonds | {(6, mass) for mass in moving}


def test_a_wall_is_as_far_as_it_is_and_a_gap_closes_where_balls_touch():
    scene = Balls().draw(3, rng())
    batch = batch_of([body_graph(simulate(scene, 1), 0)])
    senders, receivers = batch.edge_index
    for edge in (batch.body_kind[senders] == WALL).nonzero().flatten().tolist():
        wall, ball = int(senders[edge]), int(receivers[edge])
        axis = int(batch.normal[wall].abs().argmax())
        side = batch.normal[wall, axis] * scene.law.half_width
        away = displacement(batch)[edge]
        assert away[axis] == pytest.approx(scene.positions[ball, axis] - side.item(), abs=1e-5)
        assert away[1 - axis] == 0
        gap = batch.edge_attr[edge, -1].item()
        assert gap == pytest.approx(abs(away[axis].item()) - scene.radii[ball], abs=1e-5)


def test_features_are_those_of_a_loop_in_the_units_asked_for():
    units = Units(length=2.0, velocity=0.5, acceleration=4.0, mass=3.0)
    batch = batch_for(TASK, MassSpring(), size=4, count=1)
    seen = observed(batch, batch.position, batch.velocity, units)
    assert seen.x.shape[1] == spec(2).node_in
    assert seen.edge_attr.shape[1] == spec(2).edge_in
    for k, (s, r) in enumerate(batch.edge_index.t().tolist()):
        apart = (batch.position[r] - batch.position[s]).tolist()
        faster = (batch.velocity[r] - batch.velocity[s]).tolist()
        distance = np.hypot(*apart)
        growth = np.dot(apart, faster) / distance
        lengths = [batch.edge_rest_length[k].item(), distance]
        expected = [
            *np.divide(apart, 2), *np.divide(faster, 0.5), distance / 2, growth / 0.5, 0.0,
            batch.edge_stiffness[k].item() * 2 / 3 / 4, lengths[0] / 2, distance / 2,
        ]  # fmt: skip
        assert seen.edge_attr[k].tolist() == pytest.approx(expected, abs=1e-4)
    is_static = (batch.body_kind != MOVING).float()
    assert torch.equal(seen.x[:, -1], is_static)
    assert seen.x[:, 4].tolist() == pytest.approx(((1 - is_static) / 3).tolist())


def test_a_drawn_frame_is_one_of_the_motion_and_asks_for_the_next():
    packed = Packed.pack(Cell(TASK, Gravity(), (5,), "train").instances(0, 6))
    batch = at_drawn_frames(packed, [4, 1, 4], rng(), 2)
    track = packed.fields["track"].view(-1, 61, 2, 2)
    found = []
    for place, graph in enumerate([4, 1, 4]):
        mine = track[packed.node_ptr[graph] : packed.node_ptr[graph + 1]]
        nodes = batch.batch == place
        frames = (mine[:, :-1, 0] == batch.position[nodes].unsqueeze(1)).all(dim=2).all(dim=0)
        (frame,) = frames.nonzero().flatten().tolist()
        assert torch.equal(batch.velocity[nodes], mine[:, frame, 1])
        assert torch.equal(batch.next_velocity[nodes], mine[:, frame + 1, 1])
        found.append(frame)
    assert found[0] != found[2]
    assert "track" not in batch


def test_frames_drawn_by_change_find_collisions_and_are_weighed_to_the_uniform_mean():
    task = NextStep(num_frames=200, horizons=(1,), valid_horizon=1)
    packed = Packed.pack(Cell(task, Balls(), (4,), "train").instances(0, 8))
    generator, shares, means = rng(), {}, {}
    for balance in (0.0, 0.6):
        hits, errors = [], []
        for _ in range(300):
            batch = at_drawn_frames(packed, range(8), generator, 2, balance)
            change = (batch.next_velocity - batch.velocity).square().sum(dim=1)
            of_scene = torch.zeros(8).index_add(0, batch.batch, change)
            hits.append((of_scene > 0).float().mean().item())
            errors.append((batch.graph_weight * of_scene).mean().item())
        shares[balance], means[balance] = np.mean(hits), np.mean(errors)
    assert shares[0.0] < 0.15
    assert shares[0.6] > 0.6
    assert means[0.6] == pytest.approx(means[0.0], rel=0.25)


def test_noise_moves_what_moves_and_the_answer_leads_back():
    task = NextStep(num_frames=60, horizons=(1, 60), noise=0.1)
    packed = Packed.pack(Cell(task, String(num_pinned=1), (6,), "train").instances(0, 3))
    batch = task.batch(packed, range(3), rng())
    clean = at_drawn_frames(packed, range(3), rng(), 2)
    is_moving = clean.body_kind == MOVING
    moved = (batch.position != clean.position).any(dim=1)
    assert torch.equal(moved, is_moving)
    noise = (batch.velocity - clean.velocity)[is_moving]
    assert 0.05 < noise.std().item() < 0.2
    answer = (clean.next_velocity - batch.velocity) / 0.0025
    assert task.loss(lambda _: GraphOutput(x=answer), batch).item() < 1e-4


def test_bodies_asked_for_nothing_keep_their_velocity_and_score_one():
    batch = batch_for(TASK, Gravity())
    scores = TASK.score(still, batch)
    for horizon in (1, 10, 60):
        assert scores[f"error_{horizon}"].tolist() == scores[f"constant_{horizon}"].tolist()
    track = frames_of(batch, 2)
    straight = track[:, 0, 0] + 10 * 0.01 * track[:, 0, 1]
    apart = (straight - track[:, 10, 0]).square().sum(dim=1)
    by_hand = torch.zeros(4).index_add(0, batch.batch, apart) / 6
    assert scores["error_10"] == pytest.approx(by_hand, rel=1e-4)
    numbers = {name: value.numpy() for name, value in scores.items()}
    relative = TASK.relative(numbers)
    assert relative["ratio_60"].values.mean() == pytest.approx(1, rel=1e-5)
    assert relative["velocity_ratio"].values.mean() == pytest.approx(1, rel=1e-5)
    assert (scores["energy_drift"] > 10 * scores["energy_drift_true"]).all()


def test_without_horizons_single_steps_are_scored_as_with_them_and_nothing_else():
    batch = batch_for(TASK, Gravity())
    alone = replace(TASK, horizons=())
    scores, all_scores = alone.score(still, batch), TASK.score(still, batch)
    assert set(scores) == {"velocity_error", "constant_velocity_error"}
    assert all(scores[name].tolist() == all_scores[name].tolist() for name in scores)
    assert set(alone.metrics) == {*scores, "velocity_ratio"}
    assert alone.identity == TASK.identity


def test_a_rollout_that_flies_off_has_diverged_and_stays_finite():
    batch = batch_for(TASK, Gravity())

    def wild(seen):
        first = seen.batch == 0
        return GraphOutput(x=torch.where(first.unsqueeze(1), torch.inf, seen.position * 0))

    scores = TASK.score(wild, batch)
    assert scores["diverged"].tolist() == [1, 0, 0, 0]
    assert all(value.isfinite().all() for value in scores.values())
    assert scores["valid"][0] == 0


def test_momenta_of_bodies_that_start_at_rest_are_measured_by_those_at_the_end():
    scores = TASK.score(still, batch_for(TASK, MassSpring()))
    for name in ("momentum_drift", "momentum_drift_true", "angular_momentum_drift_true"):
        assert scores[name].max() < 100


def test_a_way_through_the_side_of_a_periodic_box_is_the_short_one():
    task = Displacement(dim=2, horizon=80)
    batch = batch_for(task, Gravity(box=1.5, fixed_box=True, speed=3.0), count=6)
    track = frames_of(batch, 2)
    through = (track[:, -1, 0] - track[:, 0, 0]).abs().amax() > 1.5
    assert through
    assert task.solution(batch).x.abs().max() <= 1.5 + 1e-5
    assert task.score(task.solution, batch)["error"].max() < 1e-9


def test_the_period_of_a_circle_is_that_of_its_orbit():
    angle = 2 * torch.pi * torch.arange(101) / 100
    out = torch.stack([angle.cos(), angle.sin()], dim=1)
    ahead = torch.stack([-angle.sin(), angle.cos()], dim=1)
    one = torch.stack([3 * out, 0.5 * ahead], dim=1)  # radius 3, speed 0.5
    moving = torch.tensor([5.0, -1.0])  # of both bodies: no motion about their centre
    track = torch.stack([one, -one]) + moving
    batch = batch_for(NextStep(), Gravity(), size=2, count=1)
    assert period(track, batch).item() == pytest.approx(2 * torch.pi * 3 / 0.5, rel=1e-2)


def test_static_bodies_stay_where_they_are_whatever_is_answered():
    batch = batch_for(TASK, String(num_pinned=2))
    ones = TASK.score(lambda seen: GraphOutput(x=seen.position * 0 + 1), batch)

    def but_for_static(seen):
        is_moving = (seen.body_kind == MOVING).unsqueeze(1)
        return GraphOutput(x=torch.where(is_moving, 1.0, 1e6 * torch.ones_like(seen.position)))

    for name, values in TASK.score(but_for_static, batch).items():
        assert torch.equal(values, ones[name])


def test_scenes_whose_energy_breaks_are_told_apart_and_have_their_share_of_the_error():
    task = Displacement()
    batch = batch_for(task, Charges(compat="egnn", skip=31), size=5, count=60)
    scores = {n: v.numpy() for n, v in task.score(still, batch).items()}
    is_broken = (batch.graph_energy - batch.graph_energy[:, :1]).abs().amax(dim=1).numpy() > 0.1
    assert 0 < is_broken.sum() < 30
    assert scores["broken"].tolist() == is_broken.tolist()
    assert task.defined(batch)["error_broken"].tolist() == is_broken.tolist()
    share = task.relative(scores)["share_of_broken"].values.mean()
    assert share == pytest.approx(scores["error"][is_broken].sum() / scores["error"].sum())


def test_a_scene_that_cannot_keep_its_energy_is_drawn_again_and_a_published_one_is_flagged():
    published = batch_for(Displacement(), Charges(compat="egnn", skip=31), size=5, count=60)
    clean = batch_for(Displacement(), Charges(skip=31), size=5, count=60)
    assert not published.graph_is_clean.all()
    assert clean.graph_is_clean.all()


@pytest.mark.parametrize("answer", ["sum", "whole"])
def test_an_energy_is_a_sum_over_bodies_or_one_answer(answer):
    task = SystemEnergy(num_frames=20, answer=answer)
    batch = batch_for(task, Gravity())
    assert (task.spec.node_out, task.spec.global_out) == ((1, 0) if answer == "sum" else (0, 1))
    right = task.solution(batch)
    wrong = GraphOutput(*(None if part is None else 1.2 * part for part in right))
    error = task.score(lambda _: wrong, batch)["error"]
    assert error == pytest.approx((0.2 * conserved.energy(batch)).square(), rel=1e-3)


@pytest.mark.parametrize(
    ("task", "name", "value"),
    [
        (NextStep, "dim", 4), (NextStep, "horizons", [1, 200]), (NextStep, "valid_horizon", 0),
        (NextStep, "noise", -1.0), (NextStep, "balance", 1.0), (Displacement, "horizon", 0),
        (Displacement, "dim", 1), (SystemEnergy, "answer", "mean"), (Units, "mass", 0.0),
    ],
)  # fmt: skip
def test_a_bad_argument_is_named_in_one_line(task, name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be ") as error:
        task(**{name: value})
    assert str(value) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_scene_of_other_coordinates_is_an_error_in_one_line():
    with pytest.raises(ValueError, match=r"^task.dim must be 3 for scenes .*, got 2$"):
        Cell(TASK, Gravity(dim=3), (5,), "test").instances(0, 1)
