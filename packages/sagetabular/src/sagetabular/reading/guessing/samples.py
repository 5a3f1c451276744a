"""The beginning of a file: enough to see how it is written."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from sagetabular.printing import shown
from sagetabular.reading.files import open_text
from sagetabular.reading.guessing.cutting import Layout, Lines, without_title

if TYPE_CHECKING:
    from pathlib import Path

    from sagetabular.reading.dialect import Dialect

_LINES = 3000
_CHARACTERS = 1 << 22


def read_lines(path: Path, label: str, encoding: str) -> Lines:
    """Return the first lines of a text.

    Raises:
        ReadingError: They are not of the encoding, or the file is broken.
    """
    taken: list[str] = []
    size = 0
    with open_text(path, label, encoding) as text:
        for line in islice(text, _LINES):
            taken.append(line)
            size += len(line)
            if size > _CHARACTERS:
                break
        else:
            return Lines(taken, is_all=next(text, None) is None)
    return Lines(taken, is_all=False)


def read_rows(path: Path, label: str, known: Dialect) -> Layout:
    """Return the first rows of a sheet as records, all cells as text.

    Raises:
        ReadingError: It is no workbook, or it is not plain which sheet is meant.
    """
    from sagetabular.reading.excel import as_text, read_sheet  # openpyxl for Excel alone

    rows = read_sheet(path, label, known).rows[:_LINES]
    records = [(number, [as_text(cell) or "" for cell in cells]) for number, cells in rows]
    texts = [[isinstance(cell, str) for cell in cells] for _, cells in rows]
    above = 0 if known.skip else len(records) - len(without_title(records))
    reasons = []
    if above:
        line = records[above][0]
        title = next(cell for cell in records[0][1] if cell)
        known = replace(known, skip=line - 1)
        reasons.append(f"skip {line - 1}: the table begins in row {line}, below {shown(title)}")
    return Layout(known, reasons, records[above:], texts[above:], word="row")
