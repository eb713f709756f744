"""Text files as they are distributed: compressed or not, and in several encodings."""

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from data_gen.reading import read_most

MAX_BYTES = 2**27  # the largest size of an unpacked file

# The first bytes of each compression, which count in place of the file's name.
OPENERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x5d\x00\x00": lzma.open,  # .lzma, the predecessor of xz
}
DAMAGES = (OSError, EOFError, zlib.error, lzma.LZMAError, UnicodeDecodeError)
UTF_16 = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
DOS_END = b"\x1a"  # the last character of a text file of DOS


class TextFileError(ValueError):
    """The file is too large, or its compression or encoding is damaged."""


def read_text(path: Path) -> bytes:
    r"""Return the text of a file as UTF-8, with the line breaks \n.

    A file may be compressed by gzip, bzip2, xz or lzma, whatever its name is.

    Raises:
        TextFileError: the file is damaged, or has more than `MAX_BYTES` when it is unpacked.
    """
    with path.open("rb") as file:
        content = read_most(file, MAX_BYTES + 1)
    try:
        for first, opener in OPENERS.items():
            if content.startswith(first):
                with opener(io.BytesIO(content)) as file:
                    content = read_most(file, MAX_BYTES + 1)
                break
        if len(content) <= MAX_BYTES and content.startswith(UTF_16):
            content = content.decode("utf-16").encode()
    except DAMAGES as error:
        raise TextFileError(f"found {error}, expected a complete file") from error
    if len(content) > MAX_BYTES:
        raise TextFileError(f"found more than {MAX_BYTES} bytes, expected a smaller file")
    text = content.removeprefix(codecs.BOM_UTF8).removesuffix(DOS_END)
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
