"""Train a run once: build its model and its batches, and skip the training if it is done."""

import time

import torch

from data_gen.dataset import make
from experiments.processes.world import ALONE, World
from experiments.run.batches import Batches, CachedBatches, StreamedBatches
from experiments.run.fit import Fit
from experiments.run.folder import RunFolder
from experiments.run.machine import num_workers_of
from experiments.run.parts import RunParts
from experiments.run.selection import Objective
from experiments.settings.errors import UserError
from gn.model import GraphModel


def make_training_sets(study: RunParts, model: GraphModel) -> None:
    """Generate the data sets that are read in training.

    Raises:
        UserError: a training graph is too large for the model.
    """
    make(study.training_sets, num_workers_of(study.settings.machine))
    study.check_training_graphs(model)


def new_model(study: RunParts, device: torch.device) -> GraphModel:
    """Build the untrained model of a run.

    Raises:
        UserError: the model cannot be built, or cannot be trained with these settings.
    """
    torch.set_num_threads(study.settings.machine.num_threads)
    torch.manual_seed(study.settings.seed)  # for the weights; all other draws have a generator
    model = study.build_model().to(device)
    study.check_steps(model)
    _check_trainable(study, model)
    return model


def _check_trainable(study: RunParts, model: GraphModel) -> None:
    """Raise UserError if the optimizer or the learner is refused, or nothing can be trained."""
    if model.num_parameters:
        study.build_optimizer(model)
        Objective.of(study.task, study.build_learner().selected_by)
    elif not study.settings.train.skip:
        name = type(model).__name__
        raise UserError(f"train.skip must be true for {name}, which has no parameters, got false")


def train_once(study: RunParts, model: GraphModel, folder: RunFolder, world: World) -> float:
    """Train unless the weights exist; return the seconds of the start that wrote them."""
    seconds = world.first(folder.load_seconds)
    if seconds is None and model.num_parameters == 0:
        seconds = 0.0
        world.first(lambda: _keep_untrained(model, folder))
    elif seconds is None:
        began = time.monotonic()
        with batches_of(study, model, world) as batches:
            fit = Fit(study, model, batches, world)
            fit.run(study.val_set.load().to(model.device), folder)
        seconds = time.monotonic() - began
        world.first(lambda: folder.save_seconds(seconds))
    return seconds


def _keep_untrained(model: GraphModel, folder: RunFolder) -> None:
    folder.metrics_path.touch()
    folder.save_weights(model.state_dict())
    folder.save_seconds(0.0)


def batches_of(study: RunParts, model: GraphModel, world: World = ALONE) -> Batches:
    """Return the batches of the training set, or of a stream of instances."""
    settings, train_set = study.settings, study.train_set
    if settings.data.stream:
        num_workers = max(1, num_workers_of(settings.machine) // world.local_size)
        return StreamedBatches(settings, train_set.cell, num_workers, model, world)
    packed = train_set.load().to(model.device)
    return CachedBatches(settings, packed, study.task, train_set.cell.group_size, world)
