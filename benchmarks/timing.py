"""Times of several functions, measured so that they can be divided by one another."""

from collections.abc import Callable, Mapping
from time import perf_counter


def compare(
    functions: Mapping[str, Callable[[], object]], rounds: int = 40, warmup: int = 2
) -> dict[str, float]:
    """The shortest time of each function over rounds in which all of them take their turn.

    Whatever else the machine does can only lengthen a time, and over many rounds meets all of the
    functions alike: the shortest is what the function takes, and ratios of them hold still where
    the times of separate runs do not. At its turn a function is called twice and timed once, as
    in a training, where what ran before a step is another step and not something else.

    Args:
        functions: by name; each does all of its work before it returns.
        rounds: how often each is timed.
        warmup: rounds before these that do not count.

    Returns:
        Milliseconds by name.
    """
    shortest = dict.fromkeys(functions, float("inf"))
    for k in range(-warmup, rounds):
        for name, function in functions.items():
            function()
            start = perf_counter()
            function()
            if k >= 0:
                shortest[name] = min(shortest[name], 1e3 * (perf_counter() - start))
    return shortest
