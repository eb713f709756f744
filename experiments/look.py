"""Draw instances with the answers of a trained network.

python -m experiments.look 'run=outputs/quickstart/next_hop-seed0-*' sizes=[64]
python -m experiments.look 'run=outputs/sat_cpu/neuro_sat-seed0-*' 'choose={solved:[1,0]}'
"""

import logging
from pathlib import Path

from omegaconf import DictConfig

from experiments.figures.exhibit import Tables
from experiments.figures.pictures import Pictures
from experiments.run.bounds import Keys, check_fits
from experiments.run.found import done_run
from experiments.run.pictures import pictures_of
from experiments.run.stored import study_of, trained_model
from experiments.settings.checks import check_mappings
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.kinds import COUNT, COUNT_OR_0, ENTRIES, FILE, or_null
from experiments.settings.predicates import is_number
from experiments.settings.schema import Kind, check_kind, plain
from experiments.tables.pictures import ENDING, write_pictures

LOG = logging.getLogger(__name__)


def look(config: DictConfig) -> None:
    """Write a file of pictures and draw them; an existing file is not overwritten.

    Raises:
        UserError: a value is not allowed, the file exists, or there is nothing to draw.
    """
    _check(config)
    folder = done_run(str(config.run), config.task_label)
    path = folder.path / f"look{ENDING}" if config.file is None else Path(config.file)
    if not path.name.endswith(ENDING):
        raise UserError(f"file must be a name that ends with {ENDING}, got '{path}'")
    if path.exists():
        raise UserError(f"file: {path} exists, take another name")
    trained = folder.load_config()
    count = config.instance + 1 if config.choose is None else config.num_instances
    sizes = [max(trained.train.sizes)] if config.sizes is None else config.sizes
    rules = [config.num_message_passing_steps]
    transfer = {"sizes": sizes, "num_instances": count, "num_message_passing_steps": rules}
    study = study_of(trained, transfer, config.machine)
    model = trained_model(study, folder)
    cells = [cell for cell in study.test_cells if cell.shift in ("none", "size")]
    if not cells:
        raise UserError(f"run: {folder.path} has no test cell of its training distribution")
    keys = Keys("sizes", "num_instances") if config.choose else Keys("sizes", "instance", less=1)
    check_fits([cell.data_set for cell in cells], study.settings.machine, {"test": keys})
    chosen = config.instance if config.choose is None else config.choose
    options = {str(name): value for name, value in (config.picture or {}).items()}
    pictures = [p for cell in cells for p in pictures_of(study, model, cell, chosen, options)]
    write_pictures(pictures, path)
    LOG.info("%s", path)
    stem = path.name.removesuffix(ENDING)
    figure, tables = Pictures("", stem), Tables([], {}, pictures={stem: pictures})
    for drawn in figure.save(tables, path.with_name(stem)):
        LOG.info("%s", drawn)


def _check(config: DictConfig) -> None:
    """Raise UserError for a wrong value; sizes and steps are checked with the run's settings."""
    check_mappings(config, ("machine",))
    check_kind("file", config.file, or_null(FILE))
    check_kind("instance", config.instance, COUNT_OR_0)
    check_kind("num_instances", config.num_instances, COUNT)
    scores = Kind(_is_choice, "null or scores with lists of values, as {solved: [1, 0]}")
    check_kind("choose", plain(config.choose), scores)
    check_kind("picture", plain(config.picture), or_null(ENTRIES))


def _is_choice(value: object) -> bool:
    """Return whether a value is null, or maps scores to lists of values."""
    return value is None or (
        isinstance(value, dict)
        and all(isinstance(of, list) and of and all(map(is_number, of)) for of in value.values())
    )


if __name__ == "__main__":
    start("look", look)
