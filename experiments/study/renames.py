"""Rename the runs and configurations of a study that an older version wrote."""

from dataclasses import dataclass, field
from pathlib import Path

from data_gen.files import write_atomically
from data_gen.patterns import visible
from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError

TABLES = ("transfer*.csv", "curves.csv")  # tables with a column of configuration hashes


@dataclass
class Renames:
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
            tables = [path for pattern in TABLES for path in visible(folder, pattern)]
            changed = [table for table in tables if self._replace(table)]
            run = RunFolder(folder)
            if run.is_done:
                run.record(changed if run.has_sums else run.written)
        for path, target in self.renamed.items():
            path.rename(target)

    def _replace(self, table: Path) -> bool:
        """Replace the old hashes in a table, all other bytes stay; return whether it changed."""
        before = text = table.read_text()
        for old, new in self.hashes.items():
            text = text.replace(f",{old},", f",{new},").replace(f",{old}\n", f",{new}\n")
        if text != before:
            write_atomically(table, lambda path: path.write_text(text))
        return text != before
