"""The fast path for CSV: rows of plain decimal numbers or gaps, without names and quotes.

Whatever it does not understand is for the reader that can tell line and column.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

import numpy as np

from pipelines.serving.columns import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Reader = Callable[[bytes], NDArray[np.float64]]

_OF_NUMBERS = b"0123456789.-+eE "
# Ends of fields with nothing between them.
_NEIGHBOURS = (b",,", b",\n", b"\n,", b"\n\n")


def _reader() -> Reader:
    """Return what reads numbers that are separated by commas and line feeds.

    Both round correctly, so they give the same bits; simdjson is four times as fast but has no
    wheel for every Python.
    """
    if find_spec("simdjson") is None:
        return _read_with_numpy
    import simdjson

    parser = simdjson.Parser()

    def read(text: bytes) -> NDArray[np.float64]:
        array = cast("simdjson.Array", parser.parse(b"[" + text.replace(b"\n", b",") + b"]"))
        return np.frombuffer(array.as_buffer(of_type="d"), dtype=np.float64)

    return read


def _read_with_numpy(text: bytes) -> NDArray[np.float64]:
    return np.loadtxt(text.decode().splitlines(), delimiter=",", comments=None, ndmin=1).ravel()


_read = _reader()


def read_numbers(body: bytes, width: int) -> NDArray[np.float64] | None:
    """Read the rows of a body in ASCII or UTF-8.

    Args:
        body: Lines that end with LF or CRLF, or nothing after the last.
        width: How many fields each line must have.

    Returns:
        A matrix of shape (rows, width) with NaN for empty fields; None if any line is not `width`
        plain decimal numbers that single precision can hold.
    """
    text = body.replace(b"\r\n", b"\n") if b"\r" in body else body
    text = text if text.endswith(b"\n") else text + b"\n"
    # What is left without the characters of numbers shows whether every line has its commas.
    layout = text.translate(None, _OF_NUMBERS)
    line = b"," * (width - 1) + b"\n"
    if layout != line * (len(layout) // width) or text == b"\n":
        return None
    gaps = _gaps(text)
    try:
        numbers = _read((text if gaps is None else _fill(text))[:-1])
    except (ValueError, TypeError):
        return None
    if not (np.abs(numbers) <= LARGEST).all():
        return None
    matrix = numbers + 0.0  # -0.0 becomes 0.0, as Preprocess makes it
    if gaps is not None:
        matrix[gaps] = np.nan
    return matrix.reshape(-1, width)


def _gaps(text: bytes) -> NDArray[np.bool_] | None:
    """Return which of the fields are empty, or None if none is."""
    if not (text[0] in b",\n" or any(pair in text for pair in _NEIGHBOURS)):
        return None
    characters = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero((characters == ord(",")) | (characters == ord("\n")))
    empty: NDArray[np.bool_] = np.diff(ends, prepend=-1) == 1
    return empty


def _fill(text: bytes) -> bytes:
    """Write a number into empty fields, for readers that know no empty ones."""
    if text[0] in b",\n":
        text = b"0" + text
    for first, second in _NEIGHBOURS:
        pair, filled = bytes([first, second]), bytes([first, ord("0"), second])
        text = text.replace(pair, filled).replace(pair, filled)  # twice, since pairs overlap
    return text
