"""Cleaning: what is cast, what is refused and with which words."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.rows.cleaning import clean

COLUMNS = {
    "size": {"type": "number", "optional": False},
    "town": {"type": "category", "optional": True},
    "price": {"type": "number", "optional": False},
}


def make_table(**columns: object) -> pd.DataFrame:
    table = {"size": [1.0, 2.0, 3.0], "town": ["a", "b", None], "price": [10, 20, 30]}
    return pd.DataFrame({**table, **columns})


def test_numbers_become_float64_whatever_the_database_calls_them() -> None:
    sizes = [decimal.Decimal("1.50"), None, decimal.Decimal(3)]
    rows = clean(make_table(size=sizes, price=[1, 2, 3]), COLUMNS, "price")
    assert rows["size"].dtype == rows["price"].dtype == np.float64
    np.testing.assert_array_equal(rows["size"], [1.5, np.nan, 3.0])


def test_booleans_and_whole_numbers_as_text_are_numbers() -> None:
    rows = clean(make_table(size=[True, False, True], price=["1", "2.5", "3e2"]), COLUMNS, "price")
    assert rows["price"].tolist() == [1.0, 2.5, 300.0]
    assert rows["size"].tolist() == [1.0, 0.0, 1.0]


def test_negative_zero_is_zero_so_that_equal_rows_are_equal_in_every_bit() -> None:
    rows = clean(make_table(size=[-0.0, 1.0, 2.0]), COLUMNS, "price")
    assert not np.signbit(rows["size"].iloc[0])


def test_every_row_stays_and_undeclared_columns_go() -> None:
    table = pd.concat([make_table(), make_table()]).assign(other=range(6))
    rows = clean(table, COLUMNS, "price")
    assert list(rows.columns) == list(COLUMNS)
    assert rows["price"].tolist() == [10, 20, 30] * 2


def test_the_rows_without_target_are_counted_as_they_were_read() -> None:
    """528 empty lines of a file are 528 rows to look for, although they are equal."""
    empty = pd.DataFrame({name: [None] * 528 for name in COLUMNS}, dtype=object)
    with pytest.raises(JobError, match="must have a value in every row, got 528 without"):
        clean(pd.concat([make_table(), empty]), COLUMNS, "price")


def test_an_optional_column_may_be_absent() -> None:
    assert list(clean(make_table().drop(columns="town"), COLUMNS, "price")) == ["size", "price"]


def test_missing_columns_are_all_named_with_those_that_exist() -> None:
    with pytest.raises(JobError) as caught:
        clean(make_table().drop(columns=["size", "price"]).assign(area=1), COLUMNS, "price")
    first, second = str(caught.value).split("\n")
    assert first.startswith("conf/pipeline.yaml: data.columns.size:")
    assert "price" in first
    assert "town, area" in second


@pytest.mark.parametrize("bad", ["abc", "1,5", "12 rooms", "1_0", "inf"])
def test_text_in_a_number_column_is_refused_by_name_and_value(bad: str) -> None:
    with pytest.raises(JobError) as caught:
        clean(make_table(size=["1", bad, "3"]), COLUMNS, "price")
    assert "conf/pipeline.yaml: data.columns.size must hold numbers" in str(caught.value)
    assert repr(bad) in str(caught.value)


def test_infinity_is_refused() -> None:
    with pytest.raises(JobError, match=r"up to 3.4e38, got inf \(1 rows so, the first is row 2\)"):
        clean(make_table(size=[1.0, np.inf, 2.0]), COLUMNS, "price")


@pytest.mark.parametrize("column", ["size", "price"])
@pytest.mark.parametrize("kind", [float, str])
def test_a_number_beyond_single_precision_is_refused(column, kind) -> None:
    """XGBoost refuses it as infinite: NumPy's largest float32 is 3.4028235e38."""
    with pytest.raises(JobError, match=f"{column} must hold numbers up to 3.4e38, got .*row 2"):
        clean(make_table(**{column: [kind(1.0), kind(1e39), kind(2.0)]}), COLUMNS, "price")
    clean(make_table(size=[1.0, float(np.finfo(np.float32).max), 2.0]), COLUMNS, "price")


def test_a_target_without_value_is_refused() -> None:
    with pytest.raises(JobError, match="data.target 'price' must have a value.*got 1 without"):
        clean(make_table(price=[1.0, np.nan, 2.0]), COLUMNS, "price")


def test_a_constant_target_is_refused_with_its_value() -> None:
    with pytest.raises(JobError, match="must vary, got 7.0 in all 3 rows"):
        clean(make_table(price=[7, 7, 7]), COLUMNS, "price")


def test_times_become_utc_and_bad_ones_are_refused() -> None:
    columns = {**COLUMNS, "day": {"type": "time", "optional": False}}
    days = [datetime.date(2026, 1, day) for day in (1, 2, 3)]
    rows = clean(make_table(day=days), columns, "price")
    assert str(rows["day"].dt.tz) == "UTC"
    with pytest.raises(JobError, match="data.columns.day must hold times"):
        clean(make_table(day=["2026-01-01", "soon", "2026-01-03"]), columns, "price")


TIME = {**COLUMNS, "day": {"type": "time", "optional": False}}


@pytest.mark.parametrize(
    "bad", ["01/02/2026", "2/1/2026", "10:30", "Monday", "now", "today", 1767225600]
)
def test_times_that_can_be_read_in_two_ways_are_refused(bad: object) -> None:
    with pytest.raises(JobError, match=rf"times such as 2026-01-31 .*got '?{bad}'? \(3 rows"):
        clean(make_table(day=[bad] * 3), TIME, "price")


@pytest.mark.parametrize("kind", [int, str, object])
def test_whole_numbers_in_a_column_of_times_are_years(kind: type) -> None:
    years = pd.Series([1999, 2025, 2026], dtype=kind)
    assert clean(make_table(day=years), TIME, "price")["day"].dt.year.tolist() == [1999, 2025, 2026]


def test_times_as_text_may_be_written_more_or_less_finely() -> None:
    days = ["2026-01-02T03:04:05.678901234Z", "2026-01-02", "2026-01-02 05:00:00+02:00"]
    times = clean(make_table(day=days), TIME, "price")["day"]
    assert [str(time) for time in times] == [
        "2026-01-02 03:04:05.678901+00:00",
        "2026-01-02 00:00:00+00:00",
        "2026-01-02 03:00:00+00:00",
    ]


@given(
    st.lists(st.one_of(st.none(), st.text(), st.floats(), st.integers()), min_size=3, max_size=9)
)
def test_any_column_is_either_cast_or_refused(values: list[object]) -> None:
    table = pd.DataFrame({"size": pd.Series(values, dtype=object), "price": range(len(values))})
    try:
        rows = clean(table, {name: COLUMNS[name] for name in ("size", "price")}, "price")
    except JobError as error:
        assert str(error).count("\n") == 1
    else:
        assert rows["size"].dtype == np.float64
        assert not np.isinf(rows["size"]).any()
