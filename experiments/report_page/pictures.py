"""Pictures as small as they can be without looking otherwise."""

import io
import struct

from PIL import Image

COLOURS = 256
MOST_PIXELS = 50_000_000  # a larger picture stays as it is: it may be made to fill the memory


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
    if picture.getchannel("A").getextrema() != (255, 255):
        return png
    palette = picture.convert("RGB").quantize(
        COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )
    written = io.BytesIO()
    palette.save(written, "PNG", optimize=True)
    return min(png, written.getvalue(), key=len)


def size(png: bytes) -> tuple[int, int]:
    """Width and height in pixels; zeros if it is no PNG."""
    if png[12:16] != b"IHDR" or len(png) < 24:
        return 0, 0
    width, height = struct.unpack(">2I", png[16:24])
    return width, height
