"""Copy the citable parts of a study into results/.

python -m experiments.publish study=quickstart

Copied are the study's table, every configuration that the table names, and the configuration, the
weights, the learning curve and the tables of every run (or of the runs that `runs` matches). With
`keep=true`, methods of the published study without a run here stay as they are.
"""

import logging
from fnmatch import fnmatch
from pathlib import Path

from omegaconf import DictConfig

from data_gen.replaced import replaced
from experiments.settings.checks import check_places
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.kinds import FLAG
from experiments.settings.schema import check_kind
from experiments.study.join import current_runs, write_study
from experiments.study.published import publish_configurations, publish_runs
from experiments.study.tables import StudyTables

LOG = logging.getLogger(__name__)


def publish(config: DictConfig) -> None:
    """Replace `<results_dir>/<study>`, all at once: runs, configurations, tables and figures.

    Other files of the published study stay.

    Raises:
        UserError: a value is not allowed, there is no such study or run, the two folders are the
            same, or a file of a run is damaged.
    """
    check_places(config)
    check_kind("keep", config.keep, FLAG)
    source = Path(config.runs_dir) / config.study
    target = Path(config.results_dir) / config.study
    if source.resolve() == target.resolve():
        raise UserError(f"results_dir must be another folder than where the runs are, got {target}")
    runs = current_runs(source)
    cited = [run for run in runs if fnmatch(run.name, str(config.runs))]
    if not cited:
        raise UserError(f"runs must match the name of a run in {source}, got {config.runs!r}")
    tables = StudyTables.of_runs(runs)
    mine = {row.config_hash for row in tables.rows}
    if config.keep:
        tables = tables.with_methods_of(StudyTables.of_folder(target))
    hashes = {row.config_hash for row in tables.rows}
    with replaced(target) as study:
        publish_runs(cited, hashes - mine, study)
        publish_configurations(runs, hashes, study)
        paths = write_study(tables, study)
    for path in paths:
        LOG.info("%s", target / path.name)


if __name__ == "__main__":
    start("publish", publish)
