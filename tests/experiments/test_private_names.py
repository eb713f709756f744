"""Private names of other packages that the suite uses: an upgrade that removes one fails here."""

import inspect

import pytest


def test_hydra_has_what_the_sweeper_uses():
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.plugins import Plugins

    assert list(inspect.signature(BasicSweeper.split_arguments).parameters) == [
        "overrides",
        "max_batch_size",
    ]
    assert isinstance(Plugins.instance().class_name_to_class, dict)


def test_submitit_has_what_the_queues_use():
    module = pytest.importorskip("hydra_plugins.hydra_submitit_launcher.submitit_launcher")
    assert module.SlurmLauncher._EXECUTOR == "slurm"
    assert module.LocalLauncher._EXECUTOR == "local"


def test_wandb_has_what_the_tracker_uses():
    import wandb
    from wandb.sdk.lib import wbauth

    parameters = inspect.signature(wbauth.authenticate_session).parameters
    assert {"host", "source", "prompt", "update_session"} <= set(parameters)
    assert hasattr(wandb.setup(), "ensure_service")


def test_the_reports_of_wandb_have_what_the_dashboard_uses():
    reports = pytest.importorskip("wandb_workspaces.reports.v2")
    assert hasattr(reports.Report, "_to_model")
    assert "_id" in reports.LinePlot.__dataclass_fields__


def test_optuna_has_what_the_trials_use():
    optuna = pytest.importorskip("optuna")
    study = optuna.create_study()
    study._storage.set_trial_user_attr(study.ask()._trial_id, "lost", True)
    assert study.trials[0].user_attrs == {"lost": True}
