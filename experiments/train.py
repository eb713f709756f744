"""Train one model, or the arms of a study, and score them on every cell.

python -m experiments.train model=deep_sets seed=1
python -m experiments.train experiment=quickstart seed=0,1,2
"""

import logging
import time

import torch
from omegaconf import DictConfig

from data_gen.dataset import make
from experiments.batches import Batches, CachedBatches, StreamedBatches
from experiments.cli import start
from experiments.errors import UserError
from experiments.evaluation import evaluate
from experiments.fit import Fit, make_optimizer
from experiments.run_folder import RunFolder
from experiments.source import source_of_run
from experiments.study import Study, device_of, num_workers_of
from experiments.table import format_table
from experiments.tracking import mirrored, tracker_of
from experiments.validation import check_config, check_writable
from gn.model import GraphModel

LOG = logging.getLogger(__name__)


def train(config: DictConfig) -> None:
    """Fill the run folder that belongs to the configuration; go on where an earlier start ended."""
    check_config(config)
    check_writable(config, "machine.runs_dir")
    tracker = tracker_of(config)
    study = Study(config)
    config = study.config
    folder = RunFolder.of(config)
    if folder.is_done:
        LOG.info("%s is done: nothing to do", folder.path)
        return
    device = device_of(config)
    torch.set_num_threads(config.machine.num_threads)
    torch.manual_seed(config.seed)  # the weights; everything else takes its generator
    model = study.build_model().to(device)
    study.check_steps(model)
    _check_trainable(config, model)  # so that what is wrong is said before any work
    make(study.training_sets, num_workers_of(config))
    study.check_training_graphs(model)
    with folder.locked():
        if folder.is_done:  # by another process, meanwhile
            return
        folder.save_config(config)
        make(study.data_sets, num_workers_of(config))
        with mirrored(tracker, source_of_run(folder, config, folder.path.parent)):
            seconds = _train_once(study, model, folder)
            folder.load_weights(model)
            rows = evaluate(study, model, folder, seconds)
        folder.finish()
    LOG.info("%s\n%s", folder.path, format_table(rows))


def _check_trainable(config: DictConfig, model: GraphModel) -> None:
    """Raise UserError for an optimizer that torch refuses, or without anything to train."""
    if model.num_parameters:
        make_optimizer(config, model)
    elif not config.train.skip:
        name = type(model).__name__
        raise UserError(f"train.skip: false is not allowed, {name} has no parameters: true is")


def _train_once(study: Study, model: GraphModel, folder: RunFolder) -> float:
    """Train unless the weights are there; the seconds of the start that wrote them."""
    seconds = folder.load_seconds()
    if seconds is None and model.num_parameters == 0:
        folder.metrics_path.touch()
        folder.save_weights(model.state_dict())
        folder.save_seconds(seconds := 0.0)
    if seconds is None:
        device = model.device
        began = time.monotonic()
        with _batches(study, model) as batches:
            fit = Fit(study.config, study.task, model, batches)
            fit.run(study.val_set.load().to(device), folder)
        seconds = time.monotonic() - began
        folder.save_seconds(seconds)
    return seconds


def _batches(study: Study, model: GraphModel) -> Batches:
    """Of the training set, or of a stream of instances."""
    config, train_set = study.config, study.train_set
    if config.data.stream:
        return StreamedBatches(config, train_set.cell, num_workers_of(config), model)
    packed = train_set.load().to(model.device)
    return CachedBatches(config, packed, study.task, train_set.cell.group_size)


if __name__ == "__main__":
    start("train", train)
