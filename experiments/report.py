"""Write one self-contained page of the studies: `python -m experiments.report`.

It opens from disk without a network. The same tables give the same bytes.
"""

import logging
from pathlib import Path

from omegaconf import DictConfig

from data_gen.files import write_atomically
from experiments.report_page.document import document
from experiments.report_page.section import Section
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.predicates import is_folder, is_name

LOG = logging.getLogger(__name__)


def report(config: DictConfig) -> None:
    """Write `file` from one study, or from all; raises UserError for a value that is wrong."""
    _check(config)
    target, results = Path(config.file), Path(config.results_dir)
    folders = [results / config.study] if config.study else _studies(results)
    sections = [Section.of(folder, target.absolute().parent) for folder in folders]
    text = document(sections)
    write_atomically(target, lambda path: path.write_text(text, encoding="utf-8"))
    LOG.info("%s", target)


def _check(config: DictConfig) -> None:
    for key in ("results_dir", "file"):
        if not is_folder(config[key]):
            raise UserError(f"{key}: {config[key]!r} is not allowed, a path is")
    if config.study is not None and not is_name(config.study):
        raise UserError(f"study: {config.study!r} is not allowed, null or the name of a study is")
    target = Path(config.file)
    if target.suffix != ".html" or target.is_dir():
        raise UserError(f"file: {config.file!r} is not allowed, a file that ends with .html is")
    if config.study and not (Path(config.results_dir) / config.study / "transfer.csv").is_file():
        raise UserError(f"study: {config.results_dir}/{config.study} has no transfer.csv")


def _studies(results: Path) -> list[Path]:
    """Those that have a table; raises UserError if there are none."""
    folders = sorted(path.parent for path in results.glob("*/transfer.csv"))
    if not folders:
        raise UserError(f"results_dir: {results} has no study with a transfer.csv")
    return folders


if __name__ == "__main__":
    start("report", report)
