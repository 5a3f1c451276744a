"""Files as tools and people write them: each is the same two rows, for training and prediction.

The rows were planted, then written down by hand in the form that the entry names.
"""

from __future__ import annotations

import gzip

import pytest

SIZE = {"size": "number", "code": "category", "y": "number"}
PLANTED = [("1.5", "a"), ("nan", None)]
PLAIN = "size,code,y\n1.5,a,0\n,,1\n"

FORMS = {
    "plain": PLAIN,
    "semicolon": "size;code;y\n1.5;a;0\n;;1\n",
    "tab": "size\tcode\ty\n1.5\ta\t0\n\t\t1\n",
    "bar": "size|code|y\n1.5|a|0\n||1\n",
    "all quoted": '"size","code","y"\n"1.5","a","0"\n"","","1"\n',
    "a header quoted, with semicolons": '"size";"code";"y"\n1.5;a;0\n;;1\n',
    "commas in quoted names beside semicolons": '"size";"a, b, c, d";"code";"y"\n1.5;;a;0\n;;;1\n',
    "semicolons in a quoted name": '"a;b;c;d",size,code,y\n,1.5,a,0\n,,,1\n',
    "bars and tabs in a quoted name": '"|\t|\t|";size;code;y\n;1.5;a;0\n;;;1\n',
    "a quote in a name": '"a ""b""",size,code,y\n,1.5,a,0\n,,,1\n',
    "a line break in a name": '"a\nb",size,code,y\n,1.5,a,0\n,,,1\n',
    "byte order mark": "\ufeff" + PLAIN,
    "byte order mark and quotes": '\ufeff"size","code","y"\n1.5,a,0\n,,1\n',
    "Windows": PLAIN.replace("\n", "\r\n"),
    "Windows, byte order mark, semicolons": "\ufeffsize;code;y\r\n1.5;a;0\r\n;;1\r\n",
    "no end of the last line": PLAIN.rstrip("\n"),
    "blank last lines": PLAIN + "\n\n",
    "blanks in the last line": PLAIN + "   ",
    "blank first lines": "\n\n" + PLAIN,
    "a blank line between": PLAIN.replace("a,0\n", "a,0\n\n"),
    "Excel's sep": "sep=;\nsize;code;y\n1.5;a;0\n;;1\n",
    "Excel's sep, Windows": "sep=;\r\nsize;code;y\r\n1.5;a;0\r\n;;1\r\n",
    "Excel's sep, byte order mark": "\ufeffSEP=,\n" + PLAIN,
    "a sep that the count would not choose": "sep=|\na,b,c,d,e|size|code|y\n|1.5|a|0\n|||1\n",
    "pandas' index": ",size,code,y\n0,1.5,a,0\n1,,,1\n",
    "pandas' index, quoted": '"",size,code,y\n0,1.5,a,0\n1,,,1\n',
    "R's row names": '"","size","code","y"\n"1",1.5,"a",0\n"2",NA,NA,1\n',
    "an empty column at the end": "size,code,y,\n1.5,a,0,\n,,1,\n",
    "two empty columns at the end": "size;code;y;;\r\n1.5;a;0;;\r\n;;1;;\r\n",
    "an unnamed column with content": "size,,code,y\n1.5,x,a,0\n,y,,1\n",
    "blanks around names": " size , code , y \n1.5,a,0\n,,1\n",
    "capitals": "SIZE,Code,Y\n1.5,a,0\n,,1\n",
    "blanks, dots and dashes in names": "-Size.,c o-d.e,y!\n1.5,a,0\n,,1\n",
    "other columns, another order": "note,y,code,size\nx,0,a,1.5\nNA,1,,\n",
    "a text with quotes, commas and line breaks": 'note,size,code,y\n"a, ""b""\nc",1.5,a,0\n,,,1\n',
    "blanks around numbers": "size,code,y\n  1.5 ,a, 0\n ,,1 \n",
    "non-breaking blanks": "size,code,y\n\u00a01.5\u00a0,a,0\n\u00a0,\u00a0,1\n",
    "a plus sign": "size,code,y\n+1.5,a,+0\n,,1\n",
    "no zero": "size,code,y\n1.50,a,.0\n,,1.\n",
    "exponents": "size,code,y\n15e-1,a,0E5\n,,1e0\n",
    "leading zeros": "size,code,y\n0001.5,a,00\n,,01\n",
    "signed zero": "size,code,y\n1.5,a,-0\n,,1\n",
    "gzip": gzip.compress(PLAIN.encode(), mtime=0),
}
MARKS = ["NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "-", " NA "]
FORMS |= {f"{mark!r} for missing": f"size,code,y\n1.5,a,0\n{mark},{mark},1\n" for mark in MARKS}
FORMS |= {"a quoted mark": 'size,code,y\n1.5,a,0\n"NA","NA",1\n'}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_any_form_is_the_same_rows(both, content):
    name = "a.csv" if isinstance(content, str) else "a.csv.gz"
    content = content.encode() if isinstance(content, str) else content
    assert both.training(name, content, SIZE) == PLANTED
    if name == "a.csv":
        assert both.serving(name, content, SIZE) == PLANTED


CODES = {
    "leading zeros are kept": ("01,007", ["01", "007"]),
    "whole numbers with gaps, by pandas": ("3.0,-4.0", ["3", "-4"]),
    "whole numbers": ("3,-4", ["3", "-4"]),
    "other numbers are as they are": ("3.50,1e3", ["3.50", "1e3"]),
    "true and false by pandas": ("True,False", ["true", "false"]),
    "true and false by R": ("TRUE,FALSE", ["true", "false"]),
    "true and false by SQL": ("true,false", ["true", "false"]),
    "blanks belong to a text": (" a,b ", [" a", "b "]),
    "quotes do not": ('"a","b"', ["a", "b"]),
    "a mark within a text": ("NAB,-1", ["NAB", "-1"]),
    "capitals count": ("a,A", ["a", "A"]),
    "letters of the world": ("Zürich,東京", ["Zürich", "東京"]),
    "own marks": ("?,-200", [None, None]),
}


@pytest.mark.parametrize(("cells", "expected"), CODES.values(), ids=CODES)
def test_categories(both, cells, expected):
    rows = [f"{cell},{number}" for number, cell in enumerate(cells.split(","))]
    content = "\n".join(["code,y", *rows]).encode()
    for read in (both.training, both.serving):
        found = read("a.csv", content, {"code": "category", "y": "number"}, ("?", "-200"))
        assert found == [(code,) for code in expected]


NUMBERS = {
    "true and false": ("True,false", ["1.0", "0.0"]),
    "own marks": ("?,-200", ["nan", "nan"]),
    "own marks, written otherwise": ("-200.0,-2e2", ["nan", "nan"]),
    "the largest in single precision": (
        "3.4028234663852886e38,-1e-300",
        ["3.4028234663852886e+38", "-1e-300"],
    ),
    "the nearest number": ("0.1,9007199254740993", ["0.1", "9007199254740992.0"]),
}


@pytest.mark.parametrize(("cells", "expected"), NUMBERS.values(), ids=NUMBERS)
def test_numbers(both, cells, expected):
    rows = [f"{cell},{number}" for number, cell in enumerate(cells.split(","))]
    content = "\n".join(["size,y", *rows]).encode()
    for read in (both.training, both.serving):
        found = read("a.csv", content, {"size": "number", "y": "number"}, ("?", "-200"))
        assert found == [(number,) for number in expected]


REFUSED = {
    "too large": "size,y\n1e39,0\n1,1\n",
    "infinite": "size,y\n1,0\ninf,1\n",
    "a decimal comma": "size;y\n2,6;0\n1;1\n",
    "thousands": 'size,y\n"1,234",0\n1,1\n',
    "words": "size,y\nlarge,0\n1,1\n",
    "a row too short": "size,y\n1\n1,1\n",
    "a row too long": "size,y\n1,0,2\n1,1\n",
    "a quote that never ends": 'size,y\n"1,0\n1,1\n',
    "text after a quote": 'size,y\n"1"x,0\n1,1\n',
    "two columns of one name": "size,size,y\n1,2,0\n1,1,1\n",
    "two spellings of one column": "size,SIZE,y\n1,2,0\n1,1,1\n",
    "the column is missing": "sizes,y\n1,0\n1,1\n",
    "a title": "Report 2026,\n,\nsize,y\n1,0\n2,1\n",
    "a comment": "# exported\nsize,y\n1,0\n2,1\n",
    "blanks between the cells": "size y\n1 0\n2 1\n",
    "latin-1": "size,y,größe\n1,0,1\n2,1,1\n".encode("latin-1"),
    "utf-16": "size,y\n1,0\n2,1\n".encode("utf-16"),
    "nothing": "",
    "a header alone": "size,y\n",
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_what_is_no_such_table_is_refused_by_both(both, content):
    content = content.encode() if isinstance(content, str) else content
    for read in (both.training, both.serving):
        assert read("a.csv", content, {"size": "number", "y": "number"}) is None


def test_names_that_are_numbers_are_names(both):
    kinds = {"400": "number", "402": "number", "y": "number"}
    content = b"402,400,y\n0.5,0.25,0\n1.5,1.25,1\n"
    for read in (both.training, both.serving):
        assert read("a.csv", content, kinds) == [("0.25", "0.5"), ("1.25", "1.5")]
    rows = [("402.0", "1.0"), ("2.0", "402.0")]
    assert both.serving("a.csv", b"402,1\n2,402\n", kinds) == rows, "no header names half of them"
    assert both.serving("a.csv", b"400,402\n", kinds) is None, "a header without rows"


def test_a_header_may_say_inf(both):
    kinds = {"inf": "number", "a": "number", "y": "number"}
    for read in (both.training, both.serving):
        assert read("a.csv", b"Inf,a,y\n0.5,0.25,0\n1.5,1,1\n", kinds) == [
            ("0.5", "0.25"),
            ("1.5", "1.0"),
        ]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b"1;a\n2;b\n", [("1.0", "a"), ("2.0", "b")]),
        (b"1\ta\n", [("1.0", "a")]),
        (b"sep=|\n1|a\n", [("1.0", "a")]),
        (b"1,x;y;z\n", [("1.0", "x;y;z")]),
        (b"1;a;\n2;b;\n", [("1.0", "a"), ("2.0", "b")]),
        (b"\n\n1,a\n\n2,b\n\n", [("1.0", "a"), ("2.0", "b")]),
        (b"NA,NA\n", [("nan", None)]),
        (b",\n", [("nan", None)]),
    ],
)
def test_rows_without_a_header_are_read_by_the_same_rules(both, body, rows):
    assert both.serving("a.csv", body, SIZE) == rows


def test_a_blank_line_is_a_row_where_there_is_one_column_alone(both):
    kinds = {"code": "category", "y": "number"}
    assert both.serving("a.csv", b"\na\n\nb\n", kinds) == [(None,), ("a",), (None,), ("b",)]
    assert both.serving("a.csv", b"code\na\n\nb\n", kinds) == [("a",), (None,), ("b",)]
    assert both.serving("a.csv", b"1\n\n2\n", {"size": "number"}) == [("1.0",), ("nan",), ("2.0",)]
