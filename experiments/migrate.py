"""Take run folders over from an older version: each is named by the identity that it has now.

python -m experiments.migrate folder=outputs

Numbers stay as they are. What changes is the hash of the configuration: in the names of run
folders, in tables, and in the names of published configurations.
"""

import logging
from pathlib import Path

from omegaconf import DictConfig

from data_gen.files import write_atomically
from experiments.run.folder import RunFolder, read_config
from experiments.run.identity import config_hash
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.predicates import is_folder
from experiments.tables.rows import read_table

LOG = logging.getLogger(__name__)
TABLES = ("transfer*.csv", "curves.csv")  # that name configurations


def migrate(config: DictConfig) -> None:
    """Rename what is below `config.folder`, a study at a time.

    Raises:
        UserError: there is no such folder, or two configurations would become one.
    """
    if not is_folder(config.folder) or not Path(config.folder).is_dir():
        raise UserError(f"folder: {config.folder!r} is not allowed, a folder is")
    runs: dict[Path, list[RunFolder]] = {}
    for path in sorted(Path(config.folder).rglob(".hydra/config.yaml")):
        folder = path.parents[1].parent
        runs.setdefault(folder.parent if folder.name == "runs" else folder, []).append(
            RunFolder(path.parents[1])
        )
    for study, of_study in runs.items():
        num_renamed = _migrate_study(study, of_study)
        LOG.info("%s: %d configurations renamed", study, num_renamed)


def _migrate_study(study: Path, runs: list[RunFolder]) -> int:
    """Rename the configurations of a study; how many have another hash now."""
    hashes: dict[str, str] = {}  # old -> new
    for run in runs:
        if run.table_path().is_file():
            hashes[read_table(run.table_path())[0].config_hash] = config_hash(run.load_config())
    published = sorted(study.glob("configurations/*.yaml"))
    hashes |= {path.stem: config_hash(read_config(path)) for path in published}
    if len(set(hashes.values())) < len(hashes):
        raise UserError(f"{study}: two of its configurations would become one")
    changed = {old: new for old, new in hashes.items() if old != new}
    for folder in (study, *(run.path for run in runs)):
        for table in (path for pattern in TABLES for path in sorted(folder.glob(pattern))):
            _replace(table, changed)
    for path in published:
        path.rename(path.with_name(f"{hashes[path.stem]}.yaml"))
    for run in runs:
        run.path.rename(run.path.with_name(RunFolder.of(run.load_config()).path.name))
    return len(changed)


def _replace(table: Path, hashes: dict[str, str]) -> None:
    """Put the new hashes in the place of the old ones; all else stays byte by byte."""
    text = table.read_text()
    for old, new in hashes.items():
        text = text.replace(f",{old},", f",{new},").replace(f",{old}\n", f",{new}\n")
    write_atomically(table, lambda path: path.write_text(text))


if __name__ == "__main__":
    start("migrate", migrate)
