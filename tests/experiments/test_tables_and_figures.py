import dataclasses
import itertools
import math
import os
import sys

import pytest
from omegaconf import OmegaConf

from experiments.figures.exhibit import Exhibit, draw_figures, load_tables
from experiments.figures.lines import model_of
from experiments.plot import plot
from experiments.run import provenance
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.statistics.text import format_table
from experiments.tables.cells import read_cells
from experiments.tables.estimates import KEY, MethodEstimate
from experiments.tables.rows import Row, read_table, write_table
from tests.conftest import ROOT, stems
from tests.processes import run

DRAWN_FAST = ("headline", "size_transfer", "sat_difficulty")  # drawing the others takes seconds
STUDIES = sorted(path.parent for path in (ROOT / "results").glob("*/transfer.csv"))


def row(**changes):
    values = {
        "study": "s", "task": "ShortestPath", "model": "m", "seed": 0, "distribution": "grid",
        "size": 16, "steps_rule": "10", "steps": 10, "shift": "size", "metric": "valid",
        "mean": 0.5, "low": 0.4, "high": 0.6, "num_instances": 20, "num_parameters": 5,
        "config_hash": "c", "data_hash": "d", "commit": "abc", "versions": "v", "device": "cpu",
        "seconds": 1.5, "is_share": True,
    }  # fmt: skip
    return Row(**{**values, **changes})


def test_a_table_is_read_as_it_was_written(tmp_path):
    rows = [row(), row(mean=1 / 3, model="other, with a comma")]
    write_table(rows, tmp_path / "t.csv")
    assert read_table(tmp_path / "t.csv") == [rows[0], dataclasses.replace(rows[1], mean=0.333333)]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "\x00\x01"])
def test_a_file_that_is_not_a_table_is_one_line(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_text(text + "study\nx\n")
    with pytest.raises(UserError, match=str(path)) as raised:
        read_table(path)
    assert "\n" not in str(raised.value)


def test_the_text_has_a_line_for_every_cell_and_a_column_for_every_method():
    rows = [row(size=s, model=m, metric=k)
            for s, m, k in itertools.product((16, 32), "ab", ("valid", "solved"))]  # fmt: skip
    lines = format_table(rows).splitlines()
    assert lines[0].startswith("ShortestPath: valid")
    assert lines[1].split()[-2:] == ["a@10", "b@10"]
    assert len(lines) == 4
    one = format_table([row(mean=0.2)])
    assert one.splitlines()[-1].endswith("0.20 [0.40, 0.60]")
    assert "[95 % interval of this run, over instances]" in one


def test_over_runs_the_interval_is_that_of_the_table_of_estimates_or_none(tmp_path):
    rows = [row(seed=seed, mean=0.2 + 0.2 * seed) for seed in range(2)]
    write_table(rows, tmp_path / "transfer.csv")
    text = format_table(read_table(tmp_path / "transfer.csv"))
    assert text.splitlines()[-1].endswith(" 0.30")
    assert "[95 % interval over runs and instances; of a single run, over instances]" in text
    about = {name: getattr(rows[0], name) for name in KEY}
    known = MethodEstimate(**about, mean=0.3, low=0.12, high=0.55, num_runs=2, num_groups=20,
                           of_runs=0.01, of_instances=0.01)  # fmt: skip
    for num_runs, ending in ((2, " 0.30 [0.12, 0.55]"), (3, " 0.30")):  # only for the same runs
        known = dataclasses.replace(known, num_runs=num_runs)
        write_table([known], tmp_path / "estimates.csv", MethodEstimate)
        text = format_table(read_table(tmp_path / "transfer.csv"))
        assert text.splitlines()[-1].endswith(ending)


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param(path, marks=[pytest.mark.slow] if path.name not in DRAWN_FAST else [])
        for path in STUDIES
    ],
    ids=lambda folder: folder.name,
)
def test_the_committed_figures_are_what_the_tables_give(tmp_path, folder):
    copy = tmp_path / folder.name
    copy.mkdir()
    for table in folder.glob("*.csv"):
        (copy / table.name).write_bytes(table.read_bytes())
    drawn = draw_figures(copy)
    assert drawn
    for path in drawn:
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_figures_do_not_depend_on_the_user_s_matplotlib(tmp_path):
    """Notebooks name a backend that is not installed here; papers want TeX, serifs and colours."""
    folder, copy = ROOT / "results" / "size_transfer", tmp_path / "size_transfer"
    copy.mkdir()
    for table in folder.glob("*.csv"):
        (copy / table.name).write_bytes(table.read_bytes())
    own = "text.usetex: True\nfont.family: serif\naxes.facecolor: yellow\n"
    (tmp_path / "matplotlibrc").write_text(own)
    environment = {
        **os.environ,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"),
    }
    words = ["-m", "experiments.plot", f"results_dir={tmp_path}", "study=size_transfer"]
    done = run([sys.executable, *words], env=environment)
    assert done.returncode == 0, done.stderr
    name = "task_transfer.png"
    assert (copy / name).read_bytes() == (folder / name).read_bytes()


def test_the_commit_is_never_that_of_a_repository_around_the_code(tmp_path, monkeypatch):
    (tmp_path / "thesis" / "suite").mkdir(parents=True)
    author = ["-c", "user.name=x", "-c", "user.email=x@x"]
    for words in (["init", "-q"], [*author, "commit", "-q", "--allow-empty", "-m", "thesis"]):
        assert run(["git", *words], cwd=tmp_path / "thesis").returncode == 0
    monkeypatch.setattr(provenance, "ROOT", tmp_path / "thesis" / "suite")
    assert provenance.commit() == "unknown"
    monkeypatch.setattr(provenance, "ROOT", tmp_path / "thesis")
    assert len(provenance.commit()) >= 7


def test_a_figure_takes_the_place_of_the_old_one_when_it_is_whole(tmp_path):
    whole = load_tables(ROOT / "results" / "nbody_cpu")
    path = ROOT / "conf" / "figure" / "rollout_string.yaml"
    figure = construct(OmegaConf.load(path), "figure", Exhibit)
    figure = dataclasses.replace(figure, num_frames=2)
    for kind in ("png", "pdf", "gif"):
        (tmp_path / f"old.{kind}").write_text("old")
        (tmp_path / f"new.{kind}").hardlink_to(tmp_path / f"old.{kind}")
    drawn = figure.save(whole, tmp_path / "new")
    assert [path.name for path in drawn] == ["new.png", "new.pdf", "new.gif"]
    for path in drawn:
        assert path.with_stem("old").read_text() == "old"  # replaced, not changed
        assert path.stat().st_size > 1000
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize("name", stems("figure"))
def test_every_figure_shows_a_study_that_is_committed(name):
    figure = construct(OmegaConf.load(ROOT / "conf" / "figure" / f"{name}.yaml"), name)
    assert figure.study in {"", *(folder.name for folder in STUDIES)}


def test_committed_tables_say_where_their_numbers_come_from():
    assert STUDIES
    for folder in STUDIES:
        rows = read_table(folder / "transfer.csv")
        assert len({r.seed for r in rows}) >= 3
        assert {"none", "size", "distribution", "both"} <= {r.shift for r in rows}
        defined = [r for r in rows if not math.isnan(r.mean)]  # the other rows are "n/a"
        assert all(not (r.low > r.mean or r.mean > r.high) for r in defined)
        for model in {r.model for r in rows}:
            mine = [r for r in rows if r.model == model]
            assert len({r.seed for r in mine}) >= 3 or mine[0].num_parameters == 0
        cells = {(c.distribution, c.size) for c in read_cells(folder / "cells.csv")}
        assert {(r.distribution, r.size) for r in rows} <= cells


def test_a_study_without_a_table_is_one_line(tmp_path):
    config = OmegaConf.create({"study": "nothing", "results_dir": str(tmp_path), "figures": None})
    with pytest.raises(UserError, match="nothing has no transfer"):
        plot(config)
    with pytest.raises(UserError, match="no study"):
        plot(OmegaConf.create({"study": None, "results_dir": str(tmp_path), "figures": None}))


@pytest.mark.parametrize(
    "target", ["os.system", "subprocess.Popen", "gn.model.nn.Module", "data_gen.task.np.load", 5]
)
def test_an_untrusted_configuration_runs_nothing(target):
    with pytest.raises(UserError, match=r"x\._target_"):
        construct(OmegaConf.create({"_target_": target}), "x")


def test_every_arm_of_the_study_is_in_its_matrix_and_no_other():
    config = OmegaConf.load(ROOT / "conf" / "figure" / "inductive_bias.yaml")
    drawn = {model_of(line) for lines in config.lines.values() for line in lines}
    arms = (ROOT / "conf" / "experiment" / "inductive_bias").glob("*.yaml")
    assert drawn == {OmegaConf.load(arm).label for arm in arms}
    studied = {r.model for r in read_table(ROOT / "results" / "inductive_bias" / "transfer.csv")}
    assert studied <= drawn


def test_published_configurations_have_no_local_paths():
    paths = list((ROOT / "results").glob("*/runs/*/.hydra/config.yaml"))
    assert paths
    for path in paths:
        machine = OmegaConf.load(path).machine
        assert (machine.data_dir, machine.runs_dir) == ("data", "outputs"), path
