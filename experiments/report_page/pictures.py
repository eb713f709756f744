"""Pictures as small as they can be without looking otherwise."""

import io
import struct

import numpy as np
from PIL import Image

PALETTE = 256
LEVEL = 8  # of compression: 9 takes more than twice the time for 3 % fewer bytes
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
    colours = picture.getcolors(MOST_COLOURS)
    if picture.getchannel("A").getextrema() != (255, 255) or colours is None:
        return png
    written = io.BytesIO()
    _with_palette(picture, colours).save(written, "PNG", compress_level=LEVEL)
    return min(png, written.getvalue(), key=len)


def size(png: bytes) -> tuple[int, int]:
    """Width and height in pixels; zeros if it is no PNG."""
    if png[12:16] != b"IHDR" or len(png) < 24:
        return 0, 0
    width, height = struct.unpack(">2I", png[16:24])
    return width, height


def _with_palette(picture: Image.Image, colours: list) -> Image.Image:
    """The most frequent colours as they are, any other as the nearest that is kept.

    Half of those kept are far apart, so that none is far from all.

    Args:
        picture: RGBA, opaque.
        colours: each with the number of its pixels: (count, colour).
    """
    found = np.array([colour for _, colour in sorted(colours, key=lambda c: (-c[0], c[1]))])
    pixels = found.astype(np.uint8)
    method, dither = Image.Quantize.MAXCOVERAGE, Image.Dither.NONE
    each_once = Image.fromarray(pixels[None, :, :3])  # far fewer pixels than in the picture
    apart = each_once.quantize(PALETTE // 2, method=method, dither=dither).getpalette() or []
    spread = np.reshape(apart, (-1, 3))[: PALETTE // 2]
    kept = np.concatenate([found[: PALETTE - len(spread), :3], spread])
    nearest = np.argmin((kept**2).sum(axis=1) - 2 * found[:, :3] @ kept.T, axis=1)
    place = np.zeros(2**24, dtype=np.uint8)
    place[_codes(pixels)] = nearest
    reduced = Image.fromarray(place[_codes(np.asarray(picture))])
    reduced.putpalette(kept.astype(np.uint8).tobytes())
    return reduced


def _codes(colours: np.ndarray) -> np.ndarray:
    """A number below 2**24 for each opaque colour [..., 4]."""
    return colours.view("<u4")[..., 0] & 0xFFFFFF
