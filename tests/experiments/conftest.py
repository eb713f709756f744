import importlib
import os
import shutil
import sys

import pytest
from filelock import FileLock
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from experiments.report import report
from tests.conftest import ROOT
from tests.processes import LAST_RESORT

COUNTS = (
    "train.num_instances train.batch_size train.num_steps val.num_instances val.every"
    " transfer.num_instances machine.num_threads machine.save_every"
)
GROUP_PARTS = (
    "train val transfer task.answer train.optimizer train.schedule train.distribution"
    " train.edge_weights transfer.distributions transfer.edge_weights train.curriculum data"
)
STEPS = "num_message_passing_steps"
THRESHOLD = "distribution.geographic_threshold"

# Keys, values, and a word that the error line has besides them.
WRONG_VALUES = [
    ("task model", "null", "null"),
    (GROUP_PARTS, "null", "a mapping"),
    ("train.optimizer task.answer", "3 labels", "a mapping"),
    ("study", "null ../x '' 7", "a name"),
    ("label task_label", "null a/b 7 [a]", "a name"),
    ("seed data_seed", f"-1 0.5 true x null {2**63}", "2**63 - 1"),
    (COUNTS, "0 -1 1.5 true null many", "at least 1"),
    ("train.skip data.stream", "1 null yes_please", "true or false"),
    ("train.sizes transfer.sizes", "[]", "one or more different whole numbers"),
    ("train.sizes transfer.sizes", "null 8 [8.5] [true] [x]", "whole numbers"),
    ("train.sizes transfer.sizes", "[8,8]", "different whole numbers"),
    ("train.sizes transfer.sizes", "[0] [-3]", "at least 2"),
    (f"train.{STEPS}", "0 true 1.5 1x [1] [0,3] [5,4] [1,2,3]", "low, high"),
    ("train.loss_on_last_steps train.gradient_of_last_steps", "0 true 1.5 [1]", "at least 1"),
    ("train.ema_decay", "1 -0.1 null .nan x", "below 1"),
    ("train.max_grad_norm", "0 -1 null true .nan", "above 0"),
    ("train.schedule.warmup_steps train.curriculum.num_steps", "-1 0.5 null false", "at least 0"),
    ("train.curriculum.start", "0 -0.1 1.5 null true x .nan", "at most 1"),
    ("train.schedule.shape", "square null []", "cosine"),
    ("train.precision", "float16 null 32", "bfloat16"),
    (f"transfer.{STEPS}", "null 3 [] [fast] [0] [-1] [1.5] [0x] [0.0x] [true] [null,null]",
     "multiples"),
    ("train.optimizer._target_",
     "null os.system torch.optim.LBFGS torch.optim.SparseAdam torch.optim.Optimizer"
     " torch.optim.lr_scheduler.StepLR", "AdamW"),
    ("train.optimizer._partial_ model._partial_", "false null", "true"),
    ("train.optimizer.lr", "-1 fast null .inf", "number"),
    ("+train.optimizer.speed", "3", "weight_decay"),
    ("+train.optimizer.weight_decay", "-1", "train.optimizer"),
    ("machine.device", "tpu null mps cuda:x", "cpu"),
    ("machine.num_workers", "0 null all 1.5 true", "auto"),
    ("machine.data_dir machine.runs_dir", "null 3", "a folder"),
    ("machine.data_dir", "/etc/passwd /etc/passwd/data /proc/nope", "can be written to"),
    ("model._target_", "os.system", "not trusted"),
    ("model._target_ task._target_", "gn.model.GraphModel data_gen.task.Task", "abstract"),
    ("model._target_", "gn.models.nope.Nope", "cannot be imported"),
    ("model._target_", "gn.stepped.joined", "not a class"),
    ("+task.depth +model.depth", "3", "must have only arguments of"),
    ("model.hidden_dim", "wide null 1.5 true", "a whole number"),
    ("model.hidden_dim model.num_message_passing_steps", "0 -2", "at least 1"),
    ("model.aggregations", "[median] [] null", "model"),
    ("model.share_weights", "maybe 3 null", "true or false"),
    (f"train.{THRESHOLD}.theta", "x null .inf", "a number"),
    (f"train.{THRESHOLD}", "null", "_target_"),
    ("transfer.distributions.geographic_threshold", "null", "_target_"),
]  # fmt: skip

CHROMIUM_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def report_page(tmp_path_factory):
    """Make the report of all committed studies once, since that takes seconds; return its path.

    All processes of pytest-xdist share it.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    path = folder / "report.html"
    with FileLock(folder / "report.lock", timeout=LAST_RESORT):
        if not path.is_file():
            config = {"study": None, "results_dir": str(ROOT / "results"), "file": str(path)}
            report(OmegaConf.create(config))
    return path


@pytest.fixture(scope="session")
def page(report_page):
    """Return the text of the report."""
    return report_page.read_text()


@pytest.fixture(scope="module")
def browser():
    """Start a headless browser; tests that need it are skipped if there is none."""
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def opened(browser, report_page):
    """Open an address of the page; check at the end that nothing failed and nothing was fetched."""
    contexts, wrong, asked = [], [], []

    def open_page(address="", path=report_page, width=1280, **options):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(1000 * LAST_RESORT)
        page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri() + address)
        if address.startswith("#study"):
            page.wait_for_selector("section[data-filled]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong
    assert contexts
    others = [url for url in asked if not url.startswith(("file://", "data:", "blob:"))]
    assert not others
    assert len({url for url in asked if url.startswith("file://")}) == 1


@pytest.fixture
def in_process(monkeypatch):
    """Run a command in this process; return its exit code and its line of text."""

    def start(module, *overrides):
        monkeypatch.setattr(sys, "argv", [f"experiments/{module}.py", *overrides])
        command = importlib.import_module(f"experiments.{module}")
        function = {"evaluate": "evaluate_runs"}.get(module, module)
        GlobalHydra.instance().clear()
        with pytest.raises(SystemExit) as raised:
            importlib.import_module("experiments.settings.command").start(
                module, getattr(command, function)
            )
        code = raised.value.code
        return (1, code) if isinstance(code, str) else (code, "")  # as the interpreter would

    return start
