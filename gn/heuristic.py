"""What an answer without parameters is: a model that has nothing to train."""

from typing import ClassVar

import torch
from torch import Tensor

from data_gen.spec import GraphSpec
from gn.model import GraphModel, check_asked


class Heuristic(GraphModel):
    """A model of some kinds of nodes and widths of the answer; a buffer tells where it is.

    Attributes:
        asked: the widths of nodes, edges and graphs that it has an answer for.
    """

    asked: ClassVar[tuple[int, int, int]] = (1, 0, 0)
    place: Tensor

    def __init__(self, spec: GraphSpec) -> None:
        super().__init__()
        self.check_spec(spec)
        self.register_buffer("place", torch.zeros(0), persistent=False)

    @classmethod
    def check_spec(cls, spec: GraphSpec) -> None:
        """Raise ValueError for other kinds of nodes or another answer."""
        super().check_spec(spec)
        check_asked(spec, cls.asked)
