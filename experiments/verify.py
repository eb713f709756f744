"""Verify stored results: files by their sums, data, scores and tables by making them again.

python -m experiments.verify
python -m experiments.verify 'run=outputs/quickstart/*' num_cells=2

Every line ends with equal, different (and where) or not comparable (and why). The exit code is 1
if something differs.
"""

import logging
from collections import Counter
from pathlib import Path

from omegaconf import DictConfig

from data_gen.patterns import visible
from experiments.run.folder import RunFolder
from experiments.run.found import done_runs
from experiments.settings.checks import check_mappings
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.kinds import COUNT, FOLDER, or_null
from experiments.settings.run_settings import Machine
from experiments.settings.schema import check_kind, plain
from experiments.study.verification import Verdict, findings_of

LOG = logging.getLogger(__name__)


def verify(config: DictConfig) -> None:
    """Log a line for everything that is verified.

    Raises:
        UserError: a value is not allowed, there is nothing to verify, or something differs.
    """
    check_mappings(config, ("machine",))
    Machine.of(plain(config.machine))
    check_kind("results_dir", config.results_dir, FOLDER)
    check_kind("study", config.study, or_null(FOLDER))
    check_kind("num_cells", config.num_cells, or_null(COUNT))
    count: Counter[Verdict] = Counter()
    for path, finding in findings_of(
        _runs(config), _studies(config), config.machine, config.num_cells
    ):
        count[finding.verdict] += 1
        LOG.info("%s: %s", path, finding)
    told = ", ".join(f"{count[verdict]} {verdict}" for verdict in Verdict)
    if count[Verdict.DIFFERENT]:
        raise UserError(f"something differs: {told}")
    LOG.info("%s", told)


def _studies(config: DictConfig) -> list[Path]:
    """Return the folders of the studies to verify."""
    if config.study is not None:
        folders = [Path(config.study)]
    elif config.run is None:
        folders = [path.parent for path in visible(Path(config.results_dir), "*/transfer.csv")]
    else:
        return []
    if not folders or not (folders[0] / "transfer.csv").is_file():
        place = config.study or config.results_dir
        raise UserError(f"study must be the folder of a study with a transfer.csv, got {place!r}")
    return folders


def _runs(config: DictConfig) -> list[RunFolder]:
    """Return the runs to verify: those that are named, or the published ones of the studies."""
    if config.run is not None:
        return done_runs(str(config.run))
    found = [path.parent for of in _studies(config) for path in visible(of, "runs/*/DONE")]
    return [RunFolder(path) for path in found]


if __name__ == "__main__":
    start("verify", verify)
