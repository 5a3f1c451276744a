"""The fast path for CSV: rows of plain decimal numbers or gaps, without names and quotes.

Whatever it does not understand is for the reader that can tell line and column.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

import numpy as np

from sagetabular.reading.values import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Reader = Callable[[bytes], NDArray[np.float64]]

_OF_NUMBERS = b"0123456789.-+eE "


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
    numbers, empty = _numbers(text, len(layout)), None
    if numbers is None:
        text, empty = _fill_gaps(text)
        numbers = _numbers(text, len(layout))
    if numbers is None or not (np.abs(numbers) <= LARGEST).all():
        return None
    matrix = numbers + 0.0  # -0.0 becomes 0.0, as Preprocess makes it
    if empty is not None:
        matrix[empty] = np.nan
    return matrix.reshape(-1, width)


def _numbers(text: bytes, count: int) -> NDArray[np.float64] | None:
    """Read numbers, each before a comma or line feed; None if a field is none."""
    try:
        numbers = _read(text[:-1])
    except (ValueError, TypeError, RuntimeError):  # the last for integers beyond 64 bits
        return None
    return numbers if numbers.size == count else None  # numpy passes over empty lines


def _fill_gaps(text: bytes) -> tuple[bytes, NDArray[np.bool_]]:
    """Write a 0 into empty fields, for readers that know none, and say which of all they are."""
    characters = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero((characters == ord(",")) | (characters == ord("\n")))
    empty: NDArray[np.bool_] = np.diff(ends, prepend=-1) == 1
    return np.insert(characters, ends[empty], ord("0")).tobytes(), empty
