"""Runs in Weights & Biases, always written offline first: no training meets a server.

`wandb.init` with a server that is away blocks for half a minute, and a run that is resumed offline
begins a second file. So each start writes a new offline run of the same id in the place of the
old, and `mode: online` only lets a process of its own upload it meanwhile (`wandb_upload.py`).
"""

import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from experiments.settings.errors import UserError, message
from experiments.tables.rows import Row, columns_of
from experiments.tracking.mirrors import Tracker
from experiments.tracking.source import Source, by_size, summary
from experiments.tracking.wandb_upload import Upload

MODES = ("offline", "online")
STEP_OF = {"train/*": "step", "val/*": "step", "by_size/*": "size"}  # the axis of each curve
QUIET: dict[str, Any] = {
    "silent": True, "console": "off", "init_timeout": 15, "host": "", "x_disable_stats": True,
    "x_disable_meta": True, "x_disable_machine_info": True, "x_save_requirements": False,
    "disable_git": True, "disable_code": True, "disable_job_creation": True,
}  # fmt: skip


class WandbTracker(Tracker):
    """Offline runs under `<home>/wandb`, grouped by study, with the task as their job type.

    Args:
        mode: `offline`, or `online` to upload beside the training.
        project: of the server.
        entity: the user or team it belongs to; None is that of the key.

    Raises:
        ValueError: of another mode.
    """

    def __init__(self, mode: str, project: str, entity: str | None) -> None:
        if mode not in MODES:
            raise ValueError(f"mode: {mode!r} is not allowed, {' and '.join(MODES)} are")
        self.mode, self.project, self.entity = mode, project, entity
        self._run: Any = None
        self._upload: Upload | None = None

    def check(self) -> None:
        """The package, and for `online` a key; no server is asked."""
        if find_spec("wandb") is None:
            raise UserError("tracking: wandb is not installed: pip install wandb")
        if self.mode == "online":
            check_key("tracking.mode: 'online'")

    def begin(self, source: Source) -> None:
        """Replace the offline runs of the same id by a new one."""
        import wandb

        self._end(exit_code=1)
        for old in (source.home / "wandb").glob(f"offline-run-*-{source.id}"):
            shutil.rmtree(old)
        source.home.mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(
            mode="offline", dir=str(source.home), id=source.id, name=source.name,
            group=source.study, job_type=source.kind, tags=list(dict.fromkeys(source.tags)),
            project=self.project, entity=self.entity, config=source.config,
            reinit="finish_previous", settings=wandb.Settings(**QUIET),
        )  # fmt: skip
        for metrics, axis in STEP_OF.items():
            self._run.define_metric(axis, hidden=True)
            self._run.define_metric(metrics, step_metric=axis)
        if self.mode == "online":
            self._upload = Upload(Path(self._run.dir).parent)

    def log(self, line: dict[str, Any]) -> None:
        """A line of the history."""
        self._run.log(line)

    def finish(self, source: Source, *, failed: bool) -> None:
        """The transfer table, its means as summary and by size, the pictures."""
        if not failed:
            import wandb

            rows = source.rows()
            if source.is_run:
                for line in by_size(rows):
                    self._run.log(line)
                self._run.summary.update(summary(rows))
            if rows:
                with _staged_in(Path(self._run.dir).parent):
                    self._run.log({"transfer": _table(rows)})
            for path in source.pictures():
                if path.suffix == ".gif":
                    media = wandb.Video(str(path), format="gif")
                else:
                    media = wandb.Image(str(path))
                self._run.log({f"figure/{path.stem}{path.suffix}": media})
        self._end(exit_code=int(failed))

    def abandon(self) -> None:
        """End the process that wandb would wait for without end when this one exits.

        There is no public name for that.
        """
        self._run = None
        with suppress(Exception):
            import wandb

            setup = wandb.setup()
            connection: Any = setup.ensure_service()
            setup._connection = None
            os.environ.pop("WANDB_SERVICE", None)
            connection._cleanup()
            connection._proc._process.kill()
        if self._upload is not None:
            self._upload.end()
            self._upload = None

    def _end(self, exit_code: int) -> None:
        """Close the run that is open, if one is."""
        if self._run is not None:
            self._run.finish(exit_code=exit_code)
            self._run = None
        if self._upload is not None:
            self._upload.end()
            self._upload = None


def check_key(key: str) -> None:
    """Raise UserError, which begins with `key`, unless there is an API key; no server is asked."""
    import wandb
    from wandb.sdk.lib import wbauth

    try:
        host = wandb.setup().settings.base_url
        found = wbauth.authenticate_session(
            host=host, source="tracking", prompt=False, update_session=False
        )
    except Exception as error:  # of a key that is none
        raise UserError(f"{key} is not allowed: {message(error)}") from error
    if found is None:
        raise UserError(f"{key} is not allowed without an API key: set WANDB_API_KEY for {host}")


def _table(rows: list[Row]) -> Any:  # noqa: ANN401
    """All rows, as a table of media; NaN is empty."""
    import wandb

    names: list[Any] = [field.name for field in columns_of(Row)]
    wandb.Table.MAX_ROWS = max(wandb.Table.MAX_ROWS, len(rows))
    values: list[Any] = [[_plain(getattr(row, name)) for name in names] for row in rows]
    return wandb.Table(columns=names, data=values, allow_mixed_types=True)


def _plain(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


@contextmanager
def _staged_in(folder: Path) -> Iterator[None]:
    """What wandb keeps of a table for its upload lies there, not in the user's home."""
    before = os.environ.get("WANDB_DATA_DIR")
    os.environ["WANDB_DATA_DIR"] = str(folder.absolute())
    try:
        yield
    finally:
        if before is None:
            del os.environ["WANDB_DATA_DIR"]
        else:
            os.environ["WANDB_DATA_DIR"] = before
