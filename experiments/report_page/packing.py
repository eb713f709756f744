"""Pack tables into columns, and data into text that the page unpacks."""

import base64
import gzip
import json
import math
from collections.abc import Iterable, Sequence


def number(value: float) -> float | None:
    """Round a number to 6 digits, as in the tables; None if it is not finite."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def numbers(values: Iterable[float]) -> list[float | None]:
    """Apply `number` to each value."""
    return [number(value) for value in values]


def coded(values: Sequence[str]) -> dict[str, list]:
    """Encode texts with many repeats as distinct values and an index of each."""
    places = {value: k for k, value in enumerate(dict.fromkeys(values))}
    return {"values": list(places), "index": [places[value] for value in values]}


def packed(data: object) -> str:
    """Return data as compressed JSON in base64; the same data give the same text."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
