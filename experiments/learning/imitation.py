"""Imitation learning (DAgger): imitate the expert, also in states reached by the model itself."""

from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.environment import ExpertEnvironment, node_logits, play
from data_gen.masked_choice import choice_loss
from data_gen.task import LossPart, Task
from experiments.learning.learner import Learner, Update
from experiments.learning.supervised import num_message_passing_steps
from experiments.settings.errors import UserError
from experiments.settings.training import Training
from gn.model import GraphModel
from gn.policy import log_probabilities, sample
from gn.topology import Incidence

EPISODES = 5  # the purpose of the random draws here, see `Update.rng`


class Imitation(Learner):
    """Cross-entropy of the expert's choices along episodes that expert and model play together.

    Each choice is the expert's with probability β, otherwise one sampled from the model. β falls
    from 1 to 0, so the model first sees states of the expert, then its own. The expert's choices
    are optimal from the state that was reached, and all equally good choices count as right. Only
    the last message-passing step has a loss. Source: Ross, Gordon and Bagnell 2011 (DAgger); here
    each update uses new states, and earlier states are not kept in a data set.

    Args:
        task: a task that is solved step by step and has an expert.
        training: the settings of the training.
        falls_over: the share of all updates in which β falls from 1 to 0; 0: β is 0 at once.

    Raises:
        UserError: the task has no expert, or `falls_over` is not from 0 to 1.
    """

    def __init__(self, task: Task[Any], training: Training, falls_over: float = 0.5) -> None:
        super().__init__(task, training)
        environment = task.environment
        if not isinstance(environment, ExpertEnvironment):
            needed = "that is solved step by step" if environment is None else "with an expert"
            name = type(task).__name__
            raise UserError(f"task must be one {needed} for learning=imitation, got {name!r}")
        if not 0 <= falls_over <= 1:
            raise UserError(f"learning.falls_over must be a number from 0 to 1, got {falls_over}")
        self.environment, self.falls_over = environment, falls_over

    def parts(self, model: GraphModel, batch: Batch, update: Update) -> list[list[LossPart]]:
        """Return one loss: the mean over graphs of the mean over the choices of an episode.

        Raises:
            UserError: the expert cannot solve instances of these sizes.
        """
        environment, graphs = self.environment, Incidence(batch.batch, batch.num_graphs)
        num_steps = num_message_passing_steps(self.training.num_message_passing_steps, update)
        rng, beta = update.rng(EPISODES), self.beta(update.step)
        try:
            expert = environment.expert(batch)
        except ValueError as error:
            raise UserError(f"train.sizes: {error}") from error
        losses: list[Tensor] = []
        counts: list[Tensor] = []

        def uniform() -> Tensor:
            return torch.from_numpy(rng.random(batch.num_graphs)).to(batch.ptr.device)

        def choose(state: Any) -> Tensor:  # noqa: ANN401
            allowed, right = environment.allowed(state), expert(state)
            logits = node_logits(model(environment.observe(state), num_steps)).float()
            losses.append(choice_loss(logits, allowed, right, graphs.index, graphs.num_rows))
            counts.append(~environment.is_over(state))
            own = sample(log_probabilities(logits.detach(), allowed, graphs), graphs, uniform())
            even = log_probabilities(torch.zeros_like(logits), right, graphs)
            return torch.where(uniform() < beta, sample(even, graphs, uniform()), own)

        play(environment, batch, choose)
        num_choices = torch.stack(counts).sum(dim=0).clamp(min=1)  # [B]
        loss = (torch.stack(losses).sum(dim=0) / num_choices).mean()
        return [[LossPart(loss, batch.num_graphs)]]

    def beta(self, step: int) -> float:
        """Return the probability of the expert's choice in an update."""
        falls_in = self.falls_over * self.training.num_updates
        return max(0.0, 1 - step / falls_in) if falls_in else 0.0
