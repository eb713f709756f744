"""Where bodies are, and where a model has them on its own output: a table to draw."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RolloutPoint:
    """One body at one frame; energies are of its scene at that frame.

    An energy is the change since frame 0, by the largest kinetic energy of the true motion. Of a
    prediction it is that of the true law in the predicted state.
    """

    task: str  # its label
    model: str
    distribution: str
    size: int
    instance: int  # its index in the cell
    half_width: float  # of the box with walls that the scene is in; nan: there is none
    frame: int
    time: float
    energy: float
    predicted_energy: float
    body: int
    kind: str  # moving, pinned or disc
    radius: float  # 0: a point
    bonds: str  # bodies of higher index that springs join it to, with spaces between
    x: float
    y: float
    predicted_x: float
    predicted_y: float
