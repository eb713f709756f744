"""Migrate run folders of an older version: rename them by their current identity.

python -m experiments.migrate folder=outputs

Scores stay as they are. The hash of the configuration changes: in the names of run folders, in
tables, and in the names of published configurations. After an interruption, start it again.
"""

import logging
from dataclasses import dataclass, field
from pathlib import Path

from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from data_gen.files import write_atomically
from data_gen.patterns import visible
from experiments.run.folder import RunFolder, read_config
from experiments.run.identity import config_hash
from experiments.settings.command import start
from experiments.settings.errors import UserError, message
from experiments.settings.kinds import FOLDER
from experiments.settings.schema import check_kind
from experiments.tables.rows import read_table

LOG = logging.getLogger(__name__)
TABLES = ("transfer*.csv", "curves.csv")  # tables with a column of configuration hashes


@dataclass
class Plan:
    """The renames in one study."""

    study: Path
    hashes: dict[str, str] = field(default_factory=dict)  # old hash of a configuration -> new
    renamed: dict[Path, Path] = field(default_factory=dict)  # of runs and configurations

    def add(self, path: Path, target: Path, hashes: dict[str, str]) -> None:
        """Add a run or a configuration; raise UserError if the target is taken."""
        if target in self.renamed.values() or (target.exists() and target != path):
            raise UserError(f"{path}: {target.name} is there already; remove one of the two")
        self.renamed[path] = target
        self.hashes |= {old: new for old, new in hashes.items() if old != new}

    def check(self) -> None:
        """Raise UserError if two configurations would get the same hash."""
        if len(set(self.hashes.values())) < len(self.hashes):
            raise UserError(f"{self.study}: two configurations would get the same hash")

    def carry_out(self) -> None:
        """Rewrite the study's tables, then those of runs, then rename, so it can be repeated."""
        folders = [self.study, *(path for path in self.renamed if path.is_dir())]
        for folder in folders:
            for table in (path for pattern in TABLES for path in visible(folder, pattern)):
                self._replace(table)
        for path, target in self.renamed.items():
            path.rename(target)

    def _replace(self, table: Path) -> None:
        """Replace the old hashes in a table by the new ones; all other bytes stay."""
        before = text = table.read_text()
        for old, new in self.hashes.items():
            text = text.replace(f",{old},", f",{new},").replace(f",{old}\n", f",{new}\n")
        if text != before:
            write_atomically(table, lambda path: path.write_text(text))


def migrate(config: DictConfig) -> None:
    """Rename runs and configurations below `config.folder`, after checking all of them.

    Raises:
        UserError: the folder is missing, or two runs or configurations would become one.
    """
    check_kind("folder", config.folder, FOLDER)
    if not Path(config.folder).is_dir():
        raise UserError(f"folder must be an existing folder, got {config.folder!r}")
    plans: dict[Path, Plan] = {}
    for path in visible(Path(config.folder), "**/.hydra/config.yaml"):
        run = RunFolder(path.parents[1])
        home = run.path.parent.parent if run.path.parent.name == "runs" else run.path.parent
        try:
            target = run.path.with_name(RunFolder.of(run.load_config()).path.name)
            new = config_hash(run.load_config())
        except (UserError, OmegaConfBaseException) as error:
            LOG.warning("%s is skipped: %s", run.path, message(error))
            continue
        old = {r.config_hash for t in visible(run.path, "transfer*.csv") for r in read_table(t)}
        plans.setdefault(home, Plan(home)).add(run.path, target, dict.fromkeys(old, new))
    for home, plan in plans.items():
        for path in visible(home, "configurations/*.yaml"):
            new = config_hash(read_config(path))
            plan.add(path, path.with_name(f"{new}.yaml"), {path.stem: new})
        plan.check()
    for home, plan in plans.items():
        plan.carry_out()
        LOG.info("%s: %d configurations renamed", home, len(plan.hashes))


if __name__ == "__main__":
    start("migrate", migrate)
