"""JSON as text: by orjson where it is installed, else by the standard library, which is slower.

AWS's own images, which serve a model with this package too, have no orjson.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Reader = Callable[[bytes], Any]
    Writer = Callable[[NDArray[np.float64]], bytes]

# Any integer of so many digits fits into 64 bits; longer ones become floats, as with orjson.
_DIGITS = 18


def read_plainly(body: bytes) -> Any:
    """Read JSON in UTF-8 with the standard library, without its extensions NaN and Infinity.

    Raises:
        JSONDecodeError: It is none, or is nested too deeply.
    """
    try:
        return json.loads(body.decode(), parse_constant=_no_number, parse_int=_integer)
    except UnicodeDecodeError as err:
        raise json.JSONDecodeError("it is not UTF-8", "", 0) from err
    except RecursionError as err:
        raise json.JSONDecodeError("it is nested too deeply", "", 0) from err


def write_plainly(numbers: NDArray[np.float64]) -> bytes:
    """Write numbers, shape (rows,), each as the shortest text that reads back to the same bits."""
    return json.dumps(numbers.tolist(), separators=(",", ":")).encode()


def _no_number(word: str) -> float:
    msg = f"{word} is no JSON"
    raise json.JSONDecodeError(msg, "", 0)


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= _DIGITS else float(digits)


def _functions() -> tuple[Reader, Writer]:
    """Return what reads a document, and what writes numbers of shape (rows,)."""
    if find_spec("orjson") is None:
        return read_plainly, write_plainly
    import orjson

    def write(numbers: NDArray[np.float64]) -> bytes:
        return orjson.dumps(np.ascontiguousarray(numbers), option=orjson.OPT_SERIALIZE_NUMPY)

    return orjson.loads, write


read_document, write_numbers = _functions()
