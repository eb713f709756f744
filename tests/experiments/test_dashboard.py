"""A report is a function of a study's tables; the tests read it back with wandb's package."""

import json
import re

import pytest
from omegaconf import OmegaConf

from experiments.dashboard import dashboard
from experiments.settings.errors import UserError
from experiments.statistics.markdown import leaderboard, transfer_matrix
from experiments.tables.rows import read_table
from experiments.tracking.source import Source, source_of_study, summary
from experiments.tracking.wandb_report import report, serialised
from tests.conftest import ROOT, composed
from tests.experiments.test_tables_and_figures import row

STUDY = ROOT / "results" / "quickstart"


def made(*overrides):
    dashboard(composed("study=quickstart", *overrides, config_name="dashboard"))


@pytest.fixture(scope="module")
def text():
    return serialised(report(source_of_study(STUDY, STUDY.parent), "finite-means"))


@pytest.fixture(scope="module")
def panels(text):
    """Return the panels of the report as the package reads it back."""
    from wandb_workspaces.reports.v2 import interface, internal

    model = internal.ReportViewspec.model_validate(json.loads(text))
    read = interface.Report._from_model(model)
    assert len(read.blocks) == len(model.spec.blocks) - 2  # an empty line at both ends
    grids = [block for block in read.blocks if isinstance(block, interface.PanelGrid)]
    return [(grid.runsets[0], panel) for grid in grids for panel in grid.panels]


def keys_of(panels, kind, name):
    found = [getattr(panel, name) for _, panel in panels if type(panel).__name__ == kind]
    return {getattr(key, "name", key) for keys in found for key in keys}


def test_every_mean_of_every_run_has_its_panel(panels):
    bars, curves = keys_of(panels, "BarPlot", "metrics"), keys_of(panels, "LinePlot", "y")
    wanted = set()
    for run in (STUDY / "runs").iterdir():
        rows = Source(run, run, "quickstart", "task").rows()
        wanted |= {key for key in summary(rows) if re.search(r"/valid(@|$)", key)}
    assert {f"transfer/geographic_threshold/{size}/valid" for size in (16, 32, 64, 128, 256)} < bars
    assert bars == wanted
    assert curves == {"train/loss", "val/loss", "val/valid"} | {
        re.sub(r"transfer/(.*)/\d+/", r"by_size/\1/", key) for key in wanted
    }


def test_panels_show_the_runs_of_a_task_by_label_and_the_studys_own(panels):
    filters = {type(panel).__name__: (runset.filters, runset.groupby) for runset, panel in panels}
    assert re.search(r"Group.* == 'quickstart' and .*JobType.* == '\w+'", filters["BarPlot"][0])
    assert filters["BarPlot"][1] == ["config.label.value"]
    assert "study" in filters["MediaBrowser"][0]
    assert keys_of(panels, "MediaBrowser", "media_keys") == {
        f"figure/{path.name}" for kind in ("*.png", "*.gif") for path in STUDY.glob(kind)
    }


def test_the_leaderboard_has_the_best_first_and_every_method_once():
    rows = [r for r in read_table(STUDY / "transfer.csv") if r.metric == "valid"]
    lines = leaderboard([r for r in rows if r.task == "shortest_path_next_hop"], 1).splitlines()
    assert lines[4].startswith("| next_hop@1x | 10,368 | 0.992 ")
    assert len(lines) == 2 + 12


def methods_of(markdown):
    return [line.split()[1].partition("@")[0] for line in markdown.splitlines()[2:]]


def test_the_best_error_is_the_smallest():
    values = {"a": 0.3, "b": 0.1, "c": float("nan")}
    rows = [row(model=m, mean=v, metric="diverged") for m, v in values.items()]
    assert methods_of(leaderboard(rows, 0)) == ["b", "a", "c"]
    assert methods_of(leaderboard(rows, 1)) == ["a", "b", "c"]


def test_a_bar_within_a_markdown_cell_does_not_end_the_cell():
    line = transfer_matrix([row(model="a|b")]).splitlines()[0]
    assert line == "| distribution | size | shift | a\\|b@10 |"


def test_a_file_is_reproducible_and_never_replaced_unasked(tmp_path, text):
    path = tmp_path / "report.json"
    made(f"file={path}")
    assert path.read_text() == text
    made(f"file={path}")
    path.write_text("mine")
    with pytest.raises(UserError, match=r"^file: .* exists and differs, take another name"):
        made(f"file={path}")
    assert path.read_text() == "mine"
    made(f"file={path}", "overwrite=true")
    assert path.read_text() == text


def test_the_project_is_that_of_the_environment_where_none_is_set(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    monkeypatch.setenv("WANDB_PROJECT", "my thesis")
    made(f"file={path}")
    assert '"my thesis"' in path.read_text()


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["study=../x"], ["study", "../x", "a name"]),
        (["study=nope"], ["study", "nope", "transfer.csv"]),
        (["metric=beauty"], ["metric", "beauty", "valid"]),
        (["upload=maybe"], ["upload", "maybe", "true or false"]),
        (["upload=true"], ["entity", "None", "upload"]),
        (["upload=true", "entity=me"], ["upload", "WANDB_API_KEY"]),
        (["project=a/b"], ["project", "a/b", "a name"]),
        (["file=/proc/nope/x.json"], ["file", "/proc/nope", "can be written to"]),
        (["file=results"], ["file", "results", "a folder"]),
    ],
)
def test_a_wrong_value_is_one_line_before_any_work(overrides, words, monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    config = composed("study=quickstart", f"file={tmp_path}/x.json", config_name="dashboard")
    for override in overrides:
        key, value = override.split("=")
        OmegaConf.update(config, key, {"true": True}.get(value, value))
    with pytest.raises(UserError) as raised:
        dashboard(config)
    message = str(raised.value)
    assert "\n" not in message
    for word in words:
        assert word in message
    assert not list(tmp_path.iterdir())
