"""Training: one loop in plain torch, that a killed run takes up again with the same numbers.

What is random in an update depends on the seed and its number alone (`batches.py`, `schedule.py`),
so the state to resume from is weights, optimizer and number of updates.
"""

import json
import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from data_gen.files import write_atomically
from data_gen.packed import Packed
from data_gen.task import Task
from data_gen.workers import bars_are_hidden
from experiments.processes.stop import StopRequest
from experiments.processes.world import ALONE, World
from experiments.run.batches import Batches
from experiments.run.evaluation import score_instances
from experiments.run.folder import RunFolder
from experiments.run.loss import UpdateLoss
from experiments.run.schedule import learning_rate, seeded
from experiments.run.steps import answer_by
from experiments.settings.construct import build, construct
from experiments.settings.errors import UserError
from gn.model import GraphModel

LOG = logging.getLogger(__name__)
CHECK_EVERY = 50  # updates between two looks of the host at the losses


class Fit:
    """The training of one model in one run folder."""

    def __init__(
        self,
        config: DictConfig,
        task: Task[Any],
        model: GraphModel,
        batches: Batches,
        world: World = ALONE,
    ) -> None:
        self.config, self.task, self.model, self.batches = config, task, model, batches
        self.world, self.device = world, model.device
        self.optimizer = make_optimizer(config, model)
        decay = config.train.ema_decay
        average = get_ema_multi_avg_fn(decay)
        self.averaged = AveragedModel(model, multi_avg_fn=average) if decay else None
        self.loss = UpdateLoss(config, task, model, world)
        self.step = 0
        self.losses = [0.0, 0]  # sum and number since the last validation
        self.best_loss = math.inf
        self.best_weights = self._candidate_weights()

    def run(self, val_set: Packed, folder: RunFolder) -> None:
        """Train to the last step from where the folder's state left off; keep the best weights."""
        self._resume(folder)
        num_steps = 0 if self.config.train.skip else self.config.train.num_steps
        losses: list[Tensor] = []
        with (
            StopRequest() as stop,
            tqdm(
                total=num_steps, initial=self.step, desc=str(self.config.label), leave=False,
                unit=" updates", disable=bars_are_hidden(),
            ) as progress,
        ):  # fmt: skip
            while self.step < num_steps:
                losses.append(self._update())
                self.step += 1
                progress.update()
                is_last = self.step == num_steps
                is_validation = is_last or self.step % self.config.val.every == 0
                is_stop = self.world.any(stop.requested)
                is_save = is_last or is_stop or self.step % self.config.machine.save_every == 0
                if is_validation or is_save or len(losses) == CHECK_EVERY:
                    loss = self._check(losses, folder)
                    progress.set_postfix(loss=f"{loss:.4f}", refresh=False)
                    losses.clear()
                    if is_validation:
                        self.world.first(lambda: self._validate(val_set, folder))
                    if is_save:
                        self.world.first(lambda: folder.save_state(self.step, self._state()))
                    if is_stop:
                        stop.leave(folder.path, self.step)
            if self.world.any(stop.requested):  # meanwhile
                stop.leave(folder.path, self.step)
        self.world.first(lambda: folder.save_weights(self.best_weights))

    def _update(self) -> Tensor:
        """One update of the weights; this process's share of its loss, still on the device."""
        config = self.config.train
        batch = self.batches.batch(self.step)
        for group in self.optimizer.param_groups:
            base = group.setdefault("base_lr", group["lr"])
            group["lr"] = learning_rate(self.config, base, self.step)
        autocast = torch.autocast(self.device.type, torch.bfloat16, config.precision == "bfloat16")
        with autocast, seeded(self.config, self.step, self.device, self.world.rank):
            loss = self.loss(batch, self.step)
        self.optimizer.zero_grad(set_to_none=True)
        self.loss.backward(loss)
        nn.utils.clip_grad_norm_(self.model.parameters(), config.max_grad_norm)
        self.optimizer.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.model)
        return loss.detach()

    def _candidate_weights(self) -> dict[str, Tensor]:
        """A copy of the weights that would be kept now."""
        model = self.model if self.averaged is None else self.averaged.module
        return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}

    def _validate(self, val_set: Packed, folder: RunFolder) -> None:
        """Score in distribution, keep the weights if they are the best, add a line to the curve."""
        model = self.model if self.averaged is None else self.averaged.module
        model.eval()
        answer = answer_by("", model, self.task, 0)  # type: ignore[arg-type]
        scores = score_instances(self.task, answer, val_set, in_training=True)
        del scores["steps"]
        model.train()
        scores = {"loss": scores.pop("loss"), **scores}
        defined = {name: value[~np.isnan(value)] for name, value in scores.items()}
        means = {f"val/{name}": float(v.mean()) for name, v in defined.items() if len(v)}
        if not math.isfinite(means["val/loss"]):
            raise UserError(f"validation loss is {means['val/loss']} after update {self.step}")
        if means["val/loss"] < self.best_loss:
            self.best_loss, self.best_weights = means["val/loss"], self._candidate_weights()
        line = {"step": self.step, "train/loss": self.losses[0] / self.losses[1], **means}
        self.losses = [0.0, 0]
        with folder.metrics_path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        text = ", ".join(f"{name} {value:.4f}" for name, value in list(line.items())[1:4])
        LOG.info("%s %d/%d: %s", folder.path.name, self.step, self.config.train.num_steps, text)

    def _check(self, losses: list[Tensor], folder: RunFolder) -> float:
        """Add up the last losses; their mean. UserError at the first that is not finite."""
        values = self.world.sum(torch.stack(losses).double().cpu())
        bad = (~values.isfinite()).nonzero()
        if len(bad):
            step = self.step - len(losses) + int(bad[0])
            ids = self.batches.indices(step).tolist()
            states = sorted((folder.path / "state").glob("*.pt"))
            raise UserError(
                f"loss is {values[bad[0]].item()} in update {step}, training instances {ids};"
                f" last good state: {states[-1] if states else 'none'}"
            )
        for value in values.tolist():  # one by one: the sum does not depend on where it is cut
            self.losses = [self.losses[0] + value, self.losses[1] + 1]
        return float(values.mean())

    def _state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "averaged": None if self.averaged is None else self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "losses": self.losses,
            "best_loss": self.best_loss,
            "best_weights": self.best_weights,
        }

    def _resume(self, folder: RunFolder) -> None:
        """Take up the folder's last state, and cut the curve to what had happened by then."""
        state = self.world.first(folder.load_state)
        if state is not None:
            self.step, self.best_loss, self.losses = (
                state[name] for name in ("step", "best_loss", "losses")
            )
            self.best_weights = state["best_weights"]
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            if self.averaged is not None:
                self.averaged.load_state_dict(state["averaged"])
            LOG.info("%s: resumed at update %d", folder.path.name, self.step)
        self.world.first(lambda: self._cut_curve(folder.metrics_path))

    def _cut_curve(self, path: Path) -> None:
        lines = path.read_text().splitlines() if path.exists() else []
        text = "".join(f"{line}\n" for line in lines if _step_of(line) <= self.step)
        write_atomically(path, lambda temporary: temporary.write_text(text))


def make_optimizer(config: DictConfig, model: nn.Module) -> Optimizer:
    """The optimizer asked for; raises UserError if torch refuses its arguments."""
    key = "train.optimizer"
    return build(construct(config.train.optimizer, key), key, model.parameters())


def _step_of(line: str) -> float:
    """The update a line of the curve was written at; infinite for a line cut short."""
    try:
        return json.loads(line)["step"]
    except ValueError:
        return math.inf
