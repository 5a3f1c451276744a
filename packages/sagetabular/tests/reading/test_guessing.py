"""How a file is written is seen in the file, or asked for; it is never read as another table.

The first block is the files of `faults.md`, section F: public tables in the form in which they lie
about (UCI's abalone, auto-mpg and air quality, Seoul bikes), and small ones that went wrong.
"""

from __future__ import annotations

import pytest

from sagetabular.reading.dialect import Dialect
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.guessing import guess_dialect, guess_files
from sagetabular.reading.tables import read_files
from sagetabular.reading.values import Marks

ABALONE = "M,0.455,0.365,15\nM,0.35,0.265,7\nF,0.53,0.42,9\n"
AIR = (
    "Date;Time;CO(GT);PT08.S1(CO);T;;\r\n10/03/2004;18.00.00;2,6;1360;13,6;;\r\n"
    "10/03/2004;19.00.00;2;1292;-0,7578;;\r\n"
)
MPG = (
    '18.0   8   307.0      130.0      3504.      12.0   70  1\t"chevrolet chevelle malibu"\n'
    '15.0   8   350.0      ?          3693.      11.5   70  1\t"buick skylark 320"\n'
)
SEOUL = "Date,Hour,Temperature(°C)\n01/12/2017,0,-5.2\n02/12/2017,1,-5.5\n"

TABLES: dict[str, tuple[str | bytes, dict, dict]] = {
    "abalone_no_header": (
        ABALONE,
        {"header": False},
        {
            "column_1": ["M", "M", "F"],
            "column_2": [0.455, 0.35, 0.53],
            "column_3": [0.365, 0.265, 0.42],
            "column_4": [15, 7, 9],
        },
    ),
    "air_quality_uci_form": (
        AIR,
        {"decimal": ","},
        {
            "date": ["10/03/2004", "10/03/2004"],
            "time": ["18.00.00", "19.00.00"],
            "co_gt": [2.6, 2.0],
            "pt08_s1_co": [1360, 1292],
            "t": [13.6, -0.7578],
        },
    ),
    "auto_mpg_raw": (
        MPG,
        {"delimiter": "blanks", "header": False},
        {
            "column_1": [18.0, 15.0],
            "column_2": [8, 8],
            "column_3": [307.0, 350.0],
            "column_4": ["130.0", "?"],
            "column_5": [3504.0, 3693.0],
            "column_6": [12.0, 11.5],
            "column_7": [70, 70],
            "column_8": [1, 1],
            "column_9": ["chevrolet chevelle malibu", "buick skylark 320"],
        },
    ),
    "comment_first": (
        "# exported 2024-01-01 by LIMS\nfixed acidity,pH\n7,3\n",
        {"comment": "#"},
        {"fixed_acidity": [7], "p_h": [3]},
    ),
    "excel_sep": ("sep=;\nfixed acidity;pH\n7;3\n", {}, {"fixed_acidity": [7], "p_h": [3]}),
    "header_inf": ("Inf,a\n0.5,0.25\n1.5,1.25\n", {}, {"inf": [0.5, 1.5], "a": [0.25, 1.25]}),
    "index_col": (",b,a\n0,0.5,0.25\n1,1.5,1.25\n", {}, {"b": [0.5, 1.5], "a": [0.25, 1.25]}),
    "odd_columns": (
        "a,empty,const,flag,mixed\r\n0.25,,7,TRUE,01\r\n0.5,,7,FALSE,one\r\n",
        {},
        {
            "a": [0.25, 0.5],
            "empty": [None, None],
            "const": [7, 7],
            "flag": [1, 0],
            "mixed": ["01", "one"],
        },
    ),
    "s3_spelling": (
        "Fixed Acidity,pH,Colour\n7.0,3.1,red\n-,3.2,white\n6.5,None,red\n",
        {},
        {
            "fixed_acidity": [7.0, None, 6.5],
            "p_h": [3.1, 3.2, None],
            "colour": ["red", "white", "red"],
        },
    ),
    "seoul_latin1_head": (
        SEOUL.encode("latin-1"),
        {"encoding": "cp1252"},
        {"date": ["01/12/2017", "02/12/2017"], "hour": [0, 1], "temperature_c": [-5.2, -5.5]},
    ),
    "tie_delim": (
        '"fixed acidity, g/l";"quality"\n7;5\n6;4\n',
        {},
        {"fixed_acidity_g_l": [7, 6], "quality": [5, 4]},
    ),
    "tiny": ("a,b,y\n1,2,3\n", {}, {"a": [1], "b": [2], "y": [3]}),
    "title_row": (
        "Wine report 2024,,\n,,\nfixed acidity,pH,quality\n7,3,5\n",
        {"skip": 2},
        {"fixed_acidity": [7], "p_h": [3], "quality": [5]},
    ),
    "trailing_comma": (
        "fixed acidity,pH,quality,\n7,3,5,\n6,3.1,6,\n",
        {},
        {"fixed_acidity": [7, 6], "p_h": [3.0, 3.1], "quality": [5, 6]},
    ),
    "a title that has no delimiter, and a blank line": (
        'Sales of 2024 at 5" pipes\n\nname;price\nx;2\ny;3\n',
        {"skip": 2},
        {"name": ["x", "y"], "price": [2, 3]},
    ),
    "a comment within": (
        "a,b\n1,2\n# a pause of the logger, here\n3,4\n",
        {"comment": "#"},
        {"a": [1, 3], "b": [2, 4]},
    ),
    "colours that begin as comments do": (
        "colour,size\n#ff0000,1\n#00ff00,2\n",
        {},
        {"colour": ["#ff0000", "#00ff00"], "size": [1, 2]},
    ),
    "a header that begins as comments do": (
        "#id,size\n5,1\n6,2\n",
        {},
        {"id": [5, 6], "size": [1, 2]},
    ),
    "comments above a header that begins so": (
        "# by hand\n#id,size\n5,1\n6,2\n",
        {"skip": 1},
        {"id": [5, 6], "size": [1, 2]},
    ),
    "numbers behind blanks in text": (
        "first name,last name\nRoom 5,Smith 6\nRoom 5,Smith 6\n",
        {},
        {"first_name": ["Room 5", "Room 5"], "last_name": ["Smith 6", "Smith 6"]},
    ),
    "texts that recur, without a header": (
        "M,red\nF,blue\nM,blue\nF,red\n",
        {"header": False},
        {"column_1": ["M", "F", "M", "F"], "column_2": ["red", "blue", "blue", "red"]},
    ),
    "single quotes": (
        "'name','size'\n'x, y',1\n'z',2\n",
        {"quote": "'"},
        {"name": ["x, y", "z"], "size": [1, 2]},
    ),
    "inches": (
        'name,size\n"5" pipe,1\n"6" pipe,2\n',
        {"quote": "none"},
        {"name": ['"5" pipe', '"6" pipe'], "size": [1, 2]},
    ),
    "a delimiter behind each row alone": (
        "a,b,c\n1,2,3,\n4,5,6,\n",
        {"trailing": True},
        {"a": [1, 4], "b": [2, 5], "c": [3, 6]},
    ),
    "R's row names without a name": (
        "a b\n1 1.5 x\n2 2.5 y\n",
        {"delimiter": "blanks", "index": 1},
        {"a": [1.5, 2.5], "b": ["x", "y"]},
    ),
    "pandas' index, written twice": (
        "Unnamed: 0,a\n0,1.5\n1,2.5\n",
        {"index": "Unnamed: 0"},
        {"a": [1.5, 2.5]},
    ),
    "German thousands": (
        "name;price\nx;1.234,50\ny;2,25\n",
        {"decimal": ",", "thousands": "."},
        {"name": ["x", "y"], "price": [1234.5, 2.25]},
    ),
    "a decimal comma in all cells": (
        "a;b\n1,5;2,5\n3,5;4,5\n",
        {"decimal": ","},
        {"a": [1.5, 3.5], "b": [2.5, 4.5]},
    ),
    "English thousands": (
        'name,price\nx,"1,234.50"\ny,2.25\n',
        {"thousands": ","},
        {"name": ["x", "y"], "price": [1234.5, 2.25]},
    ),
    "millions": ('a,b\n"1,234,567",1\n2,3\n', {"thousands": ","}, {"a": [1234567, 2], "b": [1, 3]}),
    "French thousands": (
        "a;b\n1\u202f234,5;x\n2\u00a0000\u00a0000;y\n",
        {"decimal": ",", "thousands": "blank"},
        {"a": [1234.5, 2000000.0], "b": ["x", "y"]},
    ),
    "Swiss thousands": (
        "a;b\n1\u2019234.5;x\n2'000;y\n",
        {"thousands": "'"},
        {"a": [1234.5, 2000.0], "b": ["x", "y"]},
    ),
    "UTF-16 of Excel": (
        "größe\tb\r\n1\t2\r\n".encode("utf-16"),
        {"encoding": "utf-16"},
        {"größe": [1], "b": [2]},
    ),
    "one column": ("size\n1\n2\n", {}, {"size": [1, 2]}),
    "a header of words above words": (
        "city,colour\nRome,red\nRome,red\nParis,red\nParis,blue\n",
        {},
        {"city": ["Rome", "Rome", "Paris", "Paris"], "colour": ["red", "red", "red", "blue"]},
    ),
    "names with blanks": (
        "first name,last name,n\nJohn A,Smith B,1\nAda C,Long D,2\n",
        {},
        {"first_name": ["John A", "Ada C"], "last_name": ["Smith B", "Long D"], "n": [1, 2]},
    ),
}


@pytest.fixture
def written(tmp_path):
    """Write a file; return its path."""

    def write(content: str | bytes, name: str = "a.csv"):
        content = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


@pytest.mark.parametrize(("content", "settings", "table"), TABLES.values(), ids=TABLES)
def test_it_is_the_table_that_was_meant(written, content, settings, table):
    file = written(content)
    guess = guess_dialect(file, "a.csv")
    assert guess.dialect.settings() == settings
    assert len(guess.reasons) >= len(settings.keys() - {"index"}), "each has its reason"
    assert read_files({"a.csv": file}, [], Marks(), guess.dialect).table.to_pydict() == table
    # What is written into conf/ is not guessed again, and says the same.
    again = guess_dialect(file, "a.csv", settings)
    assert (again.dialect, Dialect.from_settings(settings)) == (guess.dialect, guess.dialect)


IN_TWO_WAYS = {
    "spectra": ("402,400\n0.5,0.25\n1.5,1.25\n", "line 1 may name the columns", "header: true"),
    "years": ("2019,2020,2021\n5,6,7\n8,9,9\n", "line 1 may name the columns", "header: false"),
    "texts alone": ("a,b\nx,y\nz,w\n", "line 1 may name the columns", "header: true"),
    "thousands or a decimal comma": ('a,b\n"1,234",x\n', "a holds 1,234", 'decimal: ","'),
    "thousands or a decimal point": ("a;b\n1.234;x\n", "a holds 1.234", 'thousands: "."'),
    "two decimal marks": ("a;b\n1,5;2.5\n", "written in two ways", "decimal"),
    "two delimiters": ("a,b;c\nx,1;y\nz,2;w\n", "comma and semicolon separate", "delimiter: "),
    "Cyrillic": ("имя,b\n1,2\n".encode("cp1251"), "line 1 is not UTF-8", "encoding: "),
    "Japanese": ("名前,b\n1,2\n".encode("shift-jis"), "line 1 is not UTF-8", "encoding: "),
    "two encodings": ("é,b\n".encode() + "ü,2\n".encode("cp1252"), "not UTF-8", "encoding: "),
    "UTF-16 without a mark": ("a,b\n1,2\n".encode("utf-16-be"), "NUL bytes", "utf-16"),
    "rows of different widths": ("a,b\n1,2\n1,2,3\n4,5\n", "line 3 must have 2 cells", "','"),
    "a title, and a delimiter behind each row": (
        "Report\na;b\nx;0;\n",
        "no delimiter separates all lines",
        "skip: 2",
    ),
    "units below the names": (
        "speed;mass;name\nkm/h;kg;\n5;6;x\n7;8;x\n9;9;x\n",
        "line 2 is like no other below the header: km/h, kg",
        "Delete it",
    ),
    "nothing": ("", "has no rows", "Add a header row"),
    "a decimal comma in a single column": (
        "x\n1,5\n2,5\n",
        "line 2 may name the columns",
        "header",
    ),
}


@pytest.mark.parametrize(("content", "rule", "remedy"), IN_TWO_WAYS.values(), ids=IN_TWO_WAYS)
def test_what_can_be_read_in_two_ways_is_asked_for(written, content, rule, remedy):
    with pytest.raises(ReadingError) as caught:
        guess_dialect(written(content), "a.csv")
    first, second = str(caught.value).splitlines()
    assert first.startswith("a.csv")
    assert rule in first
    assert remedy in second


SAID = {
    "names": ("402,400\n0.5,0.25\n", {"header": True}, {"402": [0.5], "400": [0.25]}),
    "no names": (
        "402,400\n0.5,0.25\n",
        {"header": False},
        {"column_1": [402.0, 0.5], "column_2": [400.0, 0.25]},
    ),
    "a decimal comma": ('a,b\n"1,234",x\n', {"decimal": ","}, {"a": [1.234], "b": ["x"]}),
    "thousands": ('a,b\n"1,234",x\n', {"thousands": ","}, {"a": [1234], "b": ["x"]}),
    "a decimal point": ("a;b\n1.234;x\n", {"decimal": "."}, {"a": [1.234], "b": ["x"]}),
    "a semicolon": (
        "a,b;c\nx,1;y\nz,2;w\n",
        {"delimiter": ";", "header": True},
        {"a_b": ["x,1", "z,2"], "c": ["y", "w"]},
    ),
    "an encoding": (
        "имя,b\n1,2\n".encode("cp1251"),
        {"encoding": "cp1251"},
        {"имя": [1], "b": [2]},
    ),
}


@pytest.mark.parametrize(("content", "said", "table"), SAID.values(), ids=SAID)
def test_what_the_project_says_is_not_guessed(written, content, said, table):
    file = written(content)
    dialect = guess_dialect(file, "a.csv", said).dialect
    assert read_files({"a.csv": file}, [], Marks(), dialect).table.to_pydict() == table


def test_files_of_one_table_are_written_in_one_way(written):
    one, same, other = (
        written("a;b\n1,5;x\n", "one.csv"),
        written("a;b\n2,5;y\n", "same.csv"),
        written("a;b\n2.5;y\n", "other.csv"),
    )
    assert guess_files({"one.csv": one, "same.csv": same}).dialect == Dialect(decimal=",")
    with pytest.raises(ReadingError, match=r"one.csv and other.csv are written in different ways"):
        guess_files({"one.csv": one, "other.csv": other})


def test_a_reason_names_the_place(written):
    guess = guess_dialect(written(AIR), "a.csv")
    assert guess.reasons == ["decimal comma: CO(GT) holds 2,6"]
    guess = guess_dialect(written(SEOUL.encode("latin-1")), "a.csv")
    (reason,) = guess.reasons
    assert reason == (
        "encoding cp1252 (Windows, Western Europe): line 1 is not UTF-8, and has 'Temperature(°C)'"
    )
