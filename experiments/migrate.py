"""Migrate run folders of an older version: rename them by their current identity.

python -m experiments.migrate folder=outputs

Scores stay as they are. The hash of the configuration changes: in the names of run folders, in
tables, and in the names of published configurations. Runs without SHA256SUMS get one. After an
interruption, start it again.
"""

import logging
from pathlib import Path

from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from data_gen.patterns import visible
from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.run.stored_config import read_config
from experiments.settings.command import start
from experiments.settings.errors import UserError, message
from experiments.settings.kinds import FOLDER
from experiments.settings.schema import check_kind
from experiments.study.renames import Renames
from experiments.tables.rows import read_table

LOG = logging.getLogger(__name__)


def migrate(config: DictConfig) -> None:
    """Rename runs and configurations below `config.folder`, after checking all of them.

    Raises:
        UserError: the folder is missing, or two runs or configurations would become one.
    """
    check_kind("folder", config.folder, FOLDER)
    if not Path(config.folder).is_dir():
        raise UserError(f"folder must be an existing folder, got {config.folder!r}")
    plans: dict[Path, Renames] = {}
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
        plans.setdefault(home, Renames(home)).add(run.path, target, dict.fromkeys(old, new))
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
