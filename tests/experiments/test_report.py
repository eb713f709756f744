import base64
import gzip
import hashlib
import html
import io
import json
import math
import os
import re
import shutil
import sys

import numpy as np
import pytest
from omegaconf import OmegaConf
from PIL import Image

from experiments.report import report
from experiments.report_page.pictures import small
from experiments.report_page.plain_tables import curve_data
from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.settings.errors import UserError
from experiments.statistics.intervals import over_runs
from experiments.tables.pictures import plain, stored_pictures
from experiments.tables.rows import read_table, write_table
from tests.conftest import ROOT, composed
from tests.experiments.test_tables_and_figures import STUDIES, row
from tests.processes import run

SCENE = (ROOT / "results/sat_cpu/literal_embedding.json.gz").read_bytes()
ATTACK = "<img src=x onerror=alert(1)>"


def written(folder, **changes):
    """The text of a page written into a folder."""
    values = {"study": None, "results_dir": str(ROOT / "results"), "file": "report.html"}
    values |= {"file": str(folder / values["file"]), **changes}
    report(OmegaConf.create(values))
    return (folder / "report.html").read_text()


def data_of(page, study):
    """What the page knows of a study."""
    blocks = re.findall(r'<script type="[^"]*" data-data="([^"]*)">([^<]*)</script>', page)
    return json.loads(gzip.decompress(base64.b64decode(dict(blocks)[html.escape(study)])))


def column(columns, name):
    found = columns[name]
    return found if isinstance(found, list) else [found["values"][k] for k in found["index"]]


def reduced(png):
    """The colours of a picture, a sixteenth as wide and high."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB").reduce(16)).astype(int)


@pytest.fixture(scope="module")
def page(report_page):
    return report_page.read_text()


def make_study(folder, rows=None):
    """A study that has nothing but a table."""
    folder.mkdir(parents=True)
    write_table(rows or [row(seed=0), row(seed=1, mean=0.7)], folder / "transfer.csv")
    return folder


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


@pytest.mark.parametrize("name", ["sat_difficulty/sat_difficulty", "nbody_cpu/rollout_gravity"])
def test_a_picture_gets_a_palette_and_looks_the_same(name):
    stream = io.BytesIO()  # a part of it: the whole takes seconds
    with Image.open(ROOT / "results" / f"{name}.png") as picture:
        picture.crop((0, 0, 900, 600)).save(stream, "PNG", optimize=True)
    content = stream.getvalue()
    written = small(content)
    assert len(written) < len(content) / 2
    assert small(content) == written
    before, after = (
        np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
        for png in (content, written)
    )
    assert before.shape == after.shape
    assert np.abs(before - after).mean() < 1
    assert np.abs(before - after).max() < 32
    colours, counts = np.unique(before.reshape(-1, 3), axis=0, return_counts=True)
    for colour in colours[np.argsort(-counts)[:50]]:
        assert (after[(before == colour).all(axis=-1)] == colour).all()


def test_a_picture_that_a_palette_would_spoil_or_enlarge_stays():
    rng = np.random.default_rng(0)
    clear = rng.choice(np.array([0, 128], dtype=np.uint8), size=(64, 64, 4))
    photograph = rng.integers(256, size=(300, 300, 3), dtype=np.uint8)
    for pixels in (clear, photograph, np.full((2, 2), 255, dtype=np.uint8)):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "PNG", optimize=True)
        assert small(stream.getvalue()) == stream.getvalue()
    broken = (ROOT / "results/quickstart/severity.png").read_bytes()[:3000]
    huge = broken[:16] + b"\x7f\xff\xff\xff" * 2 + broken[24:]
    for content in (b"", b"x" * 100, broken, huge):
        assert small(content) == content


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


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_the_numbers_are_those_of_the_table(page, folder):
    cells, found = data_of(page, folder.name)["cells"], {}
    names = ("task", "model", "steps_rule", "distribution", "size", "shift", "metric")
    keys = zip(*(column(cells, name) for name in names), strict=True)
    values = zip(cells["mean"], cells["low"], cells["high"], cells["count"], strict=True)
    found = dict(zip(keys, values, strict=True))
    groups = {}
    for r in read_table(folder / "transfer.csv"):
        groups.setdefault(tuple(getattr(r, name) for name in names), []).append(r)
    assert found.keys() == groups.keys()
    for key, rows in groups.items():
        *estimate, count = found[key]
        assert count == len(rows)
        wanted = [None if math.isnan(v) else float(f"{v:.6g}") for v in over_runs(rows)]
        assert estimate == wanted


def test_every_row_of_the_table_is_behind_a_number(page):
    rows = data_of(page, "sat_cpu")["rows"]
    table = read_table(ROOT / "results/sat_cpu/transfer.csv")
    for name in ("seed", "num_instances", "config_hash", "data_hash", "commit", "versions"):
        assert sorted(column(rows, name)) == sorted(getattr(r, name) for r in table)


def test_a_run_is_found_by_its_configuration(page):
    data = data_of(page, "quickstart")
    published = list(ROOT.glob("results/quickstart/runs/*"))
    runs = [run for known in data["runs"].values() for run in known["runs"]]
    assert sorted(run["name"] for run in runs) == sorted(path.name for path in published)
    for digest, known in data["runs"].items():
        assert all(run["name"].endswith(digest[:8]) for run in known["runs"])
        assert "_target_: gn.models" in known["config"]


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_the_configuration_of_every_number_is_there(page, folder):
    data = data_of(page, folder.name)
    assert set(data["runs"]) == set(column(data["rows"], "config_hash"))
    for digest, known in data["runs"].items():
        assert known["href"].endswith(f"results/{folder.name}/configurations/{digest}.yaml")
        assert config_hash(OmegaConf.create(known["config"])) == digest


def test_a_configuration_is_looked_for_in_its_own_folder_and_then_in_runs(tmp_path):
    config = OmegaConf.create({"model": 1, "task": 2, "seed": 0})
    digest = config_hash(config)
    folder = make_study(tmp_path / "in" / "s", [row(config_hash=digest)])
    RunFolder(folder / "runs" / "x").save_config(config)
    (known,) = data_of(written(tmp_path, results_dir=str(tmp_path / "in")), "s")["runs"].values()
    assert known["href"] == "in/s/runs/x/.hydra/config.yaml"
    path = folder / "configurations" / f"{digest}.yaml"
    path.parent.mkdir()
    path.write_text("# its own\nmodel: 1\ntask: 2\n")
    (known,) = data_of(written(tmp_path, results_dir=str(tmp_path / "in")), "s")["runs"].values()
    assert known["href"] == f"in/s/configurations/{digest}.yaml"
    assert known["config"].startswith("# its own")
    assert [run["name"] for run in known["runs"]] == ["x"]


def test_the_player_has_the_pictures_of_all_files(page):
    for study, counts in (("nbody_cpu", [61, 61, 101, 101, 101, 101]), ("sat_cpu", [64, 64])):
        shown = data_of(page, study)["pictures"]
        stored = stored_pictures(ROOT / "results" / study)
        assert sorted(len(picture["captions"]) for picture in shown) == counts
        pairs = [(name, picture) for name, of in stored.items() for picture in of]
        assert shown == [{"file": name, **plain(picture)} for name, picture in pairs]


def test_the_same_tables_give_the_same_bytes(tmp_path):
    first = written(tmp_path, study="sat_cpu")
    assert written(tmp_path, study="sat_cpu") == first
    packed = re.search(r'data-data="sat_cpu">([^<]*)<', first)[1]
    assert base64.b64decode(packed)[4:8] == b"\0\0\0\0"  # gzip's date
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


def test_names_of_a_stranger_are_text(tmp_path):
    rows = [row(model=ATTACK, seed=seed) for seed in (0, 1)]
    folder = make_study(tmp_path / "in" / ATTACK, rows)
    (folder / "README.md").write_text(
        f"# x: {ATTACK}\n\n{ATTACK} [link](javascript:alert(1)) <script>alert(1)</script>\n"
        f"\n<script>alert(2)</script>\n\n<div onclick=alert(3)>\n\n</div>\n\n"
        f"![alt](http://example.com/x.png) <http://example.com>\n\n```bash\n{ATTACK}\n```\n"
    )
    shutil.copy(STUDIES[0] / "particle_transfer.png", folder / f"{ATTACK}.png")
    text = written(tmp_path, results_dir=str(tmp_path / "in"))
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    assert "<div onclick" not in text
    assert "javascript:alert" not in re.sub(r"\[link\]\([^)]*\)", "", text)
    assert 'src="http' not in text
    assert text.count("&lt;img src=x onerror=alert(1)&gt;") >= 6
    assert data_of(text, ATTACK)["cells"]["model"]["values"] == [ATTACK]


def test_links_are_relative_to_the_page(tmp_path):
    folder = make_study(tmp_path / "results" / "s t")
    (folder / "README.md").write_text("# s: why?\n\nSee [the page](../../docs/a.md).\n")
    text = written(tmp_path, results_dir=str(tmp_path / "results"))
    assert 'href="docs/a.md"' in text
    assert 'href="results/s%20t/transfer.csv"' in text


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("http://[bad", None),
        ("//[bad", None),
        ("a%20b.md", "in/s/a%20b.md"),
        ("../x.md#what-is-y", "in/x.md#what-is-y"),
        ("x.md#a%20%22b", "in/s/x.md#a%20%22b"),
        ("javascript%3Aalert(1)", "in/s/javascript%3Aalert%281%29"),
        ("https://example.com/a?b=1#c", "https://example.com/a?b=1#c"),
    ],
)
def test_a_link_of_a_readme_leads_where_it_says_or_nowhere(tmp_path, address, link):
    folder = make_study(tmp_path / "in" / "s")
    (folder / "README.md").write_text(f"# s: why?\n\nSee [that]({address}).\n")
    text = written(tmp_path, results_dir=str(tmp_path / "in"))
    assert (f'<a href="{link}">that</a>' if link else "<a>that</a>") in text


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
    assert "<h2>Trained on graphs of 8-16 nodes: how far does it transfer" in text
    ((known,),) = [of["runs"] for of in data_of(text, "quickstart")["runs"].values()]
    assert known == {"name": source.name, "href": f"outputs/quickstart/{source.name}/", "seed": 0}


def test_tables_that_a_study_may_have_are_shown(tmp_path):
    folder = make_study(tmp_path / "in" / "s")
    (folder / "severity.csv").write_text("distribution,size,distance,none\ngrid,16,0.5,nan\n")
    (folder / "transfer.tex").write_text("%")
    curves = "study,task,model,seed,step,metric,value,config_hash\n"
    curves += "s,t,m,0,10,valid,0.2,c\ns,t,m,1,10,valid,0.4,c\ns,t,m,0,20,valid,0.6,c\n"
    (folder / "curves.csv").write_text(curves)
    text = written(tmp_path, results_dir=str(tmp_path / "in"))
    data = data_of(text, "s")
    assert data["tables"] == [
        {
            "name": "severity.csv",
            "columns": ["distribution", "size", "distance"],
            "lines": [["grid", 16, 0.5]],
        }
    ]
    assert data["curves"]["step"] == [10, 20]
    assert data["curves"]["mean"] == [0.3, 0.6]
    assert data["curves"]["low"][0] < 0.2
    assert data["curves"]["low"][1] is None
    assert 'href="in/s/transfer.tex"' in text


@pytest.mark.parametrize(
    ("metric", "values", "low", "high"),
    [
        ("val/valid", (0.0, 1.0), 0, 1),
        ("val/loss", (0.1, 0.9), 0, None),
        ("train/loss", (0.1, 3.0), 0, None),
        ("val/error", (0.1, 0.9), 0, None),
        ("val/energy", (-0.1, 0.9), None, None),
    ],
)
def test_bands_of_learning_curves_end_where_values_do(tmp_path, metric, values, low, high):
    lines = [f"t,m,{seed},1,{metric},{value}" for seed, value in enumerate(values)]
    (tmp_path / "curves.csv").write_text("\n".join(["task,model,seed,step,metric,value", *lines]))
    goals = ["task,metric,perfect,is_share", "t,valid,1,1", "t,error,0,0", "t,energy,nan,0"]
    (tmp_path / "metrics.csv").write_text("\n".join(goals))
    curves = curve_data(tmp_path)
    assert curves["least"] == [min(values)]
    (found_low,), (found_high,) = curves["low"], curves["high"]
    assert found_low == low if low is not None else found_low < 0
    assert found_high == high if high is not None else found_high > 1


def test_no_band_of_a_share_of_ours_leaves_0_to_1(page):
    for folder in STUDIES:
        data = data_of(page, folder.name)
        curves = data["curves"]
        for metric, low, high in zip(
            column(curves, "metric"), curves["low"], curves["high"], strict=True
        ):
            assert low is None or low >= 0
            assert high is None or high <= 1 or metric.removeprefix("val/") not in data["shares"]


def test_a_number_that_is_not_there_stays_so(tmp_path):
    nan = float("nan")
    make_study(tmp_path / "in" / "s", [row(mean=nan, low=nan, high=nan)])
    cells = data_of(written(tmp_path, results_dir=str(tmp_path / "in")), "s")["cells"]
    assert (cells["mean"], cells["low"], cells["high"]) == ([None], [None], [None])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"results_dir": "/nothing"}, "results_dir: /nothing has no study"),
        ({"results_dir": None}, "results_dir: None is not allowed"),
        ({"study": "nothing"}, "nothing has no transfer"),
        ({"study": "../results"}, "study: '../results' is not allowed"),
        ({"study": 3}, "study: 3 is not allowed"),
        ({"file": "report.txt"}, "file: 'report.txt' is not allowed"),
        ({"file": None}, "file: None is not allowed"),
    ],
)
def test_a_wrong_value_is_one_line(tmp_path, changes, words):
    with pytest.raises(UserError, match=words) as raised:
        written(tmp_path, **changes)
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("transfer.csv", b"a,b\n1,2\n"),
        ("transfer.csv", (ROOT / "results/sat_cpu/transfer.csv").read_bytes().split(b"\n")[0]),
        ("x.json.gz", SCENE[:-100]),
        ("x.json.gz", b"[]"),
        ("x.json.gz", gzip.compress(b"[{}]")),
        ("README.md", b"\xff\xfe"),
        ("severity.csv", b"a,b\n1\n"),
        ("severity.csv", b"\xff"),
        ("curves.csv", b"a,b\n1,2\n"),
        ("runs/x/.hydra/config.yaml", b"a: ["),
        ("runs/x/.hydra/config.yaml", b"model: ${oc.env:HOME}\ntask: 1\n"),
        ("runs/x/.hydra/config.yaml", b"\xff"),
        ("configurations/c.yaml", b"\xff"),
        ("configurations/c.yaml", b"model: ${oc.env:HOME}\ntask: 1\n"),
        ("configurations/c.yaml", b"model: 1\ntask: 1\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_that_names_it(tmp_path, name, content):
    path = make_study(tmp_path / "in" / "s") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(UserError, match=re.escape(str(path))) as raised:
        written(tmp_path, results_dir=str(tmp_path / "in"))
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "report.html").exists()


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
