"""Times of several functions, measured so that their ratios are reliable."""

from collections.abc import Callable, Mapping
from time import perf_counter


def compare(
    functions: Mapping[str, Callable[[], object]], rounds: int = 40, warmup: int = 2
) -> dict[str, float]:
    """Return the shortest time of each function over rounds in which all functions take turns.

    Other load of the machine can only lengthen a time, and over many rounds it affects all
    functions equally. The shortest times therefore have stable ratios, unlike times of separate
    runs. In each round a function is called twice and the second call is timed, as in a training,
    where each step follows another step.

    Args:
        functions: the functions by name; each must do all of its work before it returns.
        rounds: how often each function is timed.
        warmup: earlier rounds that are not timed.

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
