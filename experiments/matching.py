"""Baselines of the same size: the width at which a model has another's number of parameters."""

from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf, open_dict

from data_gen.spec import GraphSpec
from experiments.construct import build, construct
from experiments.errors import UserError

KEY = "match_parameters_of"
CONF = Path(__file__).parent.parent / "conf" / "model"
TOLERANCE = 0.1  # of the number asked for
MAX_WIDTH = 4096


def matched(config: DictConfig, spec: GraphSpec) -> DictConfig:
    """The configuration with `model.hidden_dim` chosen as `model.match_parameters_of` asks.

    Args:
        config: `model.match_parameters_of` is the name of another model (with the arguments of its
            yaml), a number of parameters, or null.
        spec: widths of the task, on which the numbers depend.

    Returns:
        The configuration without that key, so that the run can be rebuilt from it alone.

    Raises:
        UserError: there is no such model, or no width comes within 10 %.
    """
    if KEY not in config.model:
        return config
    wanted = config.model[KEY]
    config = OmegaConf.create(OmegaConf.to_container(config))  # pyright: ignore[reportAssignmentType]
    with open_dict(config):
        del config.model[KEY]
    if wanted is None:
        return config
    target = wanted if type(wanted) is int else _count_of(wanted, spec)
    if "hidden_dim" not in config.model:
        raise UserError(f"model.{KEY}: {wanted!r} is not allowed, this model has no hidden_dim")
    config.model.hidden_dim = _width(config.model, spec, target)
    return config


def num_parameters(model: DictConfig, spec: GraphSpec) -> int:
    """The number of parameters of a configured model; it is built without memory or chance."""
    with torch.device("meta"):
        made: Any = build(construct(model, "model"), "model", spec=spec)
    return sum(p.numel() for p in made.parameters())


def _count_of(name: object, spec: GraphSpec) -> int:
    path = CONF / f"{name}.yaml"
    if not isinstance(name, str) or not path.is_file():
        allowed = ", ".join(sorted(file.stem for file in CONF.glob("*.yaml")))
        raise UserError(
            f"model.{KEY}: {name!r} is not allowed, null, a whole number of parameters and the"
            f" models are: {allowed}"
        )
    node = OmegaConf.load(path)
    assert isinstance(node, DictConfig)
    return num_parameters(node, spec)


def _width(model: DictConfig, spec: GraphSpec, target: int) -> int:
    """The `hidden_dim` whose number of parameters is nearest, by bisection; ties: the smaller."""
    found: dict[int, int] = {}  # width -> its number of parameters
    low, high = 1, MAX_WIDTH
    while low <= high:
        width, count = _first_width(model, spec, range((low + high) // 2, high + 1))
        if count is None:
            high = (low + high) // 2 - 1
        else:
            found[width] = count
            low, high = (width + 1, high) if count < target else (low, (low + high) // 2 - 1)
    best = min(sorted(found), key=lambda width: abs(found[width] - target), default=None)
    if best is None or abs(found[best] - target) > TOLERANCE * target:
        near = "none" if best is None else f"{found[best]} with hidden_dim={best}"
        raise UserError(
            f"model.{KEY}: {target} parameters are not within 10 % of any width, nearest is {near}"
        )
    return best


def _first_width(model: DictConfig, spec: GraphSpec, widths: range) -> tuple[int, int | None]:
    """The first width that the model takes (heads have to divide it), and its parameters."""
    for width in widths:
        changed = OmegaConf.merge(model, {"hidden_dim": width})
        assert isinstance(changed, DictConfig)
        try:
            return width, num_parameters(changed, spec)
        except UserError as error:
            if width == widths[-1] and width == MAX_WIDTH:
                raise error from None
    return widths[-1], None
