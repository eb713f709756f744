"""The numbers in the page are those of the tables, with the configuration of each."""

import math
import re

import pytest
from omegaconf import OmegaConf

from experiments.report_page.plain_tables import curve_data
from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.statistics.methods import over_runs
from experiments.tables.rows import read_table
from tests.conftest import ROOT
from tests.experiments.report_pages import data_of, make_study, written
from tests.experiments.test_tables_and_figures import STUDIES, row


def column(columns, name):
    found = columns[name]
    return found if isinstance(found, list) else [found["values"][k] for k in found["index"]]


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param(folder, marks=[pytest.mark.slow] if number % 3 else [], id=folder.name)
        for number, folder in enumerate(STUDIES)
    ],
)
def test_the_numbers_are_those_of_the_table(page, folder):
    cells = data_of(page, folder.name)["cells"]
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
        assert re.search(r"_target_: gn\.(models|heuristics)\.", known["config"])


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
    assert data["curves"]["low"] == [0.2, 0.6]
    assert data["curves"]["high"] == [0.4, 0.6]
    assert 'href="in/s/transfer.tex"' in text


def test_a_band_of_a_learning_curve_is_from_the_least_to_the_largest_run(tmp_path):
    lines = [f"t,m,{seed},1,val/loss,{value}" for seed, value in enumerate((0.1, 0.9, 0.2))]
    (tmp_path / "curves.csv").write_text("\n".join(["task,model,seed,step,metric,value", *lines]))
    curves = curve_data(tmp_path)
    assert (curves["mean"], curves["low"], curves["high"]) == ([0.4], [0.1], [0.9])


def test_a_missing_number_stays_missing(tmp_path):
    nan = float("nan")
    make_study(tmp_path / "in" / "s", [row(mean=nan, low=nan, high=nan)])
    cells = data_of(written(tmp_path, results_dir=str(tmp_path / "in")), "s")["cells"]
    assert (cells["mean"], cells["low"], cells["high"]) == ([None], [None], [None])
