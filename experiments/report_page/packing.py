"""Tables as columns, and data as text that the page unpacks."""

import base64
import gzip
import json
import math
from collections.abc import Iterable, Sequence


def number(value: float) -> float | None:
    """With 6 digits, as in the tables; None where there is none."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def numbers(values: Iterable[float]) -> list[float | None]:
    """The same for each."""
    return [number(value) for value in values]


def coded(values: Sequence[str]) -> dict[str, list]:
    """Texts of which few differ: the different ones, and which of them each is."""
    places = {value: k for k, value in enumerate(dict.fromkeys(values))}
    return {"values": list(places), "index": [places[value] for value in values]}


def packed(data: object) -> str:
    """JSON, compressed, in base64; the same data give the same text."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
