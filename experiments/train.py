"""Train one model, or the arms of a study, and score them on every cell.

python -m experiments.train model=deep_sets seed=1
python -m experiments.train experiment=quickstart seed=0,1,2
"""

import logging
from contextlib import ExitStack, nullcontext

from omegaconf import DictConfig

from data_gen.dataset import make
from experiments.processes.interrupt import interrupted_by_the_sweep
from experiments.processes.world import World, only_the_first_speaks
from experiments.run.batches import groups_in_batch
from experiments.run.bounds import check_run
from experiments.run.evaluation import evaluate
from experiments.run.folder import RunFolder
from experiments.run.machine import device_of, num_workers_of
from experiments.run.parts import RunParts
from experiments.run.training import make_training_sets, new_model, train_once
from experiments.settings.checks import check_writable
from experiments.settings.command import is_apart, is_sweep, start
from experiments.settings.errors import UserError
from experiments.settings.run_settings import RunSettings
from experiments.statistics.text import format_table
from experiments.sweep.sweeper import register_plugins
from experiments.tracking.mirrors import Tracker, mirrored, tracker_of
from experiments.tracking.source import source_of_run
from gn.model import GraphModel

LOG = logging.getLogger(__name__)


def train(config: DictConfig) -> None:
    """Fill the run folder of the configuration; resume where an earlier start ended.

    Raises:
        UserError: a value is not allowed; raised before any work.
    """
    RunSettings.of_config(config).machine.check_device()
    check_writable(config, "machine.runs_dir")
    world = World.here()
    tracker = tracker_of(config)
    study = RunParts(config)
    folder = RunFolder.of(study.config)
    device = world.device(device_of(study.settings.machine))
    model = new_model(study, device)
    _check_shared(study, world)
    in_sweep = interrupted_by_the_sweep(folder.path.parent) if is_apart() else nullcontext()
    with in_sweep, world.joined(folder.path.name, device):
        _fill(study, model, folder, world, tracker if world.is_first else None)


def _fill(
    study: RunParts, model: GraphModel, folder: RunFolder, world: World, tracker: Tracker | None
) -> None:
    """Train, score and finish a run, except for the steps that are already done."""
    if world.first(lambda: folder.is_done):
        LOG.info("%s is done: nothing to do", folder.path)
        return
    world.first(lambda: check_run(study))
    world.first(lambda: make_training_sets(study, model))
    with ExitStack() as stack:
        world.first(lambda: stack.enter_context(folder.locked(waits=is_sweep())))
        if world.first(lambda: folder.is_done):  # another process finished the run meanwhile
            return
        world.first(lambda: folder.save_config(study.config))
        world.first(lambda: make(study.data_sets, num_workers_of(study.settings.machine)))
        with mirrored(tracker, source_of_run(folder, study.config, folder.path.parents[1])):
            seconds = train_once(study, model, folder, world)
            world.first(lambda: _score(study, model, folder, seconds))
        world.first(folder.finish)


def _score(study: RunParts, model: GraphModel, folder: RunFolder, seconds: float) -> None:
    """Score the selected checkpoint on every cell."""
    folder.load_weights(model)
    rows = evaluate(study, model, folder, seconds)
    LOG.info("%s\n%s", folder.path, format_table(rows))


def _check_shared(study: RunParts, world: World) -> None:
    """Raise UserError if there are more processes than groups of instances in an update."""
    train, width = study.settings.train, study.train_set.cell.group_size
    numbers = {"batch_size": groups_in_batch(train.batch_size, width)}
    if not study.settings.data.stream:
        numbers["num_instances"] = -(-train.num_instances // width)
    for name, number in numbers.items():
        if number < world.size:
            raise UserError(
                f"train.{name} must be at least {world.size * width} for {world.size} processes"
                f" that share an update, got {getattr(train, name)}"
            )


if __name__ == "__main__":
    register_plugins()
    with only_the_first_speaks():
        start("train", train)
