"""Mirror runs to Weights & Biases, always offline first: no training contacts a server.

`wandb.init` blocks for half a minute if the server is unreachable, and a run that is resumed
offline begins a second file. Each start therefore replaces the offline run by a new one of the same
id, and `mode: online` only starts a separate process that uploads the run (`wandb_upload.py`).
"""

import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from data_gen.patterns import visible
from data_gen.reading import check_inside
from experiments.settings.errors import UserError, message
from experiments.tables.rows import Row, columns_of
from experiments.tracking.mirrors import Tracker
from experiments.tracking.source import Source, by_size, summary
from experiments.tracking.wandb_place import entity_of, mode_of, project_of
from experiments.tracking.wandb_upload import Upload

STEP_OF = {"train/*": "step", "val/*": "step", "by_size/*": "size"}  # the axis of each curve
QUIET: dict[str, Any] = {
    "silent": True, "console": "off", "init_timeout": 15, "host": "", "x_disable_stats": True,
    "x_disable_meta": True, "x_disable_machine_info": True, "x_save_requirements": False,
    "disable_git": True, "disable_code": True, "disable_job_creation": True,
}  # fmt: skip


class WandbTracker(Tracker):
    """A tracker that writes offline runs under `<home>/wandb`, grouped by study.

    The job type of a run is its task.

    Args:
        mode: `offline`; `online` to upload during the training; `disabled` for no mirror; None is
            that of WANDB_MODE, or offline.
        project: the project on the server; None is that of WANDB_PROJECT, or finite-means.
        entity: the user or team of the project; None is that of WANDB_ENTITY, or the owner of the
            API key.

    Raises:
        ValueError: the mode is unknown, or the project or entity is not a name.
    """

    def __init__(self, mode: str | None, project: str | None, entity: str | None) -> None:
        self.mode = mode_of(mode)
        self.project, self.entity = project_of(project), entity_of(entity)
        self.is_disabled = self.mode == "disabled"
        self._run: Any = None
        self._upload: Upload | None = None

    def check(self) -> None:
        """Raise UserError without the package, or for `online` without a key; ask no server."""
        if find_spec("wandb") is None:
            raise UserError("tracking: wandb is not installed: pip install wandb")
        if self.mode == "online":
            check_key("tracking.mode: online")

    def begin(self, source: Source) -> None:
        """Replace the offline runs of the same id by a new one."""
        import wandb

        self._end(exit_code=1)
        for old in visible(source.home / "wandb", f"offline-run-*-{source.id}"):
            shutil.rmtree(old)
        source.home.mkdir(parents=True, exist_ok=True)
        check_inside(source.home / "wandb", source.home)
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
        """Add a line to the history."""
        self._run.log(line)

    def finish(self, source: Source, *, failed: bool) -> None:
        """Add the transfer table, its means as a summary and by size, and the pictures."""
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
        """End wandb's service process, for which it would wait forever when this process exits.

        wandb has no public function for this.
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
        """Close the open run, if there is one."""
        if self._run is not None:
            self._run.finish(exit_code=exit_code)
            self._run = None
        if self._upload is not None:
            self._upload.end()
            self._upload = None


def check_key(key: str) -> None:
    """Check that there is a valid API key, without asking a server.

    Args:
        key: the setting that needs the API key, with its value; the error message begins with it.

    Raises:
        UserError: there is no API key, or it is malformed.
    """
    import wandb
    from wandb.sdk.lib import wbauth

    try:
        host = wandb.setup().settings.base_url
        found = wbauth.authenticate_session(
            host=host, source="tracking", prompt=False, update_session=False
        )
    except Exception as error:  # the key is malformed
        raise UserError(f"{key} needs a valid API key ({message(error)})") from error
    if found is None:
        raise UserError(f"{key} needs an API key: set WANDB_API_KEY for {host}")


def _table(rows: list[Row]) -> Any:  # noqa: ANN401
    """Return all rows as a wandb table; NaN is empty."""
    import wandb

    names: list[Any] = [field.name for field in columns_of(Row)]
    wandb.Table.MAX_ROWS = max(wandb.Table.MAX_ROWS, len(rows))
    values: list[Any] = [[_plain(getattr(row, name)) for name in names] for row in rows]
    return wandb.Table(columns=names, data=values, allow_mixed_types=True)


def _plain(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


@contextmanager
def _staged_in(folder: Path) -> Iterator[None]:
    """While entered, wandb stages the upload of tables in a folder, not in the user's home."""
    before = os.environ.get("WANDB_DATA_DIR")
    os.environ["WANDB_DATA_DIR"] = str(folder.absolute())
    try:
        yield
    finally:
        if before is None:
            del os.environ["WANDB_DATA_DIR"]
        else:
            os.environ["WANDB_DATA_DIR"] = before
