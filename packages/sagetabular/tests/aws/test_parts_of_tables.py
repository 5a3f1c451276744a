"""How rows are divided by the values of some columns, and which values no folder can say."""

from __future__ import annotations

import datetime

import pyarrow as pa
import pytest

from sagetabular.aws.glue.partitioning import parts_of
from sagetabular.errors import UserError

SALES = pa.table({"id": [1, 2, 3, 4], "district": ["b", "a", "b", "c"], "year": [2026] * 4})


def refusal(table, *by):
    with pytest.raises(UserError) as caught:
        parts_of(table, by, "estate.sales")
    return caught.value.message


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        (["a", None, "b", None], "must have a value in each row, got 2 without."),
        (["a", "", "b", "c"], "must have a value in each row, got 1 without."),
        (["a", "__HIVE_DEFAULT_PARTITION__", "b", "c"], "must have a value in each row, got 1"),
        ([1, None, 2, 3], "must have a value in each row, got 1 without."),
        ([0.5, 1.0, 2.0, 3.0], "must be text, whole numbers or days, got double."),
        ([True, False, True, False], "must be text, whole numbers or days, got bool."),
    ],
)
def test_what_a_folder_cannot_say_is_refused(values, rule):
    table = SALES.append_column("key", [values])
    assert refusal(table, "key").startswith(f"--partition-by: estate.sales.key {rule}")


def test_columns_that_are_not_there_or_would_leave_none_are_refused():
    hint = "has no column 'distrct' (did you mean district?)."
    assert refusal(SALES, "distrct") == f"--partition-by: estate.sales {hint}"
    assert refusal(SALES, "year", "year") == "--partition-by names year twice."
    assert "must leave estate.sales a column" in refusal(SALES, *SALES.column_names)


def test_every_row_is_in_the_part_of_its_values_once_and_in_order():
    table = pa.table({"n": range(500), "word": [f"w{n * n % 7}" for n in range(500)]})
    parts = parts_of(table, ["word"], "a.b")
    assert [part.values for part in parts] == [("w0",), ("w1",), ("w2",), ("w4",)]
    for part in parts:
        numbers = part.rows["n"].to_pylist()
        assert numbers == [n for n in range(500) if f"w{n * n % 7}" == part.values[0]]


def test_days_and_categories_are_values_as_athena_writes_them():
    day = datetime.date(2026, 1, 1)
    table = pa.table({"n": [1], "day": [day], "word": pa.array(["x"]).dictionary_encode()})
    (part,) = parts_of(table, ["day", "word"], "a.b")
    assert part.values == ("2026-01-01", "x")
