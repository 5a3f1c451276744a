"""Parquet bodies: a table whose columns are found by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.columns import check_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sagetabular.serving.formats.columns import Columns, Rows


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
    try:
        metadata = parquet.read_metadata(pa.BufferReader(body))
        columns.positions(metadata.schema.to_arrow_schema().names, "the Parquet file")
        _check_size(metadata, columns, limit)
        file = parquet.ParquetFile(
            pa.BufferReader(body),
            metadata=metadata,
            read_dictionary=_texts(metadata, columns),
            pre_buffer=False,
        )
        table = file.read(columns=list(columns.names), use_threads=False)
        table.validate(full=True)
        return columns.rows([_column(name, table.column(name), columns) for name in columns.names])
    except (pa.ArrowException, OSError, ValueError) as err:
        msg = f"The body is no Parquet file that can be read: {str(err).splitlines()[0][:200]}\n"
        raise RequestError(
            400, f"{msg}Send a whole file, as DataFrame.to_parquet writes it."
        ) from err


def _texts(metadata: parquet.FileMetaData, columns: Columns) -> list[str]:
    """Return the columns to read as dictionaries: each text is unpacked once, not for every row.

    A category that is no plain column is left out, for which pyarrow knows no name.
    """
    paths = {metadata.schema.column(number).path for number in range(metadata.num_columns)}
    return sorted(columns.categories & paths)


def _check_size(metadata: parquet.FileMetaData, columns: Columns, limit: int) -> None:
    if metadata.num_rows == 0:
        raise RequestError(400, "The body holds no row.\nSend one row for each prediction.")
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(group.num_columns)]
    wanted = [chunk for chunk in chunks if chunk.path_in_schema.startswith(columns.names)]
    unpacked = sum(chunk.total_uncompressed_size for chunk in wanted)
    if metadata.num_rows * len(columns.names) > limit // 2 or unpacked > 10 * limit:
        msg = f"The table is too large: {metadata.num_rows} rows, {unpacked} bytes unpacked.\n"
        raise RequestError(413, f"{msg}Send it in several requests.")


def _column(
    name: str, values: pa.ChunkedArray, columns: Columns
) -> NDArray[np.float64] | list[str | None]:
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if name in columns.categories:
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise _wrong_type(name, "text", kind)
        return list(values.to_pandas().astype(object).where(lambda column: column.notna(), None))
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise _wrong_type(name, "numbers", kind)
    numbers = values.cast(pa.float64(), safe=False).to_numpy()
    return check_range(numbers, name, lambda row: f"row {row + 1}")


def _wrong_type(name: str, rule: str, kind: pa.DataType) -> RequestError:
    msg = f"column {name!r}: must hold {rule}, got {str(kind)[:60]}.\n"
    return RequestError(400, f"{msg}Send the types that the model was fitted on.")
