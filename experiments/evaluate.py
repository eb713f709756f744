"""Score trained runs on new cells: other sizes, distributions, edge weights or step rules.

python -m experiments.evaluate run=outputs/quickstart/<run> transfer.sizes=[64,128] \
    'distribution@transfer.distributions=[grid,delaunay]' 'transfer.num_message_passing_steps=[1x]'
python -m experiments.evaluate run=outputs/default/<run> data.files='cnf/*.cnf'
"""

import logging
from typing import Any

from omegaconf import DictConfig, OmegaConf

from data_gen.dataset import make
from data_gen.task import Task
from experiments.run.bounds import check_fits
from experiments.run.evaluation import evaluate
from experiments.run.found import done_runs
from experiments.run.machine import num_workers_of
from experiments.run.stored import study_of, trained_model
from experiments.settings.checks import check_mappings
from experiments.settings.command import start
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.settings.kinds import EVALUATION
from experiments.settings.schema import check_kind
from experiments.statistics.text import format_table

LOG = logging.getLogger(__name__)


def evaluate_runs(config: DictConfig) -> None:
    """Write `transfer-<name>.csv` into every run folder that `config.run` matches.

    Raises:
        UserError: a value is not allowed, or a table of that name exists.
    """
    check_mappings(config, ("transfer", "task", "data", "machine"))
    check_kind("name", config.name, EVALUATION)
    folders = done_runs(str(config.run))
    for folder in folders:
        if folder.table_path(config.name).exists():
            raise UserError(f"name: {folder.table_path(config.name)} exists, take another name")
    task: Task[Any] = construct(folders[0].load_config().task, "task", Task)
    transfer = _transfer(config, task)
    others = transfer, config.machine, config.task
    studies = [study_of(folder.load_config(), *others) for folder in folders]
    models = [trained_model(*pair) for pair in zip(studies, folders, strict=True)]
    cells = [cell.data_set for study in studies for cell in study.test_cells]
    check_fits(cells, studies[0].settings.machine)
    make(cells, num_workers_of(studies[0].settings.machine))
    rows = []
    for folder, study, model in zip(folders, studies, models, strict=True):
        seconds = folder.load_seconds() or 0.0
        with folder.locked(waits=True):
            rows += evaluate(study, model, folder, seconds, config.name)
        LOG.info("%s", folder.table_path(config.name))
    LOG.info("%s", format_table(rows))


def _transfer(config: DictConfig, task: Task[Any]) -> dict[str, Any]:
    """Return the settings that replace those of the runs: the given ones, or cells of files."""
    asked = {key: value for key, value in config.transfer.items() if value not in (None, {})}
    if config.data.files is None:
        return asked
    kind = task.file_law
    if kind is None:
        raise UserError(f"data.files must be null for {type(task).__name__}, which reads no files")
    for key in ("distributions", "edge_weights", "sizes", "num_instances"):
        if key in asked:
            raise UserError(f"transfer.{key} must be null with data.files, got {asked[key]}")
    target = f"{kind.__module__}.{kind.__name__}"
    node = OmegaConf.create({"_target_": target, **config.data, **task.file_settings})
    law = construct(node, "data", kind)
    return {**asked, "distributions": {"files": node}, "edge_weights": {}, "sizes": law.sizes}


if __name__ == "__main__":
    start("evaluate", evaluate_runs)
