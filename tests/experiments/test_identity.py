"""Changes of a configuration that make another run, and changes that do not."""

import itertools
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf, open_dict

from experiments.migrate import migrate
from experiments.run.folder import RunFolder
from experiments.run.identity import NOT_IDENTITY, config_hash
from experiments.run.parts import RunParts
from experiments.run.stored import study_of, trained_model
from experiments.run.stored_config import read_config
from experiments.settings import moved
from experiments.settings.errors import UserError
from experiments.tables.rows import read_table
from tests.conftest import ROOT, but_pending, composed, stems

STUDIES = sorted(path.parent.name for path in (ROOT / "results").glob("*/configurations"))


def changed(config, key, value):
    config = config.copy()
    with open_dict(config):
        OmegaConf.update(config, key, value)
    return config


def without(config, key):
    config = config.copy()
    parent, _, leaf = key.rpartition(".")
    with open_dict(config):
        del OmegaConf.select(config, parent)[leaf]
    return config


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return value


def leaves(value, key=""):
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{key}.{name}" if key else str(name))
    else:
        yield key, value


def other(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, list):
        return [*value, 7]
    return 7 if value is None else f"{value}_"


@pytest.mark.parametrize(
    "key",
    [
        "train.ema_decay",
        "train.schedule.warmup_steps",
        "model.hidden_dim",
        "model.num_message_passing_steps",
    ],
)
def test_a_new_setting_with_its_default_makes_no_other_run(key):
    config = composed("model=full_gn")
    before = without(config, key)
    assert config_hash(before) == config_hash(config)
    assert RunFolder.of(before).path == RunFolder.of(config).path
    assert config_hash(changed(config, key, other(OmegaConf.select(config, key)))) != config_hash(
        config
    )


def test_an_object_that_is_a_default_makes_no_other_run():
    config = composed("task=displacement")
    assert config_hash(without(config, "task.units")) == config_hash(config)
    assert config_hash(changed(config, "task.units.length", 2.0)) != config_hash(config)


def test_a_class_that_moves_makes_no_other_run(monkeypatch):
    config = composed("model=full_gn")
    monkeypatch.setitem(moved.MODULES, "gn.models.of_old", "gn.models.full_gn")
    of_old = changed(config, "model._target_", "gn.models.of_old.FullGraphNetwork")
    assert config_hash(of_old) == config_hash(config)
    assert RunFolder.of(of_old).path == RunFolder.of(config).path
    assert type(RunParts(of_old).build_model()) is type(RunParts(config).build_model())


def test_the_order_of_a_yaml_makes_no_other_run():
    config = composed("transfer.sizes=[16,32]")
    plain = OmegaConf.to_container(config)
    assert config_hash(OmegaConf.create(reordered(plain))) == config_hash(config)
    assert config_hash(changed(config, "transfer.sizes", [32, 16])) != config_hash(config)


def test_numbers_are_equal_however_they_are_written():
    whole, real = (composed(f"train.distribution.geographic_threshold.theta={v}") for v in (9, 9.0))
    assert config_hash(whole) == config_hash(real)


def test_every_value_that_matters_makes_another_run():
    config = composed("task=next_step", "model=full_gn")
    plain = OmegaConf.to_container(config)
    hashes = {config_hash(config)}
    keys = [key for key, _ in leaves(plain) if key.partition(".")[0] not in NOT_IDENTITY]
    keys = [key for key in keys if not key.endswith("_partial_")]
    for key in keys:
        hashes.add(config_hash(changed(config, key, other(OmegaConf.select(config, key)))))
    assert len(hashes) == len(keys) + 1
    assert len(keys) > 40
    for key in ("seed", "machine.num_threads", "machine.device"):
        assert config_hash(changed(config, key, other(OmegaConf.select(config, key)))) in hashes


@pytest.mark.parametrize("study", STUDIES)
def test_published_configurations_are_named_by_their_identity(study):
    folder = ROOT / "results" / study
    rows = read_table(folder / "transfer.csv")
    paths = list(folder.glob("configurations/*.yaml"))
    assert {row.config_hash for row in rows} == {path.stem for path in paths}
    for path in paths:
        assert config_hash(read_config(path)) == path.stem
    for run in folder.glob("runs/*"):
        assert RunFolder.of(read_config(run / ".hydra/config.yaml")).path.name == run.name


def arms(study):
    """Return the configurations that the sweep of a study's yaml runs, with one seed."""
    params = OmegaConf.load(ROOT / f"conf/experiment/{study}.yaml").hydra.sweeper.params
    axes = []
    for key, values in params.items():
        names = stems(key.partition("@")[0]) if values == "glob(*)" else str(values).split(",")
        axes.append([f"{key}={name}" for name in (["0"] if key == "seed" else names)])
    return itertools.product(*axes)


@pytest.mark.slow
@pytest.mark.parametrize("study", but_pending(STUDIES))
def test_the_command_of_a_study_is_that_of_its_committed_runs(study):
    found = set()
    for overrides in arms(study):
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            full = compose("train", [f"experiment={study}", *overrides], return_hydra_config=True)
        choices = full.hydra.runtime.choices
        plain = OmegaConf.to_container(full)
        names = {"label": choices["model"], "task_label": choices["task"]}
        names = {k: v for k, v in names.items() if plain[k].startswith("${hydra")}
        config = OmegaConf.create({k: v for k, v in (plain | names).items() if k != "hydra"})
        found.add(config_hash(RunParts(config).config))
    assert found == {path.stem for path in (ROOT / "results" / study).glob("configurations/*")}


OLD = "0123456789abcdef"


def older_study(tmp_path):
    """Make a study of an older version: two seeds of one method, published under an old hash."""
    source = ROOT / "results" / "quickstart"
    (run,) = source.glob("runs/deep_sets-seed0-*")
    now = read_table(run / "transfer.csv")[0].config_hash
    table = (run / "transfer.csv").read_text()
    text = (run / ".hydra/config.yaml").read_text()
    study = tmp_path / "quickstart"
    for seed in (0, 1):
        old = study / "runs" / f"deep_sets-seed{seed}-{OLD[:8]}"
        (old / ".hydra").mkdir(parents=True)
        (old / ".hydra/config.yaml").write_text(text.replace("seed: 0", f"seed: {seed}", 1))
        (old / "transfer.csv").write_text(table.replace(now, OLD))
    (study / "transfer.csv").write_text(table.replace(now, OLD))
    (study / "configurations").mkdir()
    (study / "configurations" / f"{OLD}.yaml").write_text(text)
    return study, now, table


def state_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_folders_of_an_older_version_are_renamed(tmp_path):
    """Tables and configurations are renamed too; no number changes."""
    study, now, table = older_study(tmp_path)
    foreign = study / "runs" / "notes" / ".hydra"
    foreign.mkdir(parents=True)
    (foreign / "config.yaml").write_text("task: {}\nmodel: {}\n")
    migrate(OmegaConf.create({"folder": str(tmp_path)}))
    names = sorted(path.name for path in (study / "runs").iterdir())
    assert names == [f"deep_sets-seed0-{now[:8]}", f"deep_sets-seed1-{now[:8]}", "notes"]
    tables = [study / "transfer.csv", *study.glob("runs/*/transfer.csv")]
    assert [path.read_text() for path in tables] == [table] * 3
    assert (study / "configurations" / f"{now}.yaml").is_file()
    done = state_of(tmp_path)
    migrate(OmegaConf.create({"folder": str(tmp_path)}))
    assert state_of(tmp_path) == done


@pytest.mark.parametrize("number", range(6))
def test_an_interrupted_migration_can_be_started_again(tmp_path, monkeypatch, number):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        older_study(folder)
    migrate(OmegaConf.create({"folder": str(whole)}))
    rename, calls = Path.replace, []

    def counted(original):
        def replacing(self, target):
            calls.append(target)
            if len(calls) == number + 1:
                raise KeyboardInterrupt
            return original(self, target)

        return replacing

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", counted(rename))
        patch.setattr(Path, "rename", counted(Path.rename))
        with pytest.raises(KeyboardInterrupt):
            migrate(OmegaConf.create({"folder": str(broken)}))
    assert not list(broken.rglob(".*.tmp*"))
    migrate(OmegaConf.create({"folder": str(broken)}))
    assert state_of(broken) == state_of(whole)


def test_a_migration_onto_an_existing_run_changes_nothing(tmp_path):
    study, now, _ = older_study(tmp_path)
    (study / "runs" / f"deep_sets-seed0-{now[:8]}").mkdir()
    before = state_of(tmp_path)
    with pytest.raises(UserError, match="is there already"):
        migrate(OmegaConf.create({"folder": str(tmp_path)}))
    assert state_of(tmp_path) == before


@pytest.mark.parametrize("study", STUDIES)
def test_the_weights_of_every_committed_run_are_those_of_its_model(study):
    for path in sorted((ROOT / "results" / study).glob("runs/*")):
        folder = RunFolder.existing(path)
        stored = folder.load_config()
        parts = study_of(stored, {}, stored.machine)
        trained_model(parts, folder)
        assert path.name.endswith(parts.run_hash[:8])
