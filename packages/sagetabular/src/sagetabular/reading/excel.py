"""A sheet of an Excel workbook: values as they are stored, and of formulas the last result."""

from __future__ import annotations

import warnings
from array import array
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import openpyxl
import pyarrow as pa
from openpyxl.utils import get_column_letter

from sagetabular.printing import listed, printable
from sagetabular.reading.archives import Part, check_archive, read_part
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.headers import name_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sagetabular.reading.dialect import Dialect

    Row = tuple[int, list[Any]]

# Excel's own limit.
_MOST_ROWS = 1_048_576
# Of one sheet, with the empty ones between them; each takes 8 bytes and its value.
_MOST_CELLS = 50_000_000


@dataclass(frozen=True)
class Sheet:
    """The cells of a sheet.

    Attributes:
        label: What errors call it.
        rows: The number of each row that holds anything, from 1, and its values.
        first: The number of the first column of the rows, from 1.
        part: What its text says beside the cells.
    """

    label: str
    rows: list[Row]
    first: int
    part: Part


def read_table(path: Path, label: str, dialect: Dialect) -> tuple[list[str], pa.Table, array[int]]:
    """Read the table of a sheet.

    Args:
        path: An .xlsx file.
        label: What errors call it.
        dialect: Which sheet it is, how many rows are above the header, and how text holds numbers.

    Returns:
        The names as written, the columns, and the row of the sheet for each row of the table. A
        column whose cells are of one type has that type; beside text all cells are text.

    Raises:
        ReadingError: It is no workbook, is too large, or it is not plain which table it has.
    """
    sheet = read_sheet(path, label, dialect)
    names, records = name_columns(iter(sheet.rows), label, dialect)
    kept = [*records]
    first = sheet.rows[0][0] if sheet.rows else 0
    _refuse_merged(sheet, first, len(names))
    columns = [
        _column([cells[place] for _, cells in kept], dialect.decimal) for place in range(len(names))
    ]
    numbers = array("q", [number for number, _ in kept])
    return names, pa.table(columns, names=[str(place) for place in range(len(names))]), numbers


def read_sheet(path: Path, label: str, dialect: Dialect) -> Sheet:
    """Return the rows of a sheet that hold anything, without empty columns around them.

    Args:
        path: An .xlsx file.
        label: What errors call it.
        dialect: Which sheet it is, and which of its rows are left out.

    Raises:
        ReadingError: It is no workbook, is too large, or it is not plain which sheet is meant.
    """
    check_archive(path, label)
    with path.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a sheet has beside its cells
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            sheet = _chosen(book, label, dialect.sheet)
            part = read_part(path, sheet._worksheet_path)
            rows = [row for row in _filled(sheet, label) if row[0] > dialect.skip]
            if part.has_formulas:
                _refuse_unanswered(stream, sheet.title, label)
        except ReadingError:
            raise
        except Exception as error:
            # openpyxl raises what it likes on a damaged file.
            reason = printable(" ".join(str(error).split())[:200].rstrip("."))
            raise ReadingError(
                f"{label} is no Excel workbook: {reason or type(error).__name__}.",
                "Open it in Excel and save it again, as .xlsx or CSV.",
            ) from error
    comment = dialect.comment
    rows = [row for row in rows if comment is None or not _begins_with(row[1], comment)]
    first, last = _edges(rows)
    cropped = [(number, _padded(cells[first:last], last - first)) for number, cells in rows]
    return Sheet(label, cropped, first + 1, part)


def _chosen(book: Any, label: str, name: str | None) -> Any:
    """Return the sheet of a name, or the only one that can be seen and holds anything."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if name is not None and name in sheets:
        return sheets[name]
    filled = [
        title
        for title, sheet in sheets.items()
        if sheet.sheet_state == "visible" and next(_filled(sheet, label), None) is not None
    ]
    if name is not None:
        raise ReadingError(
            f"{label} has no sheet {name!r}, which data.files.sheet names.",
            f"Its sheets are {listed([*sheets])}.",
        )
    if len(filled) > 1:
        raise ReadingError(
            f"{label} has {len(filled)} sheets: {listed(filled)}.",
            f"Say which one it is, under data.files in conf/pipeline.yaml: sheet: {filled[0]}.",
        )
    if not filled:
        raise ReadingError(f"{label} has no rows.", "Add a header row, and data below it.")
    return sheets[filled[0]]


def _filled(sheet: Any, label: str) -> Iterator[Row]:
    """Yield the rows that hold anything."""
    sheet.reset_dimensions()  # a file may say what it likes there
    cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        cells += len(row)
        if number > _MOST_ROWS or cells > _MOST_CELLS:
            raise ReadingError(
                f"{label} is too large: a sheet may have {_MOST_ROWS:,} rows and {_MOST_CELLS:,} "
                f"cells, got more in {sheet.title}.",
                "Save the table as CSV or Parquet.",
            )
        if any(cell is not None for cell in row):
            yield number, [*row]


def _refuse_unanswered(stream: Any, name: str, label: str) -> None:
    """Refuse formulas whose result is not in the file: they would be missing values."""
    stream.seek(0)
    answers = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    formulas = openpyxl.load_workbook(stream, read_only=True, keep_links=False)
    for sheet in (answers[name], formulas[name]):
        sheet.reset_dimensions()
    rows = zip(answers[name].iter_rows(), formulas[name].iter_rows(), strict=True)
    for answer, formula in (pair for both in rows for pair in zip(*both, strict=True)):
        if formula.data_type == "f" and answer.value is None and answer.data_type != "str":
            raise ReadingError(
                f"{label}: {name}!{formula.coordinate} is a formula without a result.",
                "Open the file in Excel, save it, and read it again.",
            )


def _refuse_merged(sheet: Sheet, first_row: int, width: int) -> None:
    """Refuse cells that are one in the table, since only the first of them has the value."""
    for left, top, right, bottom in sheet.part.merged:
        inside = left < sheet.first + width and right >= sheet.first
        last_row = sheet.rows[-1][0] if sheet.rows else 0
        if inside and bottom >= first_row and top <= last_row and (left, top) != (right, bottom):
            corners = [f"{get_column_letter(left)}{top}", f"{get_column_letter(right)}{bottom}"]
            raise ReadingError(
                f"{sheet.label}: the cells {':'.join(corners)} are merged into one.",
                "Unmerge them and fill each one; or, above the header, leave these rows out: "
                f"skip: {bottom} under data.files in conf/pipeline.yaml.",
            )


def _begins_with(cells: Sequence[Any], comment: str) -> bool:
    first = next((cell for cell in cells if cell is not None), None)
    return isinstance(first, str) and first.startswith(comment)


def _edges(rows: Sequence[Row]) -> tuple[int, int]:
    """Return the first column that holds anything, and the one behind the last, from 0."""
    places = [[place for place, cell in enumerate(cells) if cell is not None] for _, cells in rows]
    return min((row[0] for row in places), default=0), max(
        (row[-1] for row in places), default=-1
    ) + 1


def _padded(cells: list[Any], width: int) -> list[Any]:
    return cells + [None] * (width - len(cells))


def as_text(cell: object, decimal: str = ".") -> str | None:
    """Return a cell as a CSV file has it, numbers with a decimal point or comma."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return repr(cell).replace(".", decimal)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return str(cell)


def _column(cells: list[Any], decimal: str) -> pa.Array:
    """Return a column of the one type that its cells have, else of text."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds == {bool}:
        return pa.array(cells, pa.bool_())
    if kinds == {int} and all(abs(cell) < 1 << 63 for cell in cells if cell is not None):
        return pa.array(cells, pa.int64())
    if kinds and kinds <= {int, float}:
        return pa.array([None if cell is None else float(cell) for cell in cells], pa.float64())
    if kinds and kinds <= {datetime, date}:
        return pa.array(cells, pa.timestamp("us"))
    return pa.array([as_text(cell, decimal) for cell in cells], pa.string())
