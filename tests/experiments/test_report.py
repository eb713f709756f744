"""The report of all studies, and of a single study."""

import base64
import hashlib
import io
import os
import re
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT, composed
from tests.experiments.report_pages import data_of, written
from tests.experiments.test_tables_and_figures import STUDIES
from tests.processes import run


def reduced(png):
    """Return the colours of a picture, reduced sixteenfold in width and height."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB").reduce(16)).astype(int)


def test_every_study_and_figure_is_on_the_page(page):
    assert re.findall(r'<section class="study" data-study="([^"]*)"', page) == [
        folder.name for folder in STUDIES
    ]
    pictures = sorted(ROOT.glob("results/*/*.png"))
    shown = re.findall(r'src="data:image/png;base64,([^"]*)" alt="([^":]*): ', page)
    assert sorted(name for _, name in shown) == sorted(path.stem for path in pictures)
    of_name = {name: reduced(base64.b64decode(picture)) for picture, name in shown}
    for path in pictures:
        assert np.abs(reduced(path.read_bytes()) - of_name[path.stem]).mean() < 2
        if path.with_suffix(".pdf").is_file():
            assert f'{path.parent.name}/{path.stem}.pdf"' in page


def test_a_study_asks_its_question_before_it_tells_how_it_was_made(page):
    section = page[page.index('<section class="study" data-study="nbody_cpu"') :]
    lead, made = section[: section.index("<figure>")].split("<details>")
    assert "three\nseeds each." in lead
    assert "Made by" not in lead
    assert "Made by" in made
    assert "python -m experiments.train experiment=nbody_cpu seed=0,1,2" in made


@pytest.mark.parametrize(
    ("study", "figure"),
    [
        ("quickstart", "size_transfer"),
        ("inductive_bias", "inductive_bias"),
        ("sat_cpu", "sat_rounds"),
    ],
)
def test_the_figure_that_the_readme_names_first_is_first(page, study, figure):
    section = page[page.index(f'<section class="study" data-study="{study}"') :]
    assert re.search('aria-label="Enlarge ([^"]*)"', section)[1] == figure


def test_links_of_cards_work_without_javascript(page):
    links = re.findall(r'<a class="card" href="#([^"]*)"', page)
    assert len(links) == len(STUDIES)
    for link in [*links, "overview"]:
        assert page.count(f' id="{link}"') == 1


def test_a_study_that_is_not_published_asks_with_the_words_of_its_configuration(tmp_path):
    source = next((ROOT / "results/quickstart/runs").glob("next_hop-seed0-*"))
    folder = tmp_path / "outputs" / "quickstart"
    shutil.copytree(source, folder / source.name)
    shutil.copy(source / "transfer.csv", folder / "transfer.csv")
    text = written(tmp_path, results_dir=str(tmp_path / "outputs"), study="quickstart")
    assert "<h2>Trained on graphs of 8-16 nodes: how far does a network transfer" in text
    ((known,),) = [of["runs"] for of in data_of(text, "quickstart")["runs"].values()]
    assert known == {"name": source.name, "href": f"outputs/quickstart/{source.name}/", "seed": 0}


def test_the_same_tables_give_the_same_bytes(tmp_path):
    first = written(tmp_path, study="sat_cpu")
    assert written(tmp_path, study="sat_cpu") == first
    packed = re.search(r'data-data="sat_cpu">([^<]*)<', first)[1]
    assert base64.b64decode(packed)[4:8] == b"\0\0\0\0"  # the date in gzip's header
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.slow
def test_the_command_gives_the_same_bytes_in_another_process(tmp_path):
    first = written(tmp_path, study="sat_cpu")
    command = [sys.executable, "-m", "experiments.report", "study=sat_cpu"]
    command += [f"file={tmp_path / 'report.html'}"]
    (tmp_path / "report.html").unlink()
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    done = run(command, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").read_text() == first


def test_only_the_page_s_own_scripts_may_run_and_nothing_is_fetched(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts}
    assert len(digests) == 4
    assert set(re.findall(r"'sha256-([^']*)'", policy)) == digests
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy
    assert not re.search(r'<(script|img|iframe)[^>]* src="(?!data:)|@import|sourceMappingURL', page)


def test_the_page_of_all_studies_is_below_10_mb(page):
    assert len(page.encode()) < 10_000_000


def test_the_command_s_configuration_is_as_written():
    config = composed(config_name="report")
    assert (config.study, config.results_dir, config.file) == (None, "results", "report.html")


def test_the_libraries_are_there_with_their_licences_and_versions():
    vendor = ROOT / "experiments/report_page/vendor"
    about = (vendor / "README.md").read_text()
    for name, version in (("uplot", "1.6.32"), ("tabulator", "6.5.3")):
        assert version in about
        assert f"v{version}" in (vendor / f"{name}.min.js").read_text()[:200]
        assert "MIT" in (vendor / f"{name}.LICENSE.txt").read_text()
