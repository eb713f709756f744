"""Reduce the size of pictures without a visible difference."""

import io
import struct

import numpy as np
from PIL import Image

PALETTE = 256
LEVEL = 8  # of compression: 9 takes more than twice the time for 3 % fewer bytes
MOST_COLOURS = 2**16  # a picture with more colours is a photograph and is not changed
MOST_PIXELS = 50_000_000  # a larger picture is not decoded: it could exhaust the memory


def small(png: bytes) -> bytes:
    """Return a PNG with a palette of 256 colours, or the given one if it is smaller or not opaque.

    The same picture gives the same bytes. Bytes that are not a PNG are returned unchanged.
    """
    width, height = size(png)
    if not 0 < width * height <= MOST_PIXELS:
        return png
    try:
        picture = Image.open(io.BytesIO(png), formats=["PNG"]).convert("RGBA")
    except (OSError, ValueError, SyntaxError):  # Pillow raises these for a damaged file
        return png
    colours = picture.getcolors(MOST_COLOURS)
    if picture.getchannel("A").getextrema() != (255, 255) or colours is None:
        return png
    written = io.BytesIO()
    _with_palette(picture, colours).save(written, "PNG", compress_level=LEVEL)
    return min(png, written.getvalue(), key=len)


def size(png: bytes) -> tuple[int, int]:
    """Return width and height in pixels, or zeros if the bytes are not a PNG."""
    if png[12:16] != b"IHDR" or len(png) < 24:
        return 0, 0
    width, height = struct.unpack(">2I", png[16:24])
    return width, height


def _with_palette(picture: Image.Image, colours: list) -> Image.Image:
    """Keep the most frequent colours, and replace any other by the nearest kept colour.

    Half of the kept colours are far apart, so that every colour has a near one.

    Args:
        picture: RGBA, opaque.
        colours: each with the number of its pixels: (count, colour).
    """
    found = np.array([colour for _, colour in sorted(colours, key=lambda c: (-c[0], c[1]))])
    pixels = found.astype(np.uint8)
    method, dither = Image.Quantize.MAXCOVERAGE, Image.Dither.NONE
    each_once = Image.fromarray(pixels[None, :, :3])  # far fewer pixels than the picture
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
    """Return a number below 2**24 for each opaque colour [..., 4]."""
    return colours.view("<u4")[..., 0] & 0xFFFFFF
