"""Pictures as small as they can be without looking otherwise."""

import io
import struct

import numpy as np
from PIL import Image

PALETTE = 256
MOST_COLOURS = 2**16  # a picture of more is a photograph, and stays as it is
MOST_PIXELS = 50_000_000  # so does a larger one: it may be made to fill the memory


def small(png: bytes) -> bytes:
    """A PNG with a palette of 256 colours; the given one if it is smaller, or is not opaque.

    The same picture gives the same bytes. What is no PNG stays as it is.
    """
    width, height = size(png)
    if not 0 < width * height <= MOST_PIXELS:
        return png
    try:
        picture = Image.open(io.BytesIO(png), formats=["PNG"]).convert("RGBA")
    except (OSError, ValueError, SyntaxError):  # what Pillow makes of a broken file
        return png
    colours = picture.convert("RGB").getcolors(MOST_COLOURS)
    if picture.getchannel("A").getextrema() != (255, 255) or colours is None:
        return png
    written = io.BytesIO()
    _with_palette(picture.convert("RGB"), colours).save(written, "PNG", optimize=True)
    return min(png, written.getvalue(), key=len)


def size(png: bytes) -> tuple[int, int]:
    """Width and height in pixels; zeros if it is no PNG."""
    if png[12:16] != b"IHDR" or len(png) < 24:
        return 0, 0
    width, height = struct.unpack(">2I", png[16:24])
    return width, height


def _with_palette(picture: Image.Image, colours: list) -> Image.Image:
    """The most frequent colours as they are, any other as the nearest that is kept.

    Half of those kept are far apart, so that none is far from all. `colours`: (count, colour).
    """
    found = np.array([colour for _, colour in sorted(colours, key=lambda c: (-c[0], c[1]))])
    method, dither = Image.Quantize.MAXCOVERAGE, Image.Dither.NONE
    apart = picture.quantize(PALETTE // 2, method=method, dither=dither).getpalette() or []
    spread = np.reshape(apart, (-1, 3))[: PALETTE // 2]
    kept = np.concatenate([found[: PALETTE - len(spread)], spread])
    nearest = np.argmin((kept**2).sum(axis=1) - 2 * found @ kept.T, axis=1)
    place = np.zeros(2**24, dtype=np.uint8)
    place[_codes(found)] = nearest
    reduced = Image.fromarray(place[_codes(np.asarray(picture))])
    reduced.putpalette(kept.astype(np.uint8).tobytes())
    return reduced


def _codes(colours: np.ndarray) -> np.ndarray:
    """A number below 2**24 for each colour [..., 3]."""
    red, green, blue = np.moveaxis(colours.astype(np.int32), -1, 0)
    return (red << 16) + (green << 8) + blue
