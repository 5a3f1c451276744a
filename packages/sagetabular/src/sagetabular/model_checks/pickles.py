"""Tell a pickle by its content, whatever the file is called and however it is wrapped."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickletools
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HIGHEST_PROTOCOL = 5
NPY = b"\x93NUMPY"
# What names a function or class to be called; plain text may begin with harmless opcodes.
_CALLING = {"GLOBAL", "STACK_GLOBAL", "INST", "REDUCE", "BUILD"}
_COMPRESSIONS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ": lzma.decompress,
    b"x": zlib.decompress,
}


def holds_pickle(content: bytes) -> bool:
    """Whether a file, or anything compressed or archived in it, is a pickle or holds objects."""
    return _is_pickle(content) or _has_objects(content) or any(map(holds_pickle, _inside(content)))


def _is_pickle(content: bytes) -> bool:
    """A protocol of 2 or more says so in its first bytes; the older ones only by what they do."""
    if content[:1] == b"\x80" and content[1:2] and 2 <= content[1] <= HIGHEST_PROTOCOL:
        return True
    seen = set()
    try:
        for opcode, _, _ in pickletools.genops(content):
            seen.add(opcode.name)
    except (ValueError, KeyError, IndexError):  # it is something else
        return False
    return bool(seen & _CALLING)


def _has_objects(content: bytes) -> bool:
    """NumPy stores arrays of Python objects as a pickle behind its own header."""
    if not content.startswith(NPY):
        return False
    try:
        np.load(io.BytesIO(content), allow_pickle=False)
    except ValueError as error:
        return "allow_pickle" in str(error)
    return False


def _inside(content: bytes) -> Iterator[bytes]:
    """What an archive or a compressed file holds."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from map(archive.read, archive.namelist())
        return
    for magic, decompress in _COMPRESSIONS.items():
        if content.startswith(magic):
            try:
                yield decompress(content)
            except (OSError, EOFError, zlib.error, lzma.LZMAError):  # a likeness, no more
                return
