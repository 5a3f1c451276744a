"""Numbers with decimal commas, thousands and units, and times in a format, where declared."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from sagetabular.errors import UserError
from sagetabular.jobs.errors import JobError
from sagetabular.jobs.rows.cleaning import clean
from sagetabular.lake.add import read_files
from sagetabular.reading.dialect import Dialect
from sagetabular.reading.names import DeclaredColumn
from sagetabular.reading.notation import Notation, number_in, unit_of
from sagetabular.reading.times import date_formats, is_iso, wrong_format
from sagetabular.reading.values import Marks

# The written number, and what it is, by the rules that CLDR and ISO 31-0 describe.
NUMBERS = {
    Notation(","): [("12,5", 12.5), ("-0,25", -0.25), (",5", 0.5), ("7", 7), ("1,5e3", 1500)],
    Notation(",", "."): [("1.234,5", 1234.5), ("1.234.567", 1234567), ("12", 12), ("0,5", 0.5)],
    Notation(".", ","): [("1,234.5", 1234.5), ("12,345,678", 12345678), ("1234", 1234)],
    Notation(",", " "): [
        ("1 234,5", 1234.5),
        ("1\u202f234", 1234),
        ("1\u00a0234\u00a0567", 1234567),
    ],
    Notation(".", "'"): [("1'234.5", 1234.5), ("1\u2019234", 1234)],
    Notation(unit="€"): [("12.5 €", 12.5), ("€12.5", 12.5), ("-€ 5", -5), ("€-5", -5), ("7", 7)],
    Notation(",", ".", "€"): [("1.234,50\u00a0€", 1234.5), ("-1,5€", -1.5)],
    Notation(unit="km"): [("12 km", 12), ("12km", 12), (" 1e3 km ", 1000), ("true", 1)],
    Notation(unit="%"): [("50%", 50), ("12.5 %", 12.5)],
}
NO_NUMBERS = {
    Notation(","): ["2.6", "1.234,5", ",", "1,2,3", "1 234", "inf", "\u0661"],
    Notation(",", "."): ["2.6", "12.34", "0.123", "1.2345", "1.234.5", "1,234.5", "1..234"],
    Notation(".", ","): ["1,5", "12,34,567", ",123", "1,234,5"],
    Notation(".", " "): ["1  234", "12 34"],
    Notation(unit="€"): ["$5", "5 $", "€", "5 €€", "€5€", "5,5 €", "+-5 €", "5 € x"],
    Notation(unit="km"): ["5 m", "5 km/h", "5 Km", "km"],
    Notation(unit="m"): ["5 km", "5 cm"],
}


@pytest.mark.parametrize("notation", NUMBERS, ids=str)
def test_numbers_are_read(notation):
    for text, expected in NUMBERS[notation]:
        assert number_in(text, Marks(), notation) == expected, text


@pytest.mark.parametrize("notation", NO_NUMBERS, ids=str)
def test_what_is_written_otherwise_is_refused(notation):
    for text in NO_NUMBERS[notation]:
        with pytest.raises(ValueError, match=r".*"):
            number_in(text, Marks(), notation)


def test_marks_and_values_that_are_no_text_count_as_ever():
    marks = Marks(Marks().texts | {"?"}, frozenset({-200.0}))
    for missing in ("?", " NA ", "-200,0 €", None):
        assert math.isnan(number_in(missing, marks, Notation(",", unit="€"))), missing
    assert number_in(2.5, marks, Notation(",")) == 2.5


UNITS = {
    "km": ["12,5 km", "7 km", None, "NA"],
    "€": ["€1.234", "-€5", "€ 7"],
    "$": ["$1,200", "$5"],
    "Rs.": ["Rs. 1,200", "Rs.5"],
    "US$": ["US$5", "US$6"],
    "%": ["5%", "7.5 %"],
    "mpg": ["5 mpg"],
    "sq ft": ["1,200 sq ft", "900 sq ft"],
    "°C": ["-5.2 °C", "3 °C"],
}
NO_UNITS = {
    "a comma before a word": ["5,Smith", "6,Smith"],
    "two units": ["5 km", "5 mi"],
    "some without": ["5 km", "5"],
    "none": ["5", "6"],
    "codes": ["A1", "A2"],
    "words": ["red", "blue"],
    "dates": ["2026-01-31", "01.02.2026"],
    "ranges": ["5-10", "10-20"],
    "nothing": [None, "", "NA"],
    "addresses": ["12 Main Street, apartment on the left", "13 Main Street"],
}


@pytest.mark.parametrize(("unit", "cells"), UNITS.items())
def test_a_unit_that_all_numbers_carry_is_found(unit, cells):
    assert unit_of(cells) == unit


@pytest.mark.parametrize("cells", NO_UNITS.values(), ids=NO_UNITS)
def test_what_is_no_unit_is_not(cells):
    assert unit_of(cells) is None


def test_a_date_is_never_guessed_but_its_formats_are_named():
    assert date_formats(["01/02/2017", "03/04/2017", None]) == [
        "%d/%m/%Y",
        "%m/%d/%Y",
    ]
    assert date_formats(["13/02/2017", "3/4/2017"]) == ["%d/%m/%Y"]
    assert "%d.%m.%Y %H:%M" in date_formats(["31.01.2026 12:05", "NA", "01.02.2026 00:00"])
    assert date_formats(["Jan 31, 2026", "Feb 1, 2026"])[0] == "%b %d, %Y"
    for cells in (
        ["2026-01-31"],
        ["2026-01-31 12:00:00", ""],
        ["5", "6"],
        ["x"],
        [],
        ["31/02/2017"],
    ):
        assert date_formats(cells) == [], cells
    assert is_iso(["2026-01-31T12:00:00", None])
    assert not is_iso(["31/01/2026"])
    assert not is_iso([None])


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ("%d/%m/%Y", None),
        ("%Y%m%d", None),
        ("%d %B %Y %I:%M %p", None),
        ("%d/%m", "lacks the year"),
        ("mixed", "lacks the year"),
        ("%d/%m/%Q %Y", "has %Q"),
        ("%Y %", "has %"),
    ],
)
def test_a_format_says_the_date(form, wrong):
    found = wrong_format(form)
    assert found is None if wrong is None else wrong in str(found)


DECLARED = [
    DeclaredColumn("price", "number", unit="€"),
    DeclaredColumn("day", "time", format="%d/%m/%Y"),
    DeclaredColumn("code", "category"),
]


def test_format_and_unit_hold_for_files(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text(
        "Price;Day;Code\n1.234,50 €; 31/01/2026 ;1,5\n€7;01/02/2026;\n", encoding="utf-8"
    )
    table = read_files([file], DECLARED, (), Dialect(decimal=",", thousands=".")).table
    assert table["price"].to_pylist() == [1234.5, 7]
    assert [str(day) for day in table["day"].to_pylist()] == [
        "2026-01-31 00:00:00",
        "2026-02-01 00:00:00",
    ]
    assert table["code"].to_pylist() == ["1,5", None], "text stays as it is"


WRONG = {
    "another unit": (
        "price,day,code\n$5,31/01/2026,x\n",
        "price must hold numbers (with a decimal point, no thousands separators, the unit '€' or "
        "none), got '$5' at line 2.",
    ),
    "another format": (
        "price,day,code\n5,01/31/2026,x\n",
        "day must hold times in the format '%d/%m/%Y', as in 31/01/2026, got '01/31/2026' at "
        "line 2.",
    ),
    "ISO where a format is declared": (
        "price,day,code\n5,2026-01-31,x\n",
        "day must hold times in the format '%d/%m/%Y', as in 31/01/2026, got '2026-01-31' at "
        "line 2.",
    ),
}


@pytest.mark.parametrize(("content", "rule"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_named(tmp_path, content, rule):
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_files([tmp_path / "a.csv"], DECLARED)
    first, _ = str(caught.value).splitlines()
    assert first == f"{tmp_path / 'a.csv'}: {rule}"


def test_they_hold_in_preprocess_for_text_of_a_query():
    columns = {
        "price": {"type": "number", "optional": False, "unit": "€"},
        "day": {"type": "time", "optional": False, "format": "%d/%m/%Y"},
    }
    table = pd.DataFrame(
        {"price": ["5.5 €", "€7", "8"], "day": ["31/01/2026", "01/02/2026", "1/2/2026"]}
    )
    rows = clean(table, columns, "price")
    assert rows["price"].tolist() == [5.5, 7.0, 8.0]
    assert rows["day"].dt.strftime("%m-%d").tolist() == ["01-31", "02-01", "02-01"]
    with pytest.raises(JobError, match=r"data.columns.price must hold numbers .*'€'.*got '5 \$'"):
        clean(table.assign(price="5 $"), columns, "price")
    with pytest.raises(JobError, match=r"data.columns.day must hold times in the format"):
        clean(table.assign(day="2026-01-31"), columns, "price")
    converted = table.assign(price=[1.0, 2.0, 3.0], day=pd.Timestamp("2026-01-31"))
    assert clean(converted, columns, "price")["price"].tolist() == [1.0, 2.0, 3.0]
