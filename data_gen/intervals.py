"""Arguments that are a range."""

from collections.abc import Sequence


def interval(name: str, value: Sequence[float], low: float, high: float) -> tuple[float, float]:
    """An argument [from, to] within the bounds, as floats.

    Raises:
        ValueError: in one line that names it.
    """
    pair = tuple(map(float, value))
    if not (len(pair) == 2 and low <= pair[0] <= pair[1] <= high):
        raise ValueError(f"{name} is {list(value)}: two numbers {low} <= from <= to <= {high}")
    return pair


def whole_interval(name: str, value: Sequence[int], low: int) -> tuple[int, int]:
    """An argument [from, to] of whole numbers of at least `low`.

    Raises:
        ValueError: in one line that names it.
    """
    pair = tuple(value)
    if not (len(pair) == 2 and all(isinstance(v, int) for v in pair) and low <= pair[0] <= pair[1]):
        raise ValueError(f"{name} is {list(value)}: two whole numbers {low} <= from <= to")
    return pair
