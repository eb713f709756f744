"""The choice between the two paths of a kernel: a hand-written backward, or plain torch operations.

The hand-written backwards are fast and can be differentiated once. The plain paths compute the same
values and support all of autograd: second derivatives (Hamiltonian networks, force matching),
`vmap` and the other transforms of `torch.func`. Every kernel has an argument `is_plain`; its
default None takes the path that `plain` chose.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch.nn.attention import SDPBackend, sdpa_kernel


class _Choice:
    is_plain = False


@contextmanager
def plain() -> Iterator[None]:
    """Make all kernels take their plain paths inside this context manager."""
    before = _Choice.is_plain
    _Choice.is_plain = True
    try:
        with sdpa_kernel(SDPBackend.MATH):  # the plain path of torch's own attention
            yield
    finally:
        _Choice.is_plain = before


def chosen(is_plain: bool | None) -> bool:
    """Return the path of a kernel: its argument `is_plain`, or the choice of `plain` if None."""
    return _Choice.is_plain if is_plain is None else is_plain
