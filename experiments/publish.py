"""Copy what a study is cited by into results/.

python -m experiments.publish study=quickstart

That is its table, and of every run the configuration, the weights, the curve and the tables.
"""

import logging
import shutil
from pathlib import Path

from omegaconf import DictConfig

from experiments.cli import start
from experiments.collect import collect, run_folders, write_study

LOG = logging.getLogger(__name__)
CITED = (".hydra/config.yaml", "weights.safetensors", "metrics.jsonl", "DONE")


def publish(config: DictConfig) -> None:
    """Replace `<results_dir>/<study>/runs`, and the tables and figures beside it."""
    source = Path(config.runs_dir) / config.study
    target = Path(config.results_dir) / config.study
    rows, cells = collect(source)
    shutil.rmtree(target / "runs", ignore_errors=True)
    for run in run_folders(source):
        tables = [path.name for path in (*run.glob("transfer*.csv"), *run.glob("cells*.csv"))]
        for name in (*CITED, *tables):
            copy = target / "runs" / run.name / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run / name, copy)
    for path in write_study(rows, cells, target):
        LOG.info("%s", path)


if __name__ == "__main__":
    start("publish", publish)
