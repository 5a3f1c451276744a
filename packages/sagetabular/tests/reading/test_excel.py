"""Excel files, written by openpyxl or by hand: values, the table among what is around it, refusals.

What a workbook holds is by ECMA-376: a formula's cell has its last result, a date is a number of
days with a format, merged cells hold a value in the first one alone.
"""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagetabular.reading.dialect import Dialect
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.guessing import guess_dialect
from sagetabular.reading.names import DeclaredColumn
from sagetabular.reading.tables import read_files
from sagetabular.reading.values import Marks

NAME = "a.xlsx"
PLAIN_FORM = Dialect()


@pytest.fixture
def sheet(tmp_path):
    """Write rows into a sheet, from a cell on; return the file."""

    def write(rows, merged=(), others=None, title="Data"):
        book = openpyxl.Workbook()
        book.active.title = title
        for row in rows:
            book.active.append(row)
        for cells in merged:
            book.active.merge_cells(cells)
        for name, its in (others or {}).items():
            more = book.create_sheet(name)
            for row in its:
                more.append(row)
        book.save(tmp_path / NAME)
        return tmp_path / NAME

    return write


def read(file, dialect=PLAIN_FORM, declared=()):
    return read_files({NAME: file}, declared, Marks(), dialect).table


def refusal(call, *arguments) -> tuple[str, str]:
    with pytest.raises(ReadingError) as caught:
        call(*arguments)
    first, second = str(caught.value).splitlines()
    return first, second


PLAIN = [["size", "code", "sold"], [1.5, "a", True], [2, None, False]]
TABLE = {"size": [1.5, 2.0], "code": ["a", None], "sold": [True, False]}

AROUND = {
    "plain": (PLAIN, {}),
    "empty rows and columns": (
        [[], [None, None], *[[None, *row, None] for row in PLAIN], [], [None]],
        {},
    ),
    "an empty row within": ([*PLAIN[:2], [None, None, None], PLAIN[2]], {}),
    "a title": ([["Sales of 2024"], [], *PLAIN], {"skip": 2}),
    "a title and a date above": ([["Sales"], [date(2024, 1, 1)], *PLAIN], {"skip": 2}),
    "a comment": ([["# by hand"], *PLAIN], {"skip": 1}),
}


@pytest.mark.parametrize(("rows", "expected"), AROUND.values(), ids=AROUND)
def test_the_table_is_found(sheet, rows, expected):
    file = sheet(rows)
    guess = guess_dialect(file, NAME)
    assert guess.dialect.settings() == expected
    assert read(file, guess.dialect).to_pydict() == TABLE


def test_a_merged_title_is_no_header(sheet):
    file = sheet([["Sales of 2024", None, None], *PLAIN], merged=["A1:C1"])
    guess = guess_dialect(file, NAME)
    assert guess.reasons == ["skip 1: the table begins in row 2, below 'Sales of 2024'"]
    assert read(file, guess.dialect).to_pydict() == TABLE


def test_declared_columns_are_converted_as_those_of_a_csv_file(sheet):
    moment = datetime(2026, 1, 31, 12, 30)
    rows = [
        ["Size", "Code", "Day", "Price"],
        [1, 7, moment, "1.234,5 €"],
        ["2,5", "01", moment, 3.5],
        [None, 7.0, None, "NA"],
    ]
    declared = [
        DeclaredColumn("size"),
        DeclaredColumn("code", "category"),
        DeclaredColumn("day", "time"),
        DeclaredColumn("price", unit="€"),
    ]
    table = read(sheet(rows), Dialect(decimal=",", thousands="."), declared)
    assert table.to_pydict() == {
        "size": [1.0, 2.5, None],
        "code": ["7", "01", "7"],
        "day": [moment, moment, None],
        "price": [1234.5, 3.5, None],
    }


def test_a_wrong_cell_is_named_by_its_row_in_the_sheet(sheet):
    file = sheet([["Title"], [], ["size", "code"], [1, "a"], ["large", "b"]])
    first, _ = refusal(read, file, Dialect(skip=2), [DeclaredColumn("size")])
    assert first.endswith(
        "size must hold numbers (with a decimal point, no thousands separators), "
        "got 'large' at row 5."
    )


def test_a_date_in_another_format_among_dates_is_not_guessed(sheet):
    file = sheet([["day"], [datetime(2026, 3, 1)], ["13/01/2026"]])
    for form in (None, "%d/%m/%Y"):
        first, _ = refusal(read, file, Dialect(), [DeclaredColumn("day", "time", format=form)])
        assert "day must hold" in first


REFUSED = {
    "a merged header": (
        {"rows": [["a", "b", None], [None, "c", "d"], [1, 2, 3]], "merged": ["B1:C1"]},
        "the cells B1:C1 are merged into one",
        "skip: 1",
    ),
    "merged rows": (
        {"rows": [["a", "b"], ["x", 1], [None, 2], ["y", 3]], "merged": ["A2:A3"]},
        "the cells A2:A3 are merged into one",
        "Unmerge them",
    ),
    "two sheets": (
        {"rows": PLAIN, "others": {"More": PLAIN, "Empty": []}},
        "has 2 sheets: Data, More",
        "sheet: Data",
    ),
    "a formula without a result": (
        {"rows": [["a", "b"], [1, "=A2*2"]]},
        "Data!B2 is a formula without a result",
        "Open the file in Excel",
    ),
    "nothing": ({"rows": []}, "has no rows", "Add a header row"),
}


@pytest.mark.parametrize(("content", "rule", "remedy"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_plain_is_refused(sheet, content, rule, remedy):
    first, second = refusal(read, sheet(**content))
    assert rule in first
    assert remedy in second


def test_a_sheet_is_chosen_by_name(sheet):
    file = sheet([["x"], [1]], others={"More": PLAIN})
    assert read(file, Dialect(sheet="More")).to_pydict() == TABLE
    first, second = refusal(read, file, Dialect(sheet="Mor"))
    assert "has no sheet 'Mor'" in first
    assert "Data, More" in second


def test_a_formula_is_its_last_result(tmp_path):
    rows = [
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>b</t></is></c></row>',
        '<row r="2"><c r="A2"><v>2</v></c><c r="B2"><f>A2*2</f><v>4</v></c></row>',
        '<row r="3"><c r="A3"><v>3</v></c><c r="B3" t="str"><f>IF(1,"","")</f><v></v></c></row>',
    ]
    assert read(by_hand(tmp_path, "".join(rows))).to_pydict() == {"a": [2, 3], "b": [4, None]}


def by_hand(tmp_path, rows: str, *, before: str = "", more: dict[str, bytes] | None = None):
    """Write a workbook whose sheet has some XML."""
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/worksheets/sheet1.xml"] = (
        f'{before}<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'.encode()
    )
    with zipfile.ZipFile(tmp_path / NAME, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, **(more or {})}.items():
            archive.writestr(name, content)
    return tmp_path / NAME


CELL = '<row r="1"><c r="A1"><v>1</v></c></row>'
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def test_entities_are_refused(tmp_path):
    first, _ = refusal(read, by_hand(tmp_path, CELL, before=BOMB))
    assert "xl/worksheets/sheet1.xml is no plain XML" in first
    utf16 = f'<?xml version="1.0" encoding="utf-16"?>{BOMB}<a/>'.encode("utf-16")
    first, _ = refusal(read, by_hand(tmp_path, CELL, more={"xl/styles.xml": utf16}))
    assert "xl/styles.xml is no plain XML" in first
    first, _ = refusal(read, by_hand(tmp_path, CELL, more={"xl/styles.xml": utf16[2:]}))
    assert "xl/styles.xml is no plain XML" in first, "UTF-16 without a byte order mark"


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    """The sizes in the archive's directory are what Python would unpack at most."""
    file = by_hand(tmp_path, CELL)
    content = bytearray(file.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (1 << 31).to_bytes(4, "little")
    file.write_bytes(content)
    first, second = refusal(read, file)
    assert "is too large: unpacked it has 2,147," in first
    assert second == "Save the table as CSV or Parquet."


FAR = {
    "a row far below": '<row r="99999999"><c r="A99999999"><v>1</v></c></row>',
    "cells far to the right": "".join(
        f'<row r="{n}"><c r="ZZZ{n}"><v>1</v></c></row>' for n in range(1, 8)
    ),
}


@pytest.mark.parametrize("rows", FAR.values(), ids=FAR)
def test_cells_far_away_take_no_memory_without_end(tmp_path, monkeypatch, rows):
    monkeypatch.setattr("sagetabular.reading.excel._MOST_ROWS", 100_000)
    monkeypatch.setattr("sagetabular.reading.excel._MOST_CELLS", 100_000)
    first, second = refusal(read, by_hand(tmp_path, rows))
    assert "is too large: a sheet may have 100,000 rows and 100,000 cells" in first
    assert second == "Save the table as CSV or Parquet."


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and rubbish", b"a,b\n1,2\n"])
def test_what_is_no_workbook_is_refused(tmp_path, content):
    (tmp_path / NAME).write_bytes(content)
    first, _ = refusal(read, tmp_path / NAME)
    assert "is no Excel workbook" in first


@pytest.mark.parametrize(
    "removed", ["xl/workbook.xml", "[Content_Types].xml", "xl/worksheets/sheet1.xml"]
)
def test_a_damaged_workbook_is_refused(sheet, tmp_path, removed):
    file = sheet(PLAIN)
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != removed}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    first, _ = refusal(read, file)
    assert NAME in first


CELLS = st.one_of(
    st.none(),
    st.integers(-(2**53), 2**53),
    st.integers(-(10**12), 10**12).map(lambda number: number / 1000),  # openpyxl writes 16 digits
    st.text("abcÄ€ ,;\n\"'", min_size=1, max_size=6).map(lambda text: f"q{text}"),
)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_values_are_read_back(tmp_path, rows):
    """Numbers as the text that Python gives them, so that a column may mix both."""
    book = openpyxl.Workbook()
    for row in [("one", "two", "end"), *((*row, 1) for row in rows)]:
        book.active.append(row)
    book.save(tmp_path / NAME)
    kinds = [DeclaredColumn("one", "category"), DeclaredColumn("two", "category")]
    table = read(tmp_path / NAME, Dialect(), kinds)
    for place, name in enumerate(("one", "two")):
        for found, written in zip(table[name].to_pylist(), rows, strict=True):
            value = written[place]
            if isinstance(value, str) or value is None:
                assert found == value
            else:
                assert float(found) == value


def test_the_library_is_imported_for_excel_alone(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    program = (
        "import sys, pathlib; from sagetabular.reading.tables import read_files;"
        "from sagetabular.reading.values import Marks;"
        f"read_files({{'a': pathlib.Path({str(tmp_path / 'a.csv')!r})}}, [], Marks());"
        "print('openpyxl' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "False\n"
