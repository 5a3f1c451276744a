"""What columns hold, by their cells."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from sagetabular.reading.values import make_marks
from sagetabular.starting.inference.kinds import find, suspicious
from sagetabular.starting.tables.sources import SourceColumn

DAY = datetime.date(2026, 1, 31)
# Name → cells, the type, and what the reason must mention.
COLUMNS = {
    "numbers": (["1", " 2.5", "-3e2", ""], "number", ""),
    "numbers and NA": (["1", "NA", "2"], "number", ""),
    "numbers and a question mark": (["1", "?", "2", "3"], "number", "'?' means missing"),
    "numbers and a word for none": (["1", "Unknown", "2", "3"], "number", "'Unknown' means"),
    "numbers and two marks": (["1", "?", "2", "3", "4", "*", "9"], "number", "'?', '*'"),
    "more marks than numbers": (["1", "?", "?", "?"], "category", ""),
    "numbers with a unit": (["12 km", "7 km", ""], "number", "in km"),
    "prices": (["$1.50", "$7"], "number", "in $"),
    "a unit and gaps": (["12.5 €", "7 €", "?"] * 2 + ["3.9 €"], "number", "in €; '?' means"),
    "several units": (["12 km", "7 m"], "category", ""),
    "numbers and a word": (["1", "2", "3", "many"], "category", "numbers and text ('many')"),
    "leading zeros": (["01234", "99999"], "category", "leading zeros (01234)"),
    "zero alone": (["0", "10", "0.5", "-0.5"], "number", ""),
    "too large": (["1e39", "1"], None, "3.4e38"),
    "text": (["red", "white", ""], "category", ""),
    "true and false": (["TRUE", "false", ""], "category", "true or false"),
    "yes and no": (["yes", "no"], "category", ""),
    "days": (["2026-01-31", "2026-02-01", ""], "time", ""),
    "moments": (["2026-01-31 12:00", "2026-02-01T12:00:01.5Z"], "time", ""),
    "years": (["2025", "2026"], "number", ""),
    "nothing": (["", "NA", None], "number", ""),
    "whole numbers": ([1, 2, None], "number", ""),
    "real numbers": ([1.5, float("nan")], "number", ""),
    "decimals": ([Decimal("1.5"), None], "number", ""),
    "booleans": ([True, None, False], "category", "true or false"),
    "dates": ([DAY, None], "time", ""),
    "datetimes": ([datetime.datetime(2026, 1, 31, 12)], "time", ""),
    "lists": ([[1], [2]], None, "list"),
    "durations": ([datetime.timedelta(1)], None, "duration"),
    "bytes": ([b"x"], None, "binary"),
}


def found(cells, missing=(), kind=None):
    array = pa.chunked_array([pa.array(cells, kind)])
    return find(SourceColumn("x", "x", array), make_marks(missing))


@pytest.mark.parametrize("name", COLUMNS)
def test_what_a_column_holds(name):
    cells, kind, why = COLUMNS[name]
    one = found(cells)
    assert one.type == kind
    assert why in one.why
    assert why or not one.why


def test_a_categorical_column_of_a_parquet_file_is_one_whatever_it_holds():
    codes = pa.chunked_array([pa.array(["1", "2", None, "1"]).dictionary_encode()])
    one = find(SourceColumn("x", "x", codes), make_marks(()))
    assert (one.type, one.values, one.rows) == ("category", {"1": 2, "2": 1}, 4)


def test_numbers_are_counted_by_value_and_not_by_spelling():
    one = found(["1", "1.0", "+1", "2", "", None])
    assert dict(zip(one.numeric, one.values.values(), strict=True)) == {1.0: 3, 2.0: 1}
    assert (one.present, one.rows, one.whole) == (4, 6, True)


@pytest.mark.parametrize("cells", [["1", "-200", "-200.0", "2"], [1, -200, -200, 2]])
def test_what_is_known_to_mean_missing_is_no_value(cells):
    assert [*found(cells, ["-200"]).numeric] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("cells", "odd"),
    [
        ([-200, -200, 3, 5, 1000], -200),  # the only negative one
        ([-200, -200, -5, 3, 44], -200),  # farther away than all others lie apart
        ([9999, 9999, 3, 5, 7], 9999),
        ([-1, -1, 3, 500, 7], -1),
        ([-999.0, -999.0, 0.25, 5.5], -999),
        ([-200, 3, 5, 1000], None),  # it does not repeat
        ([-200, -200, -150, 40, 50], None),  # others are near
        ([99, 99, 98, 97, 1], None),
        ([-3, -3, 3, 5, 7], None),  # nobody writes this for a missing value
        ([0, 0, 100, 101, 102], None),
        ([-1, 1], None),
    ],
)
def test_a_number_that_may_mean_missing_is_suspicious(cells, odd):
    assert suspicious(found(cells)) == odd


def test_dates_in_another_form_are_times_whose_format_is_to_be_said():
    one = found(["31/01/2026", ""])
    assert (one.type, one.formats[0]) == ("time", "%d/%m/%Y")
