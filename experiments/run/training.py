"""A run is trained once: its model, its batches, and what is done of it."""

import time

import torch
from omegaconf import DictConfig

from data_gen.dataset import make
from experiments.processes.world import ALONE, World
from experiments.run.batches import Batches, CachedBatches, StreamedBatches
from experiments.run.fit import Fit, make_optimizer
from experiments.run.folder import RunFolder
from experiments.run.machine import num_workers_of
from experiments.run.parts import RunParts
from experiments.settings.errors import UserError
from gn.model import GraphModel


def make_training_sets(study: RunParts, model: GraphModel) -> None:
    """What is read in training; raises UserError if it is too large for the model."""
    make(study.training_sets, num_workers_of(study.config))
    study.check_training_graphs(model)


def new_model(study: RunParts, device: torch.device) -> GraphModel:
    """The untrained model of a run; raises UserError for what would keep it from being trained."""
    config = study.config
    torch.set_num_threads(config.machine.num_threads)
    torch.manual_seed(config.seed)  # the weights; everything else takes its generator
    model = study.build_model().to(device)
    study.check_steps(model)
    _check_trainable(config, model)
    return model


def _check_trainable(config: DictConfig, model: GraphModel) -> None:
    """Raise UserError for an optimizer that torch refuses, or without anything to train."""
    if model.num_parameters:
        make_optimizer(config, model)
    elif not config.train.skip:
        name = type(model).__name__
        raise UserError(f"train.skip: false is not allowed, {name} has no parameters: true is")


def train_once(study: RunParts, model: GraphModel, folder: RunFolder, world: World) -> float:
    """Train unless the weights are there; the seconds of the start that wrote them."""
    seconds = world.first(folder.load_seconds)
    if seconds is None and model.num_parameters == 0:
        seconds = 0.0
        world.first(lambda: _keep_untrained(model, folder))
    elif seconds is None:
        began = time.monotonic()
        with _batches(study, model, world) as batches:
            fit = Fit(study.config, study.task, model, batches, world)
            fit.run(study.val_set.load().to(model.device), folder)
        seconds = time.monotonic() - began
        world.first(lambda: folder.save_seconds(seconds))
    return seconds


def _keep_untrained(model: GraphModel, folder: RunFolder) -> None:
    folder.metrics_path.touch()
    folder.save_weights(model.state_dict())
    folder.save_seconds(0.0)


def _batches(study: RunParts, model: GraphModel, world: World = ALONE) -> Batches:
    """Of the training set, or of a stream of instances."""
    config, train_set = study.config, study.train_set
    if config.data.stream:
        num_workers = max(1, num_workers_of(config) // world.local_size)
        return StreamedBatches(config, train_set.cell, num_workers, model, world)
    packed = train_set.load().to(model.device)
    return CachedBatches(config, packed, study.task, train_set.cell.group_size, world)
