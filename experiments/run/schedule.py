"""What an update takes besides its batch, as a function of the seed and of its number alone."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from omegaconf import DictConfig


def num_message_passing_steps(config: DictConfig, step: int) -> int | None:
    """The number for an update, drawn if the configuration has a range; None: the model's own."""
    wanted = config.train.num_message_passing_steps
    if wanted is None or isinstance(wanted, int):
        return wanted
    low, high = wanted
    return int(np.random.default_rng([config.seed, step]).integers(low, high + 1))


@contextmanager
def seeded(config: DictConfig, step: int, device: torch.device, rank: int = 0) -> Iterator[None]:
    """Torch's generators set for one update, then given back: for models that draw in training.

    Each process draws for its own share of the batch, the first what one alone would.
    """
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        entropy = [config.seed, step, 2, *([rank] if rank else [])]
        state = np.random.SeedSequence(entropy).generate_state(1, np.uint64)
        torch.manual_seed(int(state[0] >> np.uint64(1)))
        yield


def learning_rate(config: DictConfig, base: float, step: int) -> float:
    """Linear warm-up, times 1 or half a cosine to 0."""
    schedule = config.train.schedule
    factor = min(1.0, (step + 1) / max(1, schedule.warmup_steps))
    if schedule.shape == "cosine":
        factor *= 0.5 * (1 + math.cos(math.pi * step / config.train.num_steps))
    return base * factor
