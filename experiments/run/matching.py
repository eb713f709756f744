"""Match parameter counts: find the width at which a model has as many parameters as another."""

from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf, open_dict

from data_gen.patterns import visible
from data_gen.spec import GraphSpec
from experiments.settings.construct import build, construct
from experiments.settings.errors import UserError, did_you_mean
from experiments.settings.places import CONF

KEY = "match_parameters_of"
MODELS = CONF / "model"
TOLERANCE = 0.1  # relative to the wanted number
MAX_WIDTH = 4096
MAX_DIVISOR = 16  # widths tried in a row, since the number of attention heads must divide one


def matched(config: DictConfig, spec: GraphSpec) -> DictConfig:
    """Return the configuration with `model.hidden_dim` set by `model.match_parameters_of`.

    Args:
        config: `model.match_parameters_of` is the name of another model (with the arguments of its
            yaml), a number of parameters, or null.
        spec: the widths of the task, on which the numbers of parameters depend.

    Returns:
        The configuration without `match_parameters_of`, from which the run can be rebuilt.

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
        raise UserError(f"model.{KEY} must be null for a model without hidden_dim, got {wanted!r}")
    config.model.hidden_dim = _width(config.model, spec, target)
    return config


def num_parameters(model: DictConfig, spec: GraphSpec) -> int:
    """Return the number of parameters of a configured model; torch's generator is unchanged."""
    with torch.random.fork_rng([]):
        made: Any = build(construct(model, "model"), "model", spec=spec)
    return sum(p.numel() for p in made.parameters())


def _count_of(name: object, spec: GraphSpec) -> int:
    models = [path.stem for path in visible(MODELS, "*.yaml")]
    if name not in models:
        raise UserError(
            f"model.{KEY} must be null, a whole number of parameters or one of"
            f" {', '.join(models)}, got {name!r}{did_you_mean(name, models)}"
        )
    node = OmegaConf.load(MODELS / f"{name}.yaml")
    assert isinstance(node, DictConfig)
    return num_parameters(node, spec)


def _width(model: DictConfig, spec: GraphSpec, target: int) -> int:
    """Return the `hidden_dim` with the nearest number of parameters; on a tie the smaller."""
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
            f"model.{KEY} must be within 10 % of the parameters at some hidden_dim, got {target};"
            f" the nearest is {found[best]} with hidden_dim={best}"
        )
    return best


def _first_width(model: DictConfig, spec: GraphSpec, start: int) -> tuple[int, int]:
    """Return the first width that the model takes (attention heads), and its parameters."""
    refusal = UserError(f"model.{KEY}: the model takes no width")
    for width in range(start, start + MAX_DIVISOR):
        changed = OmegaConf.merge(model, {"hidden_dim": width})
        assert isinstance(changed, DictConfig)
        try:
            return width, num_parameters(changed, spec)
        except UserError as error:
            refusal = error
    raise refusal
