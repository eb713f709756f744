"""Train one model, or the arms of a study, and score them on every cell.

python -m experiments.train model=deep_sets seed=1
python -m experiments.train experiment=quickstart seed=0,1,2
"""

import logging
import time
from contextlib import ExitStack

import torch
from omegaconf import DictConfig, OmegaConf

from data_gen.dataset import make
from experiments.batches import Batches, CachedBatches, StreamedBatches, groups_in_batch
from experiments.cli import is_sweep, start
from experiments.errors import UserError
from experiments.evaluation import evaluate
from experiments.fit import Fit, make_optimizer
from experiments.parallel import ALONE, World, only_the_first_speaks
from experiments.run_folder import RunFolder
from experiments.source import source_of_run
from experiments.study import Study, device_of, num_workers_of
from experiments.sweep import register_plugins
from experiments.table import format_table
from experiments.tracking import Tracker, mirrored, tracker_of
from experiments.validation import check_config, check_device, check_writable
from gn.model import GraphModel

LOG = logging.getLogger(__name__)


def train(config: DictConfig) -> None:
    """Fill the run folder that belongs to the configuration; go on where an earlier start ended."""
    check_config(config)
    check_device(config)
    check_writable(config, "machine.runs_dir")
    world = World.here()
    tracker = tracker_of(config)
    study = Study(config)
    config = study.config
    folder = RunFolder.of(config)
    device = world.device(device_of(config))
    model = new_model(study, device)
    _check_shared(study, world)
    with world.joined(folder.path.name, device):
        _fill(study, model, folder, world, tracker if world.is_first else None)


def _fill(
    study: Study, model: GraphModel, folder: RunFolder, world: World, tracker: Tracker | None
) -> None:
    """Do what is not done of a run."""
    if world.first(lambda: folder.is_done):
        LOG.info("%s is done: nothing to do", folder.path)
        return
    world.first(lambda: make_training_sets(study, model))
    with ExitStack() as stack:
        world.first(lambda: stack.enter_context(folder.locked(waits=is_sweep())))
        if world.first(lambda: folder.is_done):  # by another process, meanwhile
            return
        world.first(lambda: folder.save_config(study.config))
        world.first(lambda: make(study.data_sets, num_workers_of(study.config)))
        with mirrored(tracker, source_of_run(folder, study.config, folder.path.parents[1])):
            seconds = train_once(study, model, folder, world)
            world.first(lambda: _score(study, model, folder, seconds))
        world.first(folder.finish)


def make_training_sets(study: Study, model: GraphModel) -> None:
    """What is read in training; raises UserError if it is too large for the model."""
    make(study.training_sets, num_workers_of(study.config))
    study.check_training_graphs(model)


def _score(study: Study, model: GraphModel, folder: RunFolder, seconds: float) -> None:
    """Score the weights that were kept on every cell."""
    folder.load_weights(model)
    rows = evaluate(study, model, folder, seconds)
    LOG.info("%s\n%s", folder.path, format_table(rows))


def new_model(study: Study, device: torch.device) -> GraphModel:
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


def train_once(study: Study, model: GraphModel, folder: RunFolder, world: World) -> float:
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


def _batches(study: Study, model: GraphModel, world: World = ALONE) -> Batches:
    """Of the training set, or of a stream of instances."""
    config, train_set = study.config, study.train_set
    if config.data.stream:
        num_workers = max(1, num_workers_of(config) // world.local_size)
        return StreamedBatches(config, train_set.cell, num_workers, model, world)
    packed = train_set.load().to(model.device)
    return CachedBatches(config, packed, study.task, train_set.cell.group_size, world)


def _check_shared(study: Study, world: World) -> None:
    """Raise UserError if there are more processes than groups of instances in an update."""
    config, width = study.config, study.train_set.cell.group_size
    numbers = {"train.batch_size": groups_in_batch(config, width)}
    if not config.data.stream:
        numbers["train.num_instances"] = -(-study.train_set.num_instances // width)
    for key, number in numbers.items():
        if number < world.size:
            raise UserError(
                f"{key}: {OmegaConf.select(config, key)} is not allowed, {world.size} processes"
                f" that share an update need at least {world.size * width}"
            )


if __name__ == "__main__":
    register_plugins()
    with only_the_first_speaks():
        start("train", train)
