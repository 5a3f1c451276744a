"""A file in any form is the same table by `data add` and by Ingest of `source: s3`."""

from __future__ import annotations

import json

import openpyxl
import pyarrow.parquet as pq
import pytest

from sagetabular.jobs.ingest_files import ingest_files
from sagetabular.lake.add import read_files
from sagetabular.reading.dialect import Dialect
from sagetabular.reading.names import DeclaredColumn

COLUMNS = {
    "price": {"type": "number", "optional": False, "unit": "€"},
    "day": {"type": "time", "optional": False, "format": "%d.%m.%Y"},
    "code": {"type": "category", "optional": True},
}
PLANTED = {"price": [1234.5, 7.0], "code": ["a", None]}
HEADER, ROWS = "Price;Day;Code\n", "1.234,50 €;31.01.2026;a\n€ 7;01.02.2026;\n"
GERMAN = {"decimal": ",", "thousands": "."}
FORMS = {
    "semicolons": ("a.csv", HEADER + ROWS, GERMAN),
    "a title": ("a.txt", f"Report\n\n{HEADER}{ROWS}", GERMAN | {"skip": 2}),
    "tabs": ("a.tsv", (HEADER + ROWS).replace(";", "\t"), GERMAN),
    "UTF-16": ("a.csv", (HEADER + ROWS).encode("utf-16"), GERMAN | {"encoding": "utf-16"}),
    "Windows' code page": (
        "a.csv",
        (HEADER + ROWS).encode("cp1252"),
        GERMAN | {"encoding": "cp1252"},
    ),
    "no header": (
        "a.data",
        ROWS,
        GERMAN | {"header": False, "names": ["price", "day", "code"]},
    ),
    "comments": ("a.csv", f"# one\n{HEADER}# two\n{ROWS}", GERMAN | {"comment": "#"}),
}


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path / "ml"))
    for name in ("files", "settings"):
        (tmp_path / "ml/processing/input" / name).mkdir(parents=True)
    return tmp_path / "ml/processing"


def by_both_ways(base, file, written: dict) -> tuple:
    """Return the table of `data add`, and that of the job."""
    declared = [
        DeclaredColumn(
            name, column["type"], not column["optional"], column.get("format"), column.get("unit")
        )
        for name, column in COLUMNS.items()
    ]
    added = read_files([file], declared, ["?"], Dialect.from_settings(written)).table
    settings = {"columns": COLUMNS, "missing": ["?"], "files": written}
    (base / "input/settings/files.json").write_text(json.dumps(settings))
    ingest_files([])
    return added, pq.read_table(base / "output/data/data.parquet")


@pytest.mark.parametrize(("name", "content", "written"), FORMS.values(), ids=FORMS)
def test_a_text_is_the_same_table(base, name, content, written):
    file = base / "input/files" / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    added, ingested = by_both_ways(base, file, written)
    assert added.equals(ingested)
    table = added.to_pydict()
    assert {column: table[column] for column in PLANTED} == PLANTED
    assert [f"{day:%Y-%m-%d}" for day in table["day"]] == ["2026-01-31", "2026-02-01"]


def test_a_sheet_is_the_same_table(base):
    file = base / "input/files/a.xlsx"
    book = openpyxl.Workbook()
    for row in [["Price", "Day", "Code"], [1234.5, "31.01.2026", "a"], ["€ 7", "01.02.2026", None]]:
        book.active.append(row)
    book.save(file)
    added, ingested = by_both_ways(base, file, GERMAN)
    assert added.equals(ingested)
    assert {column: added[column].to_pylist() for column in PLANTED} == PLANTED
