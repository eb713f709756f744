"""Take run folders over from an older version: each is named by the identity that it has now.

python -m experiments.migrate folder=outputs

Numbers stay as they are. What changes is the hash of the configuration: in the names of run
folders, in tables, and in the names of published configurations. Broken off, it is started again.
"""

import logging
from dataclasses import dataclass, field
from pathlib import Path

from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from data_gen.files import write_atomically
from experiments.run.folder import RunFolder, read_config
from experiments.run.identity import config_hash
from experiments.settings.command import start
from experiments.settings.errors import UserError, message
from experiments.settings.kinds import FOLDER
from experiments.settings.schema import check_kind
from experiments.tables.rows import read_table

LOG = logging.getLogger(__name__)
TABLES = ("transfer*.csv", "curves.csv")  # that name configurations


@dataclass
class Plan:
    """What is renamed in a study."""

    study: Path
    hashes: dict[str, str] = field(default_factory=dict)  # of a configuration, old -> new
    renamed: dict[Path, Path] = field(default_factory=dict)  # runs and configurations

    def add(self, path: Path, target: Path, hashes: dict[str, str]) -> None:
        """A run or a configuration; raises UserError if another has the place already."""
        taken = target in self.renamed.values() or (target.exists() and target != path)
        if taken:
            raise UserError(f"{path}: {target.name} is there already, which of them should go on?")
        self.renamed[path] = target
        self.hashes |= {old: new for old, new in hashes.items() if old != new}

    def check(self) -> None:
        """Raise UserError if two configurations would become one."""
        if len(set(self.hashes.values())) < len(self.hashes):
            raise UserError(f"{self.study}: two of its configurations would become one")

    def carry_out(self) -> None:
        """Tables of the study, then those of runs, then names: what is left says what was."""
        folders = [self.study, *(path for path in self.renamed if path.is_dir())]
        for folder in folders:
            for table in (path for pattern in TABLES for path in sorted(folder.glob(pattern))):
                self._replace(table)
        for path, target in self.renamed.items():
            path.rename(target)

    def _replace(self, table: Path) -> None:
        """Put the new hashes in the place of the old ones; all else stays byte by byte."""
        before = text = table.read_text()
        for old, new in self.hashes.items():
            text = text.replace(f",{old},", f",{new},").replace(f",{old}\n", f",{new}\n")
        if text != before:
            write_atomically(table, lambda path: path.write_text(text))


def migrate(config: DictConfig) -> None:
    """Rename what is below `config.folder`; nothing is touched before all of it is looked at."""
    check_kind("folder", config.folder, FOLDER)
    if not Path(config.folder).is_dir():
        raise UserError(f"folder must be a folder that is there, got {config.folder!r}")
    plans: dict[Path, Plan] = {}
    for path in sorted(Path(config.folder).rglob(".hydra/config.yaml")):
        run = RunFolder(path.parents[1])
        home = run.path.parent.parent if run.path.parent.name == "runs" else run.path.parent
        try:
            target = run.path.with_name(RunFolder.of(run.load_config()).path.name)
            new = config_hash(run.load_config())
        except (UserError, OmegaConfBaseException) as error:
            LOG.warning("%s is left as it is: %s", run.path, message(error))
            continue
        old = {r.config_hash for t in run.path.glob("transfer*.csv") for r in read_table(t)}
        plans.setdefault(home, Plan(home)).add(run.path, target, dict.fromkeys(old, new))
    for home, plan in plans.items():
        for path in sorted(home.glob("configurations/*.yaml")):
            new = config_hash(read_config(path))
            plan.add(path, path.with_name(f"{new}.yaml"), {path.stem: new})
        plan.check()
    for home, plan in plans.items():
        plan.carry_out()
        LOG.info("%s: %d configurations renamed", home, len(plan.hashes))


if __name__ == "__main__":
    start("migrate", migrate)
