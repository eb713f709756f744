"""Mirror runs to TensorBoard: learning curves, scores over sizes, tables and pictures."""

import io
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from PIL import Image

from data_gen.reading import check_inside, read_bytes
from experiments.settings.errors import UserError
from experiments.statistics.text import format_table
from experiments.tracking.mirrors import Tracker
from experiments.tracking.source import Source, by_size


class TensorBoardTracker(Tracker):
    """A tracker that writes event files under `<home>/tensorboard/<run>`."""

    def __init__(self) -> None:
        self._writer: Any = None

    def check(self) -> None:
        """Raise UserError if the package is not installed."""
        if find_spec("tensorboard") is None:
            raise UserError(
                "tracking: tensorboard is not installed: pip install -r requirements-tracking.txt"
            )

    def begin(self, source: Source) -> None:
        """Replace the event files of the same run."""
        from torch.utils.tensorboard import SummaryWriter

        self._end()
        folder = source.home / "tensorboard" / source.name
        check_inside(folder, source.home)
        if folder.exists():
            shutil.rmtree(folder)
        self._writer = SummaryWriter(folder, flush_secs=5)
        self._text("config", OmegaConf.to_yaml(OmegaConf.create(source.config)))

    def log(self, line: dict[str, Any]) -> None:
        """Add a point to each curve."""
        for name, value in line.items():
            if name != "step":
                self._writer.add_scalar(name, value, line["step"])

    def finish(self, source: Source, *, failed: bool) -> None:
        """Add means over sizes, the table as text, and the pictures."""
        rows = [] if failed else source.rows()
        for line in by_size(rows) if source.is_run else []:
            self.log({"step": line.pop("size"), **line})
        if rows:
            self._text("transfer", format_table(rows))
        for path in [] if failed else source.pictures():
            self._picture(path)
        self._end()

    def _text(self, name: str, text: str) -> None:
        """Add a text as a code block."""
        self._writer.add_text(name, "".join(f"    {line}\n" for line in text.splitlines()))

    def _picture(self, path: Path) -> None:
        """Add the bytes of a picture file, so that an animation stays animated."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        content = read_bytes(path)
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
        image = Summary.Image(
            height=height, width=width, colorspace=3, encoded_image_string=content
        )
        value = Summary.Value(tag=f"figure/{path.stem}{path.suffix}", image=image)
        self._writer.file_writer.add_summary(Summary(value=[value]), 0)

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
