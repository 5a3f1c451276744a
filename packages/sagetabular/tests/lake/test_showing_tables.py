"""`pipeline data show`: what is in a table, from the table itself."""

from __future__ import annotations

import pytest

ROWS = "rooms,area,district,sold,price\n"
ROWS += '4,80,north,2026-01-01,300000\n,81.5,,2026-02-01,310000\n5,95,"so\u202euth",2026-03-01,1\n'


@pytest.fixture
def table(pipeline, tmp_path):
    """Three rows of the small project's columns; a number and a category are missing in one."""
    (tmp_path / "sales.csv").write_text(ROWS, encoding="utf-8")
    ended = pipeline("data", "add", tmp_path / "sales.csv")
    assert ended.code == 0, ended


@pytest.fixture
def state(example):
    def read():
        home = example.root / ".pipeline"
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in home.rglob("*")}

    return read


def line(ended, name):
    return next(found.split() for found in ended.out.splitlines() if found.startswith(f"{name} "))


def test_columns_have_types_missing_values_and_first_rows(pipeline, table):
    ended = pipeline("data", "show")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[:2] == [
        ".pipeline/lake/estate/sales: sales.csv",
        "3 rows, 5 columns",
    ]
    assert line(ended, "column") == [
        *("column", "type", "declared", "missing", "row", "1", "row", "2", "row", "3")
    ]
    assert line(ended, "rooms")[2:] == ["number", "1", "4", "missing", "5"]
    assert line(ended, "area")[2:] == ["number", "0", "80.0", "81.5", "95.0"]
    assert line(ended, "district")[2:5] == ["category", "1", "north"]
    assert line(ended, "garden") == [
        *("garden", "not", "in", "the", "table", "number,", "optional", "-", "-", "-", "-")
    ]


def test_no_sign_of_a_cell_changes_the_terminal(pipeline, table):
    assert "\u202e" not in pipeline("data", "show").out


@pytest.mark.parametrize("rows", [0, 1, 20])
def test_as_many_rows_as_there_are_and_as_were_asked_for(pipeline, table, rows):
    ended = pipeline("data", "show", "--rows", rows)
    assert line(ended, "column").count("row") == min(rows, 3)
    assert "81.5" not in pipeline("data", "show", "--rows", 1).out


def test_it_changes_nothing(pipeline, table, state):
    before = state()
    assert pipeline("data", "show").code == 0
    assert state() == before


def test_a_table_that_is_not_there_is_named_with_those_that_are(pipeline, table, state):
    before = state()
    assert pipeline("data", "show", "sale").mistake == [
        "The local lake has no table estate.sale.",
        "It has sales. Add one: pipeline data add FILE, or pipeline data sample.",
    ]
    assert state() == before


def test_a_damaged_table_is_named(pipeline, table, example):
    (example.root / ".pipeline/lake/estate/sales/part-0.parquet").write_bytes(b"PAR1")
    rule, remedy = pipeline("data", "show").mistake
    assert "part-0.parquet cannot be read: " in rule
    assert remedy == "Add the table again: pipeline data add FILE."
