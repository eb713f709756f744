"""The base class of models without trainable parameters."""

from typing import ClassVar

import torch
from torch import Tensor

from data_gen.spec import GraphSpec
from gn.model import GraphModel, check_asked


class Heuristic(GraphModel):
    """A model without parameters; the empty buffer `place` tells the device that it is on.

    Attributes:
        asked: the widths (node_out, edge_out, global_out) of the answer that the model computes.
    """

    asked: ClassVar[tuple[int, int, int]] = (1, 0, 0)
    place: Tensor

    def __init__(self, spec: GraphSpec) -> None:
        super().__init__()
        self.check_spec(spec)
        self.register_buffer("place", torch.zeros(0), persistent=False)

    @classmethod
    def check_spec(cls, spec: GraphSpec) -> None:
        """Raise ValueError for a task with other kinds of nodes or another answer."""
        super().check_spec(spec)
        check_asked(spec, cls.asked)
