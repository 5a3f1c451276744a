"""JSON bodies: rows as lists in the model's order, or as objects by column name.

JSON is read and written by orjson where it is installed, else by the standard library, which is
slower: AWS's own images, which serve a model with this package too, have no orjson.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from sagetabular.serving.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sagetabular.serving.formats.columns import Columns, Rows

    Reader = Callable[[bytes], Any]
    Writer = Callable[[NDArray[np.float64]], bytes]

_FORMS = 'Send [[1, 2], [3, 4]], [{"column": 1}] or {"instances": [...]}.'
_SHOWN = 60
# Any integer of so many digits fits into 64 bits; longer ones become floats, as with orjson.
_DIGITS = 18


def read_json(body: bytes, columns: Columns) -> Rows:
    """Read a JSON body; null is a missing value, and texts are what they are in a CSV.

    Raises:
        RequestError: It is no JSON, or a row does not fit; the message names row and column, both
            counted from 1.
    """
    try:
        document = read_document(body)
    except json.JSONDecodeError as err:
        msg = f"line {err.lineno}, character {err.colno}: not JSON, {err.msg}.\n{_FORMS}"
        raise RequestError(400, msg) from err
    rows = document.get("instances") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise RequestError(400, f"The body must hold a list of rows.\n{_FORMS}")
    if not rows:
        raise RequestError(400, f"The body holds no row.\n{_FORMS}")
    by_position = [_fields(row, number, columns) for number, row in enumerate(rows, start=1)]
    values = zip(*by_position, strict=True)
    return columns.rows(
        [
            columns.values(name, _plain(name, fields, columns), _place)
            for name, fields in zip(columns.names, values, strict=True)
        ]
    )


def _fields(row: object, number: int, columns: Columns) -> list[Any]:
    """Return the fields of a row in the model's order."""
    if isinstance(row, dict):
        if not row.keys() >= {*columns.names}:
            keys = [*row]
            return [row[keys[place]] for place in columns.positions(keys, f"row {number}")]
        return [row[name] for name in columns.names]
    if not isinstance(row, list):
        msg = f"row {number}: must be a list or an object, got {_shown(row)}.\n{_FORMS}"
        raise RequestError(400, msg)
    if len(row) != len(columns.names):
        msg = f"row {number}: must have {len(columns.names)} values, got {len(row)}.\n"
        raise RequestError(400, f"{msg}The model needs {', '.join(columns.names)}.")
    return row


def _plain(name: str, fields: Sequence[Any], columns: Columns) -> Sequence[Any]:
    """Return the fields of a column, if none is a list or an object."""
    nested = {*map(type, fields)} & {list, dict}
    for row, field in enumerate(fields) if nested else ():
        if type(field) in nested:
            rule = "text or a code" if name in columns.categories else "a number"
            msg = f"{_place(row)}, column {name!r}: must be {rule} or null, got {_shown(field)}.\n"
            raise RequestError(400, f"{msg}Send the types that the model was fitted on.")
    return fields


def _place(row: int) -> str:
    return f"row {row + 1}"


def _shown(value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:  # one level less can be read than be written
        return f"{'an object' if isinstance(value, dict) else 'a list'} that is nested too deeply"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


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
