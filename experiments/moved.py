"""Names that stored configurations have for what is called otherwise now."""

from typing import Any

from omegaconf import DictConfig, OmegaConf

MODULES: dict[str, str] = {}  # of classes that a configuration may name: old -> new
GONE = ("transfer.stop",)  # settings that no training has any more; rules of steps say it


def current_names(node: DictConfig) -> DictConfig:
    """The same configuration, in which every `_target_` has the name that the class has now."""
    plain = OmegaConf.to_container(node)
    renamed = _renamed(plain)
    if renamed == plain:
        return node
    made = OmegaConf.create(renamed)  # type: ignore[call-overload]
    made._set_parent(node._get_parent())
    return made


def _renamed(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        named = {key: _renamed(item) for key, item in value.items()}
        if isinstance(named.get("_target_"), str):
            named["_target_"] = current_name(named["_target_"])
        return named
    return [_renamed(item) for item in value] if isinstance(value, list) else value


def current_name(target: str) -> str:
    """The name that a class has now, `package.module.Class`."""
    module, _, name = target.rpartition(".")
    return f"{MODULES.get(module, module)}.{name}"
