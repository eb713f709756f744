"""Write a self-contained HTML page of the studies: `python -m experiments.report`.

The page opens from disk without a network. The same tables give the same bytes.
"""

import logging
from pathlib import Path

from omegaconf import DictConfig

from data_gen.files import write_atomically
from data_gen.patterns import visible
from experiments.report_page.document import document
from experiments.report_page.section import Section
from experiments.settings.checks import check_places
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.predicates import is_folder

LOG = logging.getLogger(__name__)


def report(config: DictConfig) -> None:
    """Write `file` from one study, or from all.

    Raises:
        UserError: a value is not allowed, or a file of a study cannot be read.
    """
    _check(config)
    target, results = Path(config.file), Path(config.results_dir)
    folders = [results / config.study] if config.study else _studies(results)
    sections = [Section.of(folder, target.absolute().parent) for folder in folders]
    text = document(sections)
    write_atomically(target, lambda path: path.write_text(text, encoding="utf-8"))
    LOG.info("%s", target)


def _check(config: DictConfig) -> None:
    check_places(config, nullable=["study"])
    target = Path(config.file) if is_folder(config.file) else Path()
    if target.suffix != ".html" or target.is_dir():
        raise UserError(f"file must be the path of a .html file, got {config.file!r}")
    if config.study and not (Path(config.results_dir) / config.study / "transfer.csv").is_file():
        raise UserError(f"study: {config.results_dir}/{config.study} has no transfer.csv")


def _studies(results: Path) -> list[Path]:
    """Return the folders of studies that have a table; raise UserError if there are none."""
    folders = [path.parent for path in visible(results, "*/transfer.csv")]
    if not folders:
        raise UserError(f"results_dir: {results} has no study with a transfer.csv")
    return folders


if __name__ == "__main__":
    start("report", report)
