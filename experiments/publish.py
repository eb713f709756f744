"""Copy what a study is cited by into results/.

python -m experiments.publish study=quickstart

That is its table, every configuration that the table names, and of every run (or those that `runs`
matches) the configuration, the weights, the curve and the tables. With `keep=true`, methods of the
published study that have no run here stay as they are.
"""

import logging
from fnmatch import fnmatch
from pathlib import Path

from omegaconf import DictConfig

from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.kinds import FLAG
from experiments.settings.schema import check_kind
from experiments.study.join import current_runs, write_study
from experiments.study.published import publish_configurations, publish_runs
from experiments.study.tables import StudyTables

LOG = logging.getLogger(__name__)


def publish(config: DictConfig) -> None:
    """Replace `<results_dir>/<study>/runs`, and configurations, tables and figures beside it."""
    source = Path(config.runs_dir) / config.study
    target = Path(config.results_dir) / config.study
    if source.resolve() == target.resolve():
        raise UserError(f"results_dir: {target} is where the runs are")
    check_kind("keep", config.keep, FLAG)
    runs = current_runs(source)
    cited = [run for run in runs if fnmatch(run.name, str(config.runs))]
    if not cited:
        raise UserError(f"runs: {config.runs!r} is the name of no run in {source}")
    tables = StudyTables.of_runs(runs)
    mine = {row.config_hash for row in tables.rows}
    if config.keep:
        tables = tables.with_methods_of(StudyTables.of_folder(target))
    hashes = {row.config_hash for row in tables.rows}
    publish_runs(cited, hashes - mine, target)
    publish_configurations(runs, hashes, target)
    for path in write_study(tables, target):
        LOG.info("%s", path)


if __name__ == "__main__":
    start("publish", publish)
