"""Whatever the file: training and prediction see the same rows, or both refuse it."""

from __future__ import annotations

import csv
import io
import json

import pandas as pd
import pytest
from both_ways import MIXED, NUMBERS, BothWays
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sagetabular.reading.values import MISSING

MARKS = st.sampled_from([*sorted(MISSING), "?", "-200", " ", " NA "])
GOOD = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(["+1", ".5", "1.", "1E5", "-0", "007", " 2 ", "\u00a02", "True", "FALSE"]),
    MARKS,
)
BAD = st.sampled_from(["1e39", "1e999", "inf", "1,5", "x", "1_0", "\u0661", "0x1", "--1", "1 2"])
CODES = st.one_of(
    MARKS,
    st.sampled_from(["01", "1", "1.0", "-3.0", "True", "true", "a b", " a", 'say "x"', "x;y,z|\t"]),
    st.integers(-9, 9).map(str),
    st.text(st.characters(codec="utf-8"), max_size=5),
)
NEWLINES = st.sampled_from(["\n", "\r\n"])
SPELLINGS = st.sampled_from(
    [str.lower, str.upper, str.title, lambda name: f' "{name}" ', "{}_".format]
)


@st.composite
def files(draw, kinds):
    """A CSV file with the columns of `kinds`, and perhaps others, in any form that tools write."""
    spell, delimiter, newline = draw(SPELLINGS), draw(st.sampled_from(",;\t|")), draw(NEWLINES)
    count = draw(st.integers(2, 5))
    often = st.sampled_from([GOOD, GOOD, GOOD, GOOD, st.one_of(GOOD, BAD)])
    cells = {"number": draw(often), "category": CODES}
    columns = {
        spell(name): draw(st.lists(cells[kind], min_size=count, max_size=count))
        for name, kind in kinds.items()
        if name != "y"
    }
    columns["y"] = [str(row) for row in range(count)]
    extra = {"": [str(row) for row in range(count)], "note": ["NA", "1,5", 'a\nb "c"', "", "5"]}
    if draw(st.booleans()):
        columns = {**{name: extra[name] for name in draw(st.permutations([*extra]))}, **columns}
    stream = io.StringIO(newline="")
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    names = draw(st.permutations([*columns]))
    writer.writerow(names)
    writer.writerows(zip(*(columns[name][:count] for name in names), strict=True))
    said = draw(st.sampled_from(["", f"sep={delimiter}{newline}", "\ufeff", newline]))
    end = draw(st.sampled_from(["", newline, f"  {newline}{newline}"]))
    return (said + stream.getvalue() + end).encode()


@pytest.mark.parametrize("kinds", [NUMBERS, MIXED], ids=["numbers", "a category"])
def test_any_csv_file(tmp_path_factory, kinds):
    both = BothWays(tmp_path_factory.mktemp("both"))

    @settings(max_examples=60, deadline=None)
    @given(files(kinds), st.sampled_from([(), ("?", "-200")]))
    @example(b"size,age,code,y\n1,2,a,0\n2,3,\xc2\xa0,1\n", ())
    def check(content, missing):
        rows = both.training("a.csv", content, kinds, missing)
        assert both.serving("a.csv", content, kinds, missing) == rows

    check()


@pytest.mark.parametrize("column", ["number", "category"])
def test_any_values_of_parquet_and_json(tmp_path_factory, column):
    """A column of one type, as every Parquet column is, in three formats."""
    both = BothWays(tmp_path_factory.mktemp("both"))
    kinds = {"size": column, "y": "number"}
    typed = st.one_of(
        *(
            st.lists(st.one_of(st.none(), values), min_size=2, max_size=4)
            for values in (st.integers(-(10**15), 10**15), st.floats(), st.booleans(), CODES)
        )
    )

    @settings(max_examples=50, deadline=None)
    @given(typed)
    def check(values):
        frame = pd.DataFrame({"Size": pd.Series(values, dtype=object), "y": range(len(values))})
        parquet = io.BytesIO()
        frame.to_parquet(parquet)
        rows = both.training("a.parquet", parquet.getvalue(), kinds)
        assert both.serving("a.parquet", parquet.getvalue(), kinds) == rows
        if not any(isinstance(value, float) and value - value != 0 for value in values):
            written = json.dumps([{"SIZE": value} for value in values]).encode()
            assert both.serving("a.json", written, kinds) == rows
        # pandas does not quote a carriage return, which then ends the line.
        may_be_text = not any("\r" in str(value) for value in values)
        if may_be_text and ("" not in values or column == "number"):
            # pandas writes None as an empty cell, and other values as str() does.
            text = frame.to_csv(index=False).encode()
            assert both.training("a.csv", text, kinds) == rows
            assert both.serving("a.csv", text, kinds) == rows

    check()
