"""Which path a kernel takes: its own backward, or a plain one of torch's differentiable operations.

The hand-written backwards are fast and can be differentiated once. The plain paths compute the same
and take all that torch does: second derivatives (Hamiltonian networks, force matching), `vmap` and
the other transforms of `torch.func`. Every kernel has an argument `is_plain`; left open, it is what
`plain` says.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch.nn.attention import SDPBackend, sdpa_kernel


class _Choice:
    is_plain = False


@contextmanager
def plain() -> Iterator[None]:
    """Let kernels take their plain paths: a context manager around the calls of a model."""
    before = _Choice.is_plain
    _Choice.is_plain = True
    try:
        with sdpa_kernel(SDPBackend.MATH):  # torch's own attention has such paths as well
            yield
    finally:
        _Choice.is_plain = before


def chosen(is_plain: bool | None) -> bool:
    """The path of a kernel whose argument is `is_plain`; None leaves it open."""
    return _Choice.is_plain if is_plain is None else is_plain
