"""What the players of a study draw: rollouts of bodies, and literals round after round."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.figures.scene_drawing import Track
from experiments.report_page.packing import number, numbers
from experiments.settings.errors import UserError
from experiments.tables.literal_points import LiteralPoint
from experiments.tables.rollout_points import RolloutPoint
from experiments.tables.rows import read_table


def scene_data(folder: Path) -> list[dict[str, Any]]:
    """Of all tables of rollouts and of literals in a study's folder; none if there are none.

    Raises:
        UserError: a table cannot be read, or a scene in it is not whole.
    """
    literals = folder / "literals.csv"
    found = []
    for path in sorted(folder.glob("rollouts_*.csv")):
        found += _made(path, _rollouts, read_table(path, RolloutPoint))
    if literals.is_file():
        found += _made(literals, _formulas, read_table(literals, LiteralPoint))
    return found


def _made(path: Path, make: Callable[..., list[Any]], points: Sequence[object]) -> list[Any]:
    try:
        return make(points)
    except (LookupError, ValueError) as error:
        raise UserError(f"{path}: not the points of whole scenes ({error!r})") from error


def _rollouts(points: Sequence[RolloutPoint]) -> list[dict[str, Any]]:
    scenes: dict[tuple[object, ...], list[RolloutPoint]] = {}
    for p in points:
        key = (p.task, p.model, p.distribution, p.size, p.instance)
        scenes.setdefault(key, []).append(p)
    return [_rollout(scene) for scene in scenes.values()]


def _rollout(points: list[RolloutPoint]) -> dict[str, Any]:
    """Places are a flat list x, y, x, y, … of each frame."""
    track, head = Track.of(points), points[0]
    (x, y), half = track.window
    return {
        "kind": "rollout",
        "title": f"{head.task}: {head.size} bodies",
        "about": f"{head.model} on {head.distribution}, instance {head.instance}",
        "window": numbers([x, y, half]),
        "walls": number(head.half_width),
        "bodies": [{"kind": body.kind, "radius": number(body.radius)} for body in track.bodies],
        "springs": track.springs,
        "times": numbers(track.times),
        "energies": [numbers(pair) for pair in track.energies],
        "true": [numbers(places.ravel()) for places in track.true],
        "predicted": [numbers(places.ravel()) for places in track.predicted],
    }


def _formulas(points: Sequence[LiteralPoint]) -> list[dict[str, Any]]:
    formulas: dict[tuple[object, ...], list[LiteralPoint]] = {}
    for p in points:
        formulas.setdefault((p.distribution, p.size, p.instance), []).append(p)
    return [_formula(formula) for formula in formulas.values()]


def _formula(points: list[LiteralPoint]) -> dict[str, Any]:
    """A literal has the same place in the list of every round."""
    head = points[0]
    rounds: dict[int, list[LiteralPoint]] = {}
    for p in sorted(points, key=lambda p: (p.round, p.literal)):
        rounds.setdefault(p.round, []).append(p)
    first = next(iter(rounds.values()))
    place = {p.literal: k for k, p in enumerate(first)}
    xy = np.array([(p.x, p.y) for p in points])
    low, high = xy.min(axis=0), xy.max(axis=0)
    end = f"solved after round {head.solved_after}" if head.is_solved else "not solved"
    return {
        "kind": "literals",
        "title": f"{head.size} variables, {end}",
        "about": f"literals of {head.distribution}, instance {head.instance}",
        "low": numbers(low),
        "high": numbers(high),
        "rounds": list(rounds),
        "literals": list(place),
        "is_true": [p.is_true for p in first],
        "pairs": [[k, place[-n]] for n, k in place.items() if n > 0 and -n in place],
        "places": [[number(v) for p in of for v in (p.x, p.y)] for of in rounds.values()],
    }
