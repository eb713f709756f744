"""Score trained runs on new cells: other sizes, distributions, edge weights, numbers of steps.

python -m experiments.evaluate run=outputs/quickstart/<run> transfer.sizes=[64,128] \
    'distribution@transfer.distributions=[grid,delaunay]' 'transfer.num_message_passing_steps=[1x]'
"""

import logging
from pathlib import Path

import torch
from omegaconf import DictConfig, OmegaConf, open_dict

from data_gen.dataset import make
from experiments.cli import start
from experiments.errors import UserError
from experiments.evaluation import evaluate
from experiments.run_folder import RunFolder, config_hash
from experiments.study import Study, device_of, num_workers_of
from experiments.table import format_table, read_table

LOG = logging.getLogger(__name__)


def evaluate_runs(config: DictConfig) -> None:
    """Write `transfer-<name>.csv` into every run folder that `config.run` matches."""
    folders = [RunFolder.existing(path) for path in _matches(str(config.run))]
    if not str(config.name).isidentifier():
        raise UserError(f"name: {config.name!r} is not allowed, letters, digits and _ are")
    device = device_of(config)
    torch.set_num_threads(config.machine.num_threads)
    trained = [folder.load_config() for folder in folders]
    studies = [Study(_with_cells(old, config), config_hash(old)) for old in trained]
    rows = []
    for folder, study in zip(folders, studies, strict=True):
        if not folder.is_done:
            LOG.warning("%s is not done: left out", folder.path)
            continue
        make(study.data_sets[2:], num_workers_of(config))
        model = study.build_model()
        folder.load_weights(model)
        seconds = read_table(folder.table_path())[0].seconds
        rows += evaluate(study, model.to(device), folder, seconds, config.name)
        LOG.info("%s", folder.table_path(config.name))
    if rows:
        LOG.info("%s", format_table(rows))


def _matches(pattern: str) -> list[Path]:
    """The folders of a pattern; raises UserError if there are none."""
    root = Path(pattern).anchor or "."
    found = sorted(Path(root).glob(str(Path(pattern).relative_to(Path(pattern).anchor))))
    folders = [path for path in found if path.is_dir()]
    if not folders:
        raise UserError(f"run: {pattern} is not a run folder, nor a pattern of some")
    return folders


def _with_cells(trained: DictConfig, config: DictConfig) -> DictConfig:
    """The configuration of a run, with the cells asked for in the place of those it had."""
    merged = OmegaConf.create(OmegaConf.to_container(trained))
    assert isinstance(merged, DictConfig)
    with open_dict(merged):
        for key, value in config.transfer.items():
            if value is not None and value != {}:
                merged.transfer[key] = value
        merged.machine = {**trained.machine, **config.machine}
    return merged


if __name__ == "__main__":
    start("evaluate", evaluate_runs)
