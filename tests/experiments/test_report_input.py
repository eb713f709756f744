"""Untrusted names and texts in the report, and files that cannot be read."""

import gzip
import re
import shutil

import pytest

from experiments.settings.errors import UserError
from tests.conftest import ROOT
from tests.experiments.report_pages import data_of, make_study, written
from tests.experiments.test_tables_and_figures import STUDIES, row

SCENE = (ROOT / "results/sat_cpu/literal_embedding.json.gz").read_bytes()
ATTACK = "<img src=x onerror=alert(1)>"


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


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"results_dir": "/nothing"}, "results_dir: /nothing has no study"),
        ({"results_dir": None}, "results_dir must be the path of a folder, got None"),
        ({"study": "nothing"}, "nothing has no transfer"),
        ({"study": "../results"}, "study must be null or a name .*, got '../results'"),
        ({"study": 3}, "study must be null or a name .*, got 3"),
        ({"file": "report.txt"}, "file must be the path of a .html file, got 'report.txt'"),
        ({"file": None}, "file must be the path of a .html file, got None"),
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
        ("x.json.gz", gzip.compress(b"[{}]", mtime=0)),
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
