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
    text = text_to(path, step)
    write_atomically(path, lambda temporary: temporary.write_text(text))


def text_to(path: Path, step: int) -> str:
    """Return the lines up to an update; none if there is no curve."""
    text = path.read_text(errors="replace") if path.is_file() else ""
    return "".join(f"{line}\n" for line in text.splitlines() if _step_of(line) <= step)


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
    """Return the update of a line; infinite for a truncated or damaged line."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return math.inf
