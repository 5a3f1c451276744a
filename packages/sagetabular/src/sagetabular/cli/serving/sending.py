"""The rows of a file as a server reads them, whatever the project says of how it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.aws.sagemaker.payloads import ask_in_pieces, ask_of_table
from sagetabular.errors import UserError
from sagetabular.local.declared import read_declared
from sagetabular.project import find_project
from sagetabular.reading.files import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from sagetabular.aws.sagemaker.payloads import Payload


def ask_for_rows(
    file: Path, ask: Callable[[Payload], bytes], rows: Callable[[bytes], int]
) -> Iterator[bytes]:
    """Ask for predictions of a file, in pieces.

    Args:
        file: CSV, Excel, JSON or Parquet.
        ask: What answers a piece.
        rows: How many rows an answer predicts.

    Returns:
        The answers, in the order of the rows.

    Raises:
        UserError: The file is not what the project says, or too large.
    """
    table = _read_as_declared(file)
    if table is None:
        return ask_in_pieces(file, ask, rows=rows)
    return ask_of_table(table, file, ask)


def _read_as_declared(file: Path) -> pa.Table | None:
    """Return the rows of a file that is written as the project says; None if that is plain CSV.

    A server reads plain CSV itself. It knows neither Excel nor `data.files`, nor units.

    Raises:
        UserError: It is no such file, or `conf/pipeline.yaml` breaks a rule.
    """
    kind = kind_of(file.name)
    try:
        project = find_project()
    except UserError:
        if kind == "Excel":
            raise
        return None
    if kind not in ("CSV", "Excel"):
        return None
    data = project.settings.pipeline.data
    units = any(column.unit for column in data.columns.values())
    if kind == "CSV" and not units and not data.files.dialect.settings():
        return None
    return read_declared([file], project, wanted=False).table
