"""The training curve: a file with a line of JSON for every validation."""

import json
import math
from pathlib import Path

from data_gen.files import append, write_atomically
from experiments.settings.errors import UserError


def add(path: Path, line: dict[str, float]) -> None:
    """Append a line; its `step` is the number of updates.

    Raises:
        OSError: the line cannot be written, for example because the disk is full.
    """
    append(path, json.dumps(line) + "\n")


def cut(path: Path, step: int) -> None:
    """Keep the lines up to an update: later updates are trained again."""
    lines = path.read_text().splitlines() if path.exists() else []
    text = "".join(f"{line}\n" for line in lines if _step_of(line) <= step)
    write_atomically(path, lambda temporary: temporary.write_text(text))


def best(path: Path, metric: str, sign: int) -> float:
    """Return the best `val/<metric>` of a curve: the least, or with a sign of -1 the greatest.

    Raises:
        UserError: the curve cannot be read.
    """
    try:
        values = [json.loads(line)[f"val/{metric}"] for line in path.read_text().splitlines()]
        return sign * min(sign * value for value in values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not a training curve ({error!r})") from error


def _step_of(line: str) -> float:
    """Return the update of a line; infinite for a truncated line."""
    try:
        return json.loads(line)["step"]
    except ValueError:
        return math.inf
