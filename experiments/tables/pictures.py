"""Files of pictures, `<name>.json.gz`: a list that a figure or the report shows."""

import gzip
import io
import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

from data_gen.files import write_atomically
from data_gen.patterns import visible
from data_gen.picture import Key, Panel, Picture, Strip, Trace
from data_gen.reading import read_checked, read_most
from data_gen.shapes import Look, PictureError, Shape
from experiments.settings.errors import UserError

ENDING = ".json.gz"
LARGEST = 100 * 2**20  # bytes of a file when unpacked
MOST_PARTS = 5_000_000  # lists and mappings in a file, which may take 240 bytes of memory each
DIGITS = 4  # kept digits of a number, relative to the extent of the window


def write_pictures(pictures: Sequence[Picture], path: Path) -> None:
    """Write a file of pictures; the same pictures give the same bytes."""
    text = json.dumps(list(map(plain, pictures)), allow_nan=False, separators=(",", ":"))
    content = gzip.compress(text.encode(), mtime=0)
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def read_pictures(path: Path) -> list[Picture]:
    """Read the pictures of a file.

    Raises:
        UserError: the file cannot be read as a list of pictures.
    """
    try:
        with gzip.open(io.BytesIO(read_checked(path))) as file:
            content = read_most(file, LARGEST + 1)
        if len(content) > LARGEST:
            raise PictureError(f"more than {LARGEST} bytes")
        if content.count(b"[") + content.count(b"{") > MOST_PARTS:
            raise PictureError(f"more than {MOST_PARTS} lists and mappings")
        data = json.loads(content)
        if not isinstance(data, list) or not data:
            raise PictureError("no list of pictures")
        return [_picture(entry) for entry in data]
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise UserError(f"{path}: not a file of pictures ({error})") from error


def stored_pictures(folder: Path) -> dict[str, list[Picture]]:
    """Read the pictures of all files in a folder, by file name.

    Raises:
        UserError: a file cannot be read as a list of pictures.
    """
    paths = visible(folder, f"*{ENDING}")
    return {path.name.removesuffix(ENDING): read_pictures(path) for path in paths}


def plain(picture: Picture) -> dict[str, Any]:
    """Return a picture as plain mappings, lists, texts and rounded numbers, without defaults."""
    low_x, low_y, high_x, high_y = picture.window
    extent = max(high_x - low_x, high_y - low_y)
    return _plain(picture, DIGITS - math.floor(math.log10(extent)))


def _plain(value: Any, digits: int) -> Any:  # noqa: ANN401
    if is_dataclass(value):
        found = {field.name: (getattr(value, field.name), field) for field in fields(value)}
        return {
            name: _plain(part, digits)
            for name, (part, field) in found.items()
            if field.default is MISSING or part != field.default
        }
    if isinstance(value, (list, tuple)):
        return [_plain(part, digits) for part in value]
    return round(value, digits) if isinstance(value, float) else value


def _picture(data: Any) -> Picture:  # noqa: ANN401
    """Rebuild the picture from its plain form; raise PictureError for anything else."""
    try:
        parts: dict[str, Any] = {"panels": [_panel(panel) for panel in data["panels"]]}
        if "summary" in data:
            parts["summary"] = _panel(data["summary"])
        if "strip" in data:
            traces = [Trace(**_with_look(trace)) for trace in data["strip"]["traces"]]
            parts["strip"] = Strip(**{**data["strip"], "traces": traces})
        return Picture(**{**data, **parts})
    except (AttributeError, LookupError, TypeError) as error:
        raise PictureError(f"a part is missing or of the wrong type, {error!r:.120}") from error


def _panel(data: Any) -> Panel:  # noqa: ANN401
    shapes = [Shape(**_with_look(shape)) for shape in data["shapes"]]
    legend = tuple(Key(**_with_look(key)) for key in data.get("legend", ()))
    return Panel(**{**data, "shapes": shapes, "legend": legend})


def _with_look(data: Any) -> dict[str, Any]:  # noqa: ANN401
    return {**data, "look": Look(**data["look"])}
