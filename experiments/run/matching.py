"""Baselines of the same size: the width at which a model has another's number of parameters."""

from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf, open_dict

from data_gen.spec import GraphSpec
from experiments.settings.construct import build, construct
from experiments.settings.errors import UserError
from experiments.settings.places import CONF

KEY = "match_parameters_of"
MODELS = CONF / "model"
TOLERANCE = 0.1  # of the number asked for
MAX_WIDTH = 4096
MAX_DIVISOR = 16  # widths tried in a row: heads that must divide it are fewer


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
    """The number of parameters of a configured model; torch's generator is left as it was."""
    with torch.random.fork_rng([]):
        made: Any = build(construct(model, "model"), "model", spec=spec)
    return sum(p.numel() for p in made.parameters())


def _count_of(name: object, spec: GraphSpec) -> int:
    models = sorted(path.stem for path in MODELS.glob("*.yaml"))
    if name not in models:
        raise UserError(
            f"model.{KEY}: {name!r} is not allowed, null, a whole number of parameters and the"
            f" models are: {', '.join(models)}"
        )
    node = OmegaConf.load(MODELS / f"{name}.yaml")
    assert isinstance(node, DictConfig)
    return num_parameters(node, spec)


def _width(model: DictConfig, spec: GraphSpec, target: int) -> int:
    """The `hidden_dim` whose number of parameters is nearest, by bisection; ties: the smaller."""
    found: dict[int, int] = {}  # width -> its number of parameters

    def is_enough(width: int) -> bool:
        width, count = _first_width(model, spec, width)
        found[width] = count
        return count >= target

    high = 1
    while not is_enough(high) and high < MAX_WIDTH:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    best = min(sorted(found), key=lambda width: abs(found[width] - target))
    if abs(found[best] - target) > TOLERANCE * target:
        raise UserError(
            f"model.{KEY}: {target} parameters are not within 10 % of any width, nearest is"
            f" {found[best]} with hidden_dim={best}"
        )
    return best


def _first_width(model: DictConfig, spec: GraphSpec, start: int) -> tuple[int, int]:
    """The first width that the model takes (heads have to divide it), and its parameters."""
    refusal = UserError(f"model.{KEY}: no width is allowed")
    for width in range(start, start + MAX_DIVISOR):
        changed = OmegaConf.merge(model, {"hidden_dim": width})
        assert isinstance(changed, DictConfig)
        try:
            return width, num_parameters(changed, spec)
        except UserError as error:
            refusal = error
    raise refusal
