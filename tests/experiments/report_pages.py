"""Helpers of the tests of the report: making pages and reading the data in them."""

import base64
import gzip
import html
import json
import re

from omegaconf import OmegaConf

from experiments.report import report
from experiments.tables.rows import write_table
from tests.conftest import ROOT
from tests.experiments.test_tables_and_figures import row


def written(folder, **changes):
    """Write a page into a folder; return its text."""
    values = {"study": None, "results_dir": str(ROOT / "results"), "file": "report.html"}
    values |= {"file": str(folder / values["file"]), **changes}
    report(OmegaConf.create(values))
    return (folder / "report.html").read_text()


def data_of(page, study):
    """Return the data of a study in the page."""
    blocks = re.findall(r'<script type="[^"]*" data-data="([^"]*)">([^<]*)</script>', page)
    return json.loads(gzip.decompress(base64.b64decode(dict(blocks)[html.escape(study)])))


def make_study(folder, rows=None):
    """Make a study that has only a table."""
    folder.mkdir(parents=True)
    write_table(rows or [row(seed=0), row(seed=1, mean=0.7)], folder / "transfer.csv")
    return folder
