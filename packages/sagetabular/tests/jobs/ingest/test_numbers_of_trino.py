"""Trino's arithmetic on the lake's rows, beside Python's `decimal` and `datetime`.

The rules are those of trino.io/docs/current/functions/decimal.html; Python computes the numbers.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sagetabular.jobs.ingestion.lake import LakeReader
from sagetabular.jobs.ingestion.query import Query

ROWS = 300


def half_up(value, scale):
    return value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)


@pytest.fixture(scope="module")
def table():
    chance = random.Random(7)
    exact = [Decimal(chance.randint(-(10**8), 10**8)).scaleb(-3) for _ in range(ROWS)]
    short = [Decimal(chance.randint(1, 9999)).scaleb(-1) for _ in range(ROWS)]
    # Halves too, where rounding shows.
    real = [
        chance.choice((chance.uniform(-1e6, 1e6), chance.randint(-999, 999) / 2)) for _ in exact
    ]
    start = date(2019, 1, 1)
    days = [[start + timedelta(chance.randint(0, 3000)) for _ in exact] for _ in range(2)]
    return pa.table(
        {
            "exact": pa.array(exact, pa.decimal128(12, 3)),
            "short": pa.array(short, pa.decimal128(5, 1)),
            "whole": pa.array([chance.choice((-7, -2, -1, 1, 2, 3, 10**9)) for _ in exact]),
            "real": real,
            "a": days[0],
            "b": days[1],
        }
    )


@pytest.fixture(scope="module")
def found(table, tmp_path_factory):
    """Return what the lake gives for expressions over the table, column by column."""
    root = tmp_path_factory.mktemp("lake")
    (root / "housing/houses").mkdir(parents=True)
    pq.write_table(table, root / "housing/houses/part-0.parquet")
    reader = LakeReader(root, "housing", "houses")

    def found(expression):
        rows = reader.read(Query(f"SELECT {expression} AS x FROM houses", "q"))
        return rows["x"].to_pylist()

    return found


def months_between(start, end):
    if end < start:
        return -months_between(end, start)
    months = (end.year - start.year) * 12 + end.month - start.month
    last_of_month = (end + timedelta(1)).month != end.month
    return months - (end.day < start.day and not last_of_month)


EXPECTED = {
    "exact / short": lambda row: half_up(row["exact"] / row["short"], 3),
    "short / exact": lambda row: half_up(row["short"] / row["exact"], 3),
    "exact / whole": lambda row: half_up(row["exact"] / row["whole"], 3),
    "exact * short": lambda row: row["exact"] * row["short"],
    "exact - short": lambda row: row["exact"] - row["short"],
    "whole / 2": lambda row: int(Decimal(row["whole"]) / 2),
    "whole % 3": lambda row: int(Decimal(row["whole"]) % 3),
    "CAST(real AS bigint)": lambda row: int(half_up(Decimal(row["real"]), 0)),
    "CAST(real AS decimal(18, 2))": lambda row: half_up(Decimal(repr(row["real"])), 2),
    "CAST(exact AS integer)": lambda row: int(half_up(row["exact"], 0)),
    "CAST(exact AS decimal(12, 1))": lambda row: half_up(row["exact"], 1),
    "CAST(exact AS double)": lambda row: float(row["exact"]),
    "round(exact)": lambda row: half_up(row["exact"], 0),
    "date_diff('day', a, b)": lambda row: (row["b"] - row["a"]).days,
    "date_diff('week', a, b)": lambda row: int((row["b"] - row["a"]).days / 7),
    "date_diff('month', a, b)": lambda row: months_between(row["a"], row["b"]),
    "date_diff('quarter', a, b)": lambda row: int(months_between(row["a"], row["b"]) / 3),
    "day_of_week(a)": lambda row: row["a"].isoweekday(),
    "week(a)": lambda row: row["a"].isocalendar().week,
    "date_format(a, '%Y-%m-%d %j')": lambda row: f"{row['a']:%Y-%m-%d %j}",
}


@pytest.mark.parametrize("expression", EXPECTED)
def test_an_expression_over_rows_is_what_python_computes(table, found, expression):
    rows, expected = table.to_pylist(), EXPECTED[expression]
    wrong = [
        (row, each, expected(row))
        for row, each in zip(rows, found(expression), strict=True)
        if each != expected(row)
    ]
    assert not wrong[:3]


def test_the_average_of_exact_numbers_keeps_their_scale(table, found):
    exact = table["exact"].to_pylist()
    assert found("avg(exact)") == [half_up(sum(exact) / len(exact), 3)]
    assert found("avg(exact) OVER ()") == found("avg(exact)") * ROWS
