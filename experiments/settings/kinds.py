"""The kinds of settings: a test, its description in words, and values that it refuses."""

import re
from typing import Any

from torch import optim

from experiments.settings.predicates import (
    is_count,
    is_flag,
    is_folder,
    is_name,
    is_number,
    is_seed,
    is_whole,
)
from experiments.settings.schema import Kind
from experiments.settings.step_rules import ALLOWED, RULE

NAN, INF = float("nan"), float("inf")
DEVICES = re.compile(r"auto|cpu|cuda(:(0|[1-9]\d?))?")
OPTIMIZERS = sorted(
    name
    for name, found in vars(optim).items()
    if isinstance(found, type)
    and issubclass(found, optim.Optimizer)
    # Left out: the abstract class, one that needs a closure, one that needs sparse gradients.
    and found not in (optim.Optimizer, optim.LBFGS, optim.SparseAdam)
)


def one_of(*allowed: str) -> Kind:
    """Allow one of the given texts."""
    words = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
    wrong = (None, 3, "nope", [])
    return Kind(lambda v: isinstance(v, str) and v in allowed, words, wrong, allowed)


def number(words: str, low: float, high: float = INF, *, with_low: bool, with_high: bool) -> Kind:
    """Allow a number from `low` to `high`; the flags say whether the ends are included."""

    def allows(value: Any) -> bool:  # noqa: ANN401
        if not is_number(value):
            return False
        above = value >= low if with_low else value > low
        return above and (value <= high if with_high else value < high)

    ends = [end for end, allowed in ((low, with_low), (high, with_high)) if not allowed]
    return Kind(allows, words, (low - 1, None, True, NAN, "x", *(e for e in ends if e != INF)))


def or_null(kind: Kind) -> Kind:
    """Allow null as well."""
    wrong = tuple(value for value in kind.wrong if value is not None)
    return Kind(lambda v: v is None or kind.allows(v), f"null or {kind.words}", wrong)


def or_auto(kind: Kind) -> Kind:
    """Allow the word auto as well."""
    return Kind(lambda v: v == "auto" or kind.allows(v), f"auto or {kind.words}", kind.wrong)


def _are_sizes(value: object) -> bool:
    if not isinstance(value, (list, tuple)) or not value or not all(map(is_whole, value)):
        return False
    return len(set(value)) == len(value)


def _are_sizes_of(value: object) -> bool:
    return isinstance(value, dict) and all(map(_are_sizes, value.values()))


def _are_train_steps(value: object) -> bool:
    if not isinstance(value, (list, tuple)):
        return value is None or is_count(value)
    return len(value) == 2 and all(map(is_count, value)) and value[0] <= value[1]


def _are_step_rules(value: object) -> bool:
    if not isinstance(value, (list, tuple)) or not value or list(value).count(None) > 1:
        return False
    return all(rule is None or RULE.fullmatch(str(rule)) for rule in value)


def _is_device(value: object) -> bool:
    return isinstance(value, str) and DEVICES.fullmatch(value) is not None


def _is_optimizer(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    start, _, name = str(value.get("_target_")).rpartition(".")
    is_known = f"{start}.".startswith("torch.optim.") and name in OPTIMIZERS
    lr = value.get("lr", 1e-3)
    return is_known and value.get("_partial_") is True and is_number(lr) and lr >= 0  # type: ignore[operator]


NAME = Kind(is_name, "a name of up to 100 letters, digits, _ . + and -",
            (None, "../x", "", 7, "a/b", ["a"]))  # fmt: skip
NAMES = Kind(
    lambda v: isinstance(v, list) and len(v) > 0 and all(map(is_name, v)),
    "a list of one or more names", (None, 3, "x", [], [3]),
)  # fmt: skip
EVALUATION = Kind(
    lambda v: isinstance(v, str) and re.fullmatch(r"\w[\w-]*", v) is not None,
    "a text of letters, digits, _ and -", (None, 3, "", "a.b", "a/b"),
)  # fmt: skip
SEED = Kind(is_seed, "a whole number from 0 to 2**63 - 1", (-1, 0.5, True, "x", None, 2**63))
COUNT = Kind(is_count, "a whole number of at least 1", (0, -1, 1.5, True, None, "many"))
MAX_UPDATES = 10**12  # 32 years at a millisecond each
UPDATES = Kind(lambda v: is_count(v) and v <= MAX_UPDATES,  # type: ignore[operator]
               "a whole number of at least 1 and at most 10**12",
               (*COUNT.wrong, 10**21))  # fmt: skip
COUNT_OR_0 = Kind(lambda v: is_whole(v) and v >= 0, "a whole number of at least 0",  # type: ignore[operator]
                  (-1, 0.5, None, False))  # fmt: skip
GIGABYTES = or_null(number("a number above 0", 0, with_low=False, with_high=False))
DEVICE = Kind(_is_device, "auto, cpu, cuda, or cuda:1 for the second GPU",
              (None, 3, "tpu", "mps", "cuda:", "cuda:-1", "cuda:01", "cuda:all"),
              ("auto", "cpu", "cuda"))  # fmt: skip
FLAG = Kind(is_flag, "true or false", (1, None, "yes_please"))
FOLDER = Kind(is_folder, "the path of a folder", (None, 3, ""))
FILE = Kind(is_folder, "the path of a file", FOLDER.wrong)
MAPPING = Kind(lambda v: isinstance(v, dict), "a mapping", (None, 3, "labels"))
ENTRIES = Kind(lambda v: isinstance(v, dict) and len(v) > 0, "a mapping of one or more entries",
               (None, {}))  # fmt: skip
SIZES = Kind(_are_sizes, "a list of one or more different whole numbers",
             ([], None, 8, [8.5], [True], ["x"], [8, 8]))  # fmt: skip
SIZES_OF = Kind(_are_sizes_of, "a mapping of names to lists of different whole numbers",
                (None, {"grid": 3}, {"grid": []}))  # fmt: skip
TRAIN_STEPS = Kind(
    _are_train_steps,
    "null, a whole number of at least 1, or a list of two such [low, high]",
    (0, True, 1.5, "1x", [1], [0, 3], [5, 4], [1, 2, 3]),
)
STEP_RULES = Kind(
    _are_step_rules, f"a list of {ALLOWED}, and null once",
    (None, 3, [], ["fast"], [0], [-1], [1.5], ["0x"], ["0.0x"], [True], [None, None]),
)  # fmt: skip
OPTIMIZER = Kind(
    _is_optimizer,
    "a mapping of _partial_: true, _target_: torch.optim.{" + ",".join(OPTIMIZERS) + "} and its"
    " arguments, lr a number of at least 0",
    (None, 3, {"_partial_": True, "_target_": "os.system"},
     {"_partial_": True, "_target_": "torch.optim.LBFGS"},
     {"_partial_": True, "_target_": "torch.optim.lr_scheduler.StepLR"},
     {"_partial_": False, "_target_": "torch.optim.Adam"},
     {"_partial_": True, "_target_": "torch.optim.Adam", "lr": -1},
     {"_partial_": True, "_target_": "torch.optim.Adam", "lr": "fast"}),
)  # fmt: skip
