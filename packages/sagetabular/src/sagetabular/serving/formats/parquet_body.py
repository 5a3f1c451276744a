"""Parquet bodies: a table whose columns are found by name.

A child process unpacks them: footers, page headers and codecs may claim gigabytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet

from sagetabular.printing import shown
from sagetabular.reading.columns import WHAT_IT_HOLDS, BadValueError, convert, encoded_categories
from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.isolation import work_apart

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import BinaryIO

    import numpy as np
    from numpy.typing import NDArray

    from sagetabular.serving.formats.columns import Columns, Rows

MEGABYTE = 2**20
# Of a body's limit: what it may unpack to, and what the child may take while it unpacks.
_UNPACKED, _TAKEN = 10, 20
_LIBRARY_BYTES = 64 * MEGABYTE
# Of processor time; the largest honest body of six megabytes takes less than half a second.
_SECONDS, _BYTES_A_SECOND = 2, 4 * MEGABYTE


def read_parquet(body: bytes, columns: Columns, limit: int) -> Rows:
    """Read a Parquet body.

    Args:
        body: A whole file.
        columns: Those of the model; others are ignored, also when they are large.
        limit: Bytes that a body may have. No body may hold more values than a CSV of that size,
            nor unpack to more than ten times of it: a few kilobytes can claim gigabytes.

    Raises:
        RequestError: It is no Parquet, too large unpacked, or lacks a column of the right type.
    """
    memory, seconds = _TAKEN * limit + _LIBRARY_BYTES, _SECONDS + limit // _BYTES_A_SECOND
    stream = work_apart(lambda sink: _unpack(body, columns, limit, sink), memory, seconds)
    table = pa.ipc.open_stream(stream).read_all()
    return columns.rows([_column(name, table.column(name), columns) for name in columns.names])


def _unpack(body: bytes, columns: Columns, limit: int, sink: BinaryIO) -> None:
    """Write the model's columns of a file as a stream of Arrow's, which nothing compresses."""
    pa.set_memory_pool(pa.system_memory_pool())  # the others reserve more than they need
    try:
        table = _read(body, columns, limit)
    except MemoryError:  # one of Arrow's is an `ArrowException` too
        raise
    except (pa.ArrowException, OSError, ValueError) as err:
        words = (str(err).strip() or type(err).__name__).splitlines()[0][:200]
        msg = f"The body is no Parquet file that can be read: {words}\n"
        raise RequestError(
            400, f"{msg}Send a whole file, as DataFrame.to_parquet writes it."
        ) from err
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def _read(body: bytes, columns: Columns, limit: int) -> pa.Table:
    metadata = parquet.read_metadata(pa.BufferReader(body))
    schema = metadata.schema.to_arrow_schema()
    places = columns.positions(schema.names, "the Parquet file")
    given = {schema.names[place]: name for name, place in zip(columns.names, places, strict=True)}
    _check_flat(metadata, schema, given, columns)
    _check_size(metadata, given, limit)
    texts = sorted(own for own, name in given.items() if name in columns.categories)
    file = parquet.ParquetFile(
        pa.BufferReader(body),
        metadata=metadata,
        read_dictionary=texts,  # each text is unpacked once, not for every row
        pre_buffer=False,
    )
    table = file.read(columns=[*given], use_threads=False).unify_dictionaries()
    table = table.select([*given]).rename_columns([*given.values()])
    table.validate(full=True)
    if table.num_rows != metadata.num_rows:
        msg = f"it claims {metadata.num_rows} rows and holds {table.num_rows}"
        raise ValueError(msg)
    if table.nbytes > _UNPACKED * limit:
        raise _too_large(table.num_rows, table.nbytes)
    return table


def _check_flat(
    metadata: parquet.FileMetaData, schema: pa.Schema, given: Mapping[str, str], columns: Columns
) -> None:
    """Refuse lists and structures before any of them is unpacked."""
    paths = {metadata.schema.column(number).path for number in range(metadata.num_columns)}
    for own, name in given.items():
        if own not in paths:
            kind = "category" if name in columns.categories else "number"
            raise _wrong_type(name, WHAT_IT_HOLDS[kind], str(schema.field(own).type))


def _check_size(metadata: parquet.FileMetaData, given: Collection[str], limit: int) -> None:
    """Refuse what is too large by its own words, which is said most quickly."""
    if metadata.num_rows == 0:
        raise RequestError(400, "The body holds no row.\nSend one row for each prediction.")
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(group.num_columns)]
    wanted = [chunk for chunk in chunks if chunk.path_in_schema in given]
    unpacked = sum(chunk.total_uncompressed_size for chunk in wanted)
    if metadata.num_rows * len(given) > limit // 2 or unpacked > _UNPACKED * limit:
        raise _too_large(metadata.num_rows, unpacked)


def _too_large(rows: int, unpacked: int) -> RequestError:
    msg = f"The table is too large: {rows} rows, {unpacked} bytes unpacked.\n"
    return RequestError(413, f"{msg}Send it in several requests.")


def _column(
    name: str, cells: pa.ChunkedArray, columns: Columns
) -> NDArray[np.float64] | list[str | None]:
    """Return a column's values, by the rules that training had."""
    try:
        if name in columns.categories:
            # Each text once, however many rows have it: else a small body would fill the memory.
            places, texts = encoded_categories(cells, columns.marks)
            return [None if place is None else texts[place] for place in places.to_pylist()]
        values = convert(cells, "number", columns.marks)
    except BadValueError as err:
        place = "" if err.row is None else f"row {err.row + 1}, "
        raise _wrong_type(name, err.rule, err.value, place) from err
    numbers: NDArray[np.float64] = values.cast(pa.float64(), safe=False).to_numpy()
    return numbers + 0.0  # -0.0 becomes 0.0, as Preprocess makes it


def _wrong_type(name: str, rule: str, value: object, place: str = "") -> RequestError:
    msg = f"{place}column {name!r}: must hold {rule}, got {shown(value)}.\n"
    return RequestError(400, f"{msg}Send the types that the model was fitted on.")
