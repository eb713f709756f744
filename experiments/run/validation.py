"""Every value of a configuration is looked at before any work is done, and nothing is built."""

import torch
from omegaconf import DictConfig, ListConfig, OmegaConf
from torch import optim

from experiments.settings.checks import (
    COUNT,
    COUNT_OR_0,
    FLAG,
    FOLDER,
    NAME,
    SEED,
    check,
    check_mappings,
)
from experiments.settings.errors import UserError
from experiments.settings.places import CONF
from experiments.settings.predicates import (
    Test,
    is_count,
    is_entry,
    is_flag,
    is_folder,
    is_name,
    is_number,
    is_one_of,
    is_seed,
    is_train_steps,
    is_whole,
)
from experiments.settings.step_rules import ALLOWED, RULE

OPTIMIZERS = sorted(
    name
    for name, found in vars(optim).items()
    if isinstance(found, type)
    and issubclass(found, optim.Optimizer)
    # Abstract; needs a closure; needs sparse gradients:
    and found not in (optim.Optimizer, optim.LBFGS, optim.SparseAdam)
)
TRAIN = CONF / "train.yaml"
SECTIONS = (  # whose keys are all in it
    "train", "train.schedule", "train.curriculum", "val", "transfer", "data", "machine",
)  # fmt: skip
GROUPS = ("task", "model", "tracking")  # chosen, and so not written in it
MAPPINGS = (
    "task", "model", "train", "val", "transfer", "machine", "train.optimizer", "train.schedule",
    "train.distribution", "train.edge_weights", "transfer.distributions", "transfer.edge_weights",
    "transfer.sizes_of", "data", "train.curriculum",
)  # fmt: skip


def check_config(config: DictConfig) -> None:
    """Raise UserError for the first value that is not allowed; the folders are left alone."""
    check_mappings(config, MAPPINGS)
    _check_keys(config)
    if "answer" in config.task:
        check_mappings(config, ("task.answer",))
    for key, is_allowed, allowed in CHECKS:
        check(config, key, is_allowed, allowed)
    for key, is_allowed, allowed in CHECKS_IF_THERE:
        parent, _, leaf = key.rpartition(".")
        if leaf in OmegaConf.select(config, parent):
            check(config, key, is_allowed, allowed)
    for key in ("train.sizes", "transfer.sizes"):
        _check_sizes(config, key)
    _check_sizes_of(config)
    _check_stream(config)


def _check_keys(config: DictConfig) -> None:
    """Raise UserError for a key that `conf/train.yaml` does not have: in a yaml, a wrong name."""
    known = OmegaConf.load(TRAIN)
    for section in SECTIONS:
        there, allowed = OmegaConf.select(config, section), OmegaConf.select(known, section)
        for key in there:
            if key not in allowed:
                raise UserError(
                    f"{section}.{key}: there is no such key, these are: {', '.join(allowed)}"
                )
    allowed = {*known, *GROUPS} - {"defaults", "hydra"}
    for key in config:
        if key not in allowed:
            raise UserError(f"{key}: there is no such key, these are: {', '.join(sorted(allowed))}")


def check_device(config: DictConfig) -> None:
    """Raise UserError for a GPU where there is none: known only on the machine that trains."""
    if config.machine.device == "cuda" and not torch.cuda.is_available():
        raise UserError("machine.device: 'cuda' is not allowed, this machine has no GPU that works")


def check_export(config: DictConfig) -> None:
    """The same for the configuration of an export."""
    check(config, "distributions", is_entry, "at least one distribution is needed")
    check(config, "num_instances", is_count, COUNT)
    check(config, "data_seed", is_seed, SEED)
    check(config, "folder", is_folder, FOLDER)
    _check_sizes(config, "sizes")


def _check_sizes(config: DictConfig, key: str) -> None:
    """Of the least size that a distribution needs, its cell knows."""
    sizes = OmegaConf.select(config, key)
    if isinstance(sizes, ListConfig) and not sizes:
        raise UserError(f"{key}: [] is not allowed, at least one size is needed")
    if not isinstance(sizes, ListConfig) or not all(map(is_whole, sizes)):
        raise UserError(f"{key}: {sizes!r} is not allowed, a list of whole numbers is")
    if len(set(sizes)) < len(sizes):
        raise UserError(f"{key}: {sizes!r} is not allowed, each size once is")


def _check_sizes_of(config: DictConfig) -> None:
    """Each a list of sizes, of a distribution that is tested."""
    for name in config.transfer.sizes_of:
        if name not in config.transfer.distributions:
            allowed = ", ".join(map(str, config.transfer.distributions))
            raise UserError(f"transfer.sizes_of: {name!r} is not allowed, these are: {allowed}")
        _check_sizes(config, f"transfer.sizes_of.{name}")


def _check_stream(config: DictConfig) -> None:
    steps = config.train.curriculum.num_steps
    if config.data.stream and steps:
        raise UserError(f"train.curriculum.num_steps: {steps} is not allowed, data.stream needs 0")


def _is_count_or_0(value: object) -> bool:
    return is_whole(value) and value >= 0  # type: ignore[operator]


def _is_optimizer(value: object) -> bool:
    start, _, name = str(value).rpartition(".")
    return f"{start}.".startswith("torch.optim.") and name in OPTIMIZERS


def _are_transfer_steps(value: object) -> bool:
    if not isinstance(value, ListConfig) or not value or list(value).count(None) > 1:
        return False
    return all(rule is None or RULE.fullmatch(str(rule)) for rule in value)


CHECKS: tuple[tuple[str, Test, str], ...] = (
    ("study", is_name, NAME),
    ("data.stream", is_flag, FLAG),
    ("label", is_name, NAME),
    ("task_label", is_name, NAME),
    ("seed", is_seed, SEED),
    ("data_seed", is_seed, SEED),
    ("train.num_instances", is_count, COUNT),
    ("train.batch_size", is_count, COUNT),
    ("train.num_steps", is_count, COUNT),
    ("train.skip", is_flag, FLAG),
    ("train.num_message_passing_steps", is_train_steps,
     "null, a whole number of at least 1, or a list of two such [low, high] is"),
    ("train.loss_on_last_steps", lambda v: v is None or is_count(v), f"null or {COUNT}"),
    ("train.gradient_of_last_steps", lambda v: v is None or is_count(v), f"null or {COUNT}"),
    ("train.optimizer._target_", _is_optimizer, f"torch.optim.{{{','.join(OPTIMIZERS)}}} are"),
    ("train.optimizer._partial_", lambda v: v is True, "true is"),
    ("train.schedule.shape", is_one_of("constant", "cosine"), "constant and cosine are"),
    ("train.schedule.warmup_steps", _is_count_or_0, COUNT_OR_0),
    ("train.curriculum.num_steps", _is_count_or_0, COUNT_OR_0),
    ("train.curriculum.start", lambda v: is_number(v) and 0 < v <= 1,  # type: ignore[operator]
     "a number above 0 and at most 1 is"),
    ("train.max_grad_norm", lambda v: is_number(v) and v > 0, "a number above 0 is"),  # type: ignore[operator]
    ("train.ema_decay", lambda v: is_number(v) and 0 <= v < 1,  # type: ignore[operator]
     "a number of at least 0 and below 1 is"),
    ("train.precision", is_one_of("float32", "bfloat16"), "float32 and bfloat16 are"),
    ("val.num_instances", is_count, COUNT),
    ("val.every", is_count, COUNT),
    ("transfer.distributions", is_entry, "at least one distribution is needed"),
    ("transfer.num_instances", is_count, COUNT),
    ("transfer.num_message_passing_steps", _are_transfer_steps,
     f"a list is, of {ALLOWED}, and null once"),
    ("model._partial_", lambda v: v is True, "true is"),
    ("machine.device", is_one_of("auto", "cpu", "cuda"), "auto, cpu and cuda are"),
    ("machine.num_threads", is_count, COUNT),
    ("machine.num_workers", lambda v: v == "auto" or is_count(v), f"auto or {COUNT}"),
    ("machine.data_dir", is_folder, FOLDER),
)  # fmt: skip

CHECKS_IF_THERE: tuple[tuple[str, Test, str], ...] = (
    ("train.optimizer.lr", lambda v: is_number(v) and v >= 0, "a number of at least 0 is"),  # type: ignore[operator]
    ("machine.runs_dir", is_folder, FOLDER),
    ("machine.save_every", is_count, COUNT),
)
