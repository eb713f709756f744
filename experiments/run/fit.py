"""The training loop, in plain torch; a resumed run gives the same numbers as an uninterrupted one.

All random draws of an update depend on the seed and the number of the update only. The state to
resume from is therefore the weights, the optimizer, the number of updates, the state of the
learner, and the best weights so far.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch_geometric.data import Batch
from tqdm import tqdm

from data_gen.packed import Packed
from data_gen.patterns import visible
from data_gen.task import LossPart
from data_gen.workers import bars_are_hidden
from experiments.learning.learner import Learner, Update
from experiments.processes.duration import Clock, in_words
from experiments.processes.stop import StopRequest
from experiments.processes.world import ALONE, World
from experiments.run import curve
from experiments.run.batches import Batches
from experiments.run.folder import RunFolder
from experiments.run.parts import RunParts
from experiments.run.selection import Selection, copy_of, older
from experiments.settings.errors import UserError, message
from gn.model import GraphModel

LOG = logging.getLogger(__name__)
EARLY = 10  # seconds of a training after which it says how much time is left,
LONG = 60  # if that is more seconds than this
CHECK_EVERY = 50  # updates between two transfers of losses from the device


class Fit:
    """The training of one model in one run folder."""

    def __init__(
        self, parts: RunParts, model: GraphModel, batches: Batches, world: World = ALONE
    ) -> None:
        self.settings, self.train = parts.settings, parts.settings.train
        self.model, self.batches, self.world, self.device = model, batches, world, model.device
        self.learner = parts.build_learner()
        self.parts = world.wrapped(_Parts(self.learner, model), model.device)
        self.optimizer = parts.build_optimizer(model)
        self.base_rates = [group["lr"] for group in self.optimizer.param_groups]
        average = get_ema_multi_avg_fn(self.train.ema_decay)
        is_averaged = self.train.ema_decay > 0
        self.averaged = AveragedModel(model, multi_avg_fn=average) if is_averaged else None
        self.selection = Selection(parts.task, self.learner.selected_by, copy_of(self._candidate))
        self.step = 0
        self.losses = [0.0, 0]  # sum and number since the last validation
        self.clock = Clock(0)
        self.has_told_time = False

    def run(self, val_set: Packed, folder: RunFolder) -> None:
        """Train from the folder's last state to the last update; keep the best weights.

        Raises:
            UserError: a loss or a validation metric is not finite.
        """
        self._resume(folder)
        num_steps = 0 if self.train.skip else self.train.num_updates
        every, save_every = self.settings.val.every, self.settings.machine.save_every
        self.clock = Clock(self.step)
        losses: list[Tensor] = []
        with StopRequest() as stop, self._progress(num_steps) as progress:
            while self.step < num_steps:
                losses.append(self.update())
                self.step += 1
                progress.update()
                self._tell_time(folder, num_steps)
                is_last = self.step == num_steps
                is_validation = is_last or self.step % every == 0
                is_stop = self.world.any(stop.requested)
                is_save = is_last or is_stop or self.step % save_every == 0
                if is_validation or is_save or len(losses) == CHECK_EVERY:
                    loss = self._check(losses, folder)
                    progress.set_postfix(loss=f"{loss:.4f}", refresh=False)
                    losses.clear()
                    if is_validation:
                        self.world.first(lambda: self._validate(val_set, folder))
                    if is_save:
                        self.world.first(lambda: folder.save_state(self.step, self._state()))
                    if is_stop:
                        self._leave(stop, folder)
            if self.world.any(stop.requested):  # during the last validation
                self._leave(stop, folder)
        self.world.first(lambda: folder.save_weights(self.selection.weights))

    def _tell_time(self, folder: RunFolder, num_steps: int) -> None:
        """Log the time that is left, once, early in a training that takes long."""
        if self.has_told_time or self.clock.passed < EARLY:
            return
        self.has_told_time = True
        left = self.clock.left(self.step, num_steps)
        if left > LONG:
            told = folder.path.name, self.step, num_steps, in_words(left)
            LOG.info("%s %d/%d: %s left", *told)

    def _leave(self, stop: StopRequest, folder: RunFolder) -> NoReturn:
        """Leave the training in all processes alike, whichever of them got the signal."""
        stop.leave(folder.path, self.step, is_requeued=self.world.any(stop.is_requeued))

    def update(self) -> Tensor:
        """Update the weights once; return this process's share of the loss, on the device."""
        update = Update(self.settings.seed, self.step, self.world.rank)
        batch = self.batches.batch(self.step)
        rate = self.train.rate(self.step)
        for group, base in zip(self.optimizer.param_groups, self.base_rates, strict=True):
            group["lr"] = base * rate
        is_low = self.train.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, is_low), seeded(update, self.device):
            parts = self.parts(batch, update)
            loss = self._share(parts)
        self.optimizer.zero_grad(set_to_none=True)
        (self.world.size * loss).backward()  # DistributedDataParallel divides by world.size
        nn.utils.clip_grad_norm_(self.model.parameters(), self.train.max_grad_norm)
        self.optimizer.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.model)
        return loss.detach()

    def _share(self, parts: list[list[LossPart]]) -> Tensor:
        """Return the share of this process's part of the batch in the loss of the whole batch."""
        shares = self.world.shares([part.num_terms for part in parts[0]])
        return torch.stack([_weighted(shares, means) for means in parts]).mean()

    @property
    def _candidate(self) -> GraphModel:
        """The model whose weights a validation would select: the averaged or the trained one."""
        return self.model if self.averaged is None else self.averaged.module  # type: ignore[return-value]

    def _progress(self, num_steps: int) -> tqdm:
        return tqdm(
            total=num_steps, initial=self.step, desc=self.settings.label, leave=False,
            unit=" updates", disable=bars_are_hidden(),
        )  # fmt: skip

    def _validate(self, val_set: Packed, folder: RunFolder) -> None:
        """Validate the weights, and add a line to the training curve."""
        try:
            means = self.selection.validate(self._candidate, val_set)
        except UserError as error:
            raise UserError(f"after update {self.step}: {error}") from error
        line = {"step": self.step, "train/loss": self.losses[0] / self.losses[1], **means}
        self.losses = [0.0, 0]
        curve.add(folder.metrics_path, line)
        text = ", ".join(f"{name} {value:.4f}" for name, value in list(line.items())[1:4])
        num_steps = self.train.num_updates
        self.has_told_time = True
        if self.step < num_steps:
            text += f", {in_words(self.clock.left(self.step, num_steps))} left"
        LOG.info("%s %d/%d: %s", folder.path.name, self.step, num_steps, text)

    def _check(self, losses: list[Tensor], folder: RunFolder) -> float:
        """Add up the last losses and return their mean; raise UserError if one is not finite."""
        values = self.world.sum(torch.stack(losses).double().cpu())
        bad = (~values.isfinite()).nonzero()
        if len(bad):
            step = self.step - len(losses) + int(bad[0])
            ids = self.batches.indices(step).tolist()
            states = visible(folder.path / "state", "*.pt")
            raise UserError(
                f"loss is {values[bad[0]].item()} in update {step}, training instances {ids};"
                f" last good state: {states[-1] if states else 'none'}"
            )
        for value in values.tolist():  # one by one, so that rounding does not depend on the chunks
            self.losses = [self.losses[0] + value, self.losses[1] + 1]
        return float(values.mean())

    def _state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "averaged": None if self.averaged is None else self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "learner": self.learner.state_dict(),
            "selection": self.selection.state_dict(),
            "losses": self.losses,
        }

    def _resume(self, folder: RunFolder) -> None:
        """Load the folder's last state, and cut the training curve to that update."""
        state = self.world.first(folder.load_state)
        if state is not None:
            try:
                self._take(state)
            except Exception as error:  # a state from someone else can hold anything
                raise UserError(
                    f"{folder.path / 'state'}: the last state is not one of this training, delete"
                    f" the folder to begin again ({message(error)})"
                ) from error
            LOG.info("%s: resumed at update %d", folder.path.name, self.step)
            self.world.first(lambda: folder.forget_states(self.step))
        self.world.first(lambda: curve.cut(folder.metrics_path, self.step))

    def _take(self, state: dict[str, Any]) -> None:
        """Take over a saved state."""
        total, count = state["losses"]
        self.step, self.losses = int(state["step"]), [float(total), int(count)]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.learner.load_state_dict(state.get("learner", {}))
        self.selection.load_state_dict(state.get("selection") or older(state))
        if self.averaged is not None:
            self.averaged.load_state_dict(state["averaged"])


class _Parts(nn.Module):
    """The loss parts of one process, as a module so that its gradients can be averaged."""

    def __init__(self, learner: Learner, model: GraphModel) -> None:
        super().__init__()
        self.learner, self.model = learner, model

    def forward(self, batch: Batch, update: Update) -> list[list[LossPart]]:
        return self.learner.parts(self.model, batch, update)


def _weighted(shares: list[float], parts: list[LossPart]) -> Tensor:
    """Return the weighted sum of means []; means over nothing, with a share of 0, are left out."""
    means = [share * part.mean for share, part in zip(shares, parts, strict=True) if share]
    return sum(means[1:], start=means[0])


@contextmanager
def seeded(update: Update, device: torch.device) -> Iterator[None]:
    """Seed torch's generators for one update, then restore them; for models that draw numbers.

    Each process has its own seed; that of the first process equals that of a single process.
    """
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        rank = [update.rank] if update.rank else []
        entropy = np.random.SeedSequence([update.seed, update.step, 2, *rank])
        torch.manual_seed(int(entropy.generate_state(1, np.uint64)[0] >> np.uint64(1)))
        yield
