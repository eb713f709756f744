import logging

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from experiments.effects import effects
from experiments.figures.exhibit import Exhibit, load_tables
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.tables.effects import Effect
from experiments.tables.rows import read_table
from tests.conftest import ROOT, composed
from tests.experiments.test_collect import done_run

EFFECT = {"linear": 0.0, "mlp": -0.1, "max": 0.0, "sum": -0.3}
NUM = 200


def make_study(tmp_path, arms, seeds=(0, 1, 2)):
    """Make runs of arms whose score is a sum of the effects of their choices plus noise."""
    hard = np.random.default_rng(0).normal(size=NUM)
    for arm in arms:
        for seed in seeds:
            name = f"{arm}-seed{seed}"
            run = done_run(tmp_path / "outputs" / "s", name, model=arm, seed=seed, config_hash=arm)
            noise = np.random.default_rng([seed, len(arm), ord(arm[0])])
            score = 0.9 + hard + sum(EFFECT.get(choice, 0.0) for choice in arm.split("_"))
            score = score + 0.01 * noise.normal() + 0.01 * noise.normal(size=NUM)
            frame = pd.DataFrame({"distribution": "grid", "size": 16, "steps_rule": "10",
                                  "index": range(NUM), "valid": score})  # fmt: skip
            frame.to_parquet(run.instances_path(), index=False)
    (tmp_path / "results" / "s").mkdir(parents=True, exist_ok=True)


def run_effects(tmp_path):
    folders = [f"{name}_dir={tmp_path / folder}"
               for name, folder in (("runs", "outputs"), ("results", "results"))]  # fmt: skip
    effects(composed("study=s", *folders, config_name="effects"))
    return read_table(tmp_path / "results" / "s" / "effects.csv", Effect)


def test_the_effect_of_a_choice_is_estimated_with_its_interval(tmp_path, caplog):
    make_study(tmp_path, ["linear_max", "linear_sum", "mlp_max", "mlp_sum", "other"])
    with caplog.at_level(logging.INFO):
        mlp, of_sum = run_effects(tmp_path)
    assert (mlp.choice, mlp.reference) == ("mlp", "linear")
    assert (of_sum.choice, of_sum.reference) == ("sum", "max")
    for found, truth in ((mlp, -0.1), (of_sum, -0.3)):
        assert found.low < truth < found.high
        assert found.high - found.low < 0.1  # the difficulty of instances cancels
        assert (found.num_pairs, found.num_runs) == (2, 3)
    assert "sum" in caplog.text


def test_arms_of_unequal_numbers_of_runs_are_refused(tmp_path):
    make_study(tmp_path, ["linear_max", "linear_sum"])
    make_study(tmp_path, ["mlp_max"], seeds=(0,))
    with pytest.raises(UserError, match="fewer runs"):
        run_effects(tmp_path)


def test_a_dot_of_the_figure_is_the_effect_of_a_choice():
    figure = OmegaConf.load(ROOT / "conf" / "figure" / "headline_effects.yaml")
    tables = load_tables(ROOT / "results" / "headline")
    effect = next(e for e in tables.effects if (e.choice, e.size) == ("sum", 64))
    assert effect.distribution == "geographic_threshold"
    drawn = construct(figure, "figure", Exhibit).draw(tables)
    dots = [float(x) for line in drawn.axes[0].lines for x in np.ravel(line.get_xdata())]
    assert any(x == pytest.approx(effect.mean) for x in dots)
    rows = [label.get_text() for label in drawn.axes[0].get_yticklabels()]
    assert rows == list(figure.choices.values())
