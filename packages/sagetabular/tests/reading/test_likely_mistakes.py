"""Public tables in the form in which they lie about: what is wrong is named, and what to do.

The first lines of UCI's abalone, auto-mpg, air quality and Seoul bikes, of Excel and of loggers.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from sagetabular.errors import UserError
from sagetabular.lake.add import read_files
from sagetabular.reading.names import DeclaredColumn

MISTAKES = {
    "no header": (
        "sex length rings",
        "M,0.455,15\nF,0.53,9\n",
        "the first line looks like data: M, 0.455, 15.",
        "Add a header: a first line that names the columns (sex, length, rings); or say that there "
        "is none, under data.files in conf/pipeline.yaml: header: false.",
    ),
    "blanks between the cells": (
        "mpg cylinders",
        '18.0   8   307.0      130.0\t"chevrolet"\n15.0   8   350.0      165.0\t"buick"\n',
        "line 1 seems to have blanks between its cells: 18.0, 8, 307.0, 130.0, chevrolet.",
        "Say so, under data.files in conf/pipeline.yaml: delimiter: blanks, and header: false if "
        "no line names the columns; or put comma, semicolon, tab or bar between the cells.",
    ),
    "latin-1": (
        "hour temperature_c",
        "Hour,Temperature(°C)\n0,-5.2\n".encode("latin-1"),
        "is not UTF-8 text: line 1 has the byte 0xb0.",
        "Say what it is, under data.files in conf/pipeline.yaml: encoding: cp1252; or convert it: "
        "iconv -f cp1252 -t utf8 FILE > NEW_FILE.",
    ),
    "a decimal comma": (
        "co_gt t",
        "Date;CO(GT);T;;\r\n10/03/2004;2,6;13,6;;\r\n",
        "CO(GT) must hold numbers (with a decimal point, no thousands separators), got '2,6' at "
        "line 2.",
        'Say so, under data.files in conf/pipeline.yaml: decimal: ","; or write 2.6 in its place.',
    ),
    "thousands, or a decimal comma": (
        "price size",
        'price,size\n"1,234",1\n',
        "price must hold numbers (with a decimal point, no thousands separators), got '1,234' at "
        "line 2.",
        'Say what it is, under data.files in conf/pipeline.yaml: decimal: "," if it is 1.234, or '
        'thousands: "," if it is 1234.',
    ),
    "a unit": (
        "price size",
        "price,size\n12.5 km,1\n",
        "price must hold numbers (with a decimal point, no thousands separators), got '12.5 km' at "
        "line 2.",
        "Take 'km' off; or, if all have it, declare it: unit: \"km\" beside type: number, under "
        "data.columns in conf/pipeline.yaml.",
    ),
    "a title": (
        "ph quality",
        "Wine report 2024,,\n,,\nfixed acidity,pH,quality\n7,3,5\n",
        "the first line looks like a title: Wine report 2024.",
        "Delete the lines above the one that names the columns; or say how many there are, under "
        "data.files in conf/pipeline.yaml: skip: 1.",
    ),
    "a comment": (
        "fixed_acidity ph",
        "# exported 2024-01-01 by LIMS\nfixed acidity,pH\n7,3\n",
        "the first line looks like a title: # exported 2024-01-01 by LIMS.",
        "Delete the lines above the one that names the columns; or say how many there are, under "
        "data.files in conf/pipeline.yaml: skip: 1.",
    ),
    "a header that names one column by a number": (
        "price 40.2",
        "Car ID,40.2,Price\n1,2.5,69\n2,3.5,69,5\n",
        "is not a table: line 3 must have 3 cells as line 1 has, got 4: 2, 3.5, 69, 5.",
        "Separate all cells by ',', and quote those that hold it.",
    ),
    "another mark for missing": (
        "horsepower mpg",
        "horsepower,mpg\n130,18\n?,25\n",
        "horsepower must hold numbers (with a decimal point, no thousands separators), got '?' at "
        "line 3.",
        "Correct the file (leave missing cells empty, or name what means missing in data.missing),"
        " or set the type of data.columns.horsepower in conf/pipeline.yaml.",
    ),
    "two columns of one name": (
        "ph quality",
        "pH,Quality,quality\n3,5,5\n",
        "2 columns are quality: Quality, quality.",
        "Keep one of them, or give them names that differ in their letters and digits.",
    ),
}


@pytest.mark.parametrize(("columns", "content", "rule", "remedy"), MISTAKES.values(), ids=MISTAKES)
def test_a_likely_mistake_is_named(tmp_path, columns, content, rule, remedy):
    file = tmp_path / "a.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as caught:
        read_files([file], [DeclaredColumn(name) for name in columns.split()])
    lines = str(caught.value).replace(": ", " ").splitlines()
    assert lines == [f"{file} {rule}".replace(": ", " "), remedy.replace(": ", " ")]


def test_a_mark_that_the_project_names_is_missing(tmp_path):
    (tmp_path / "a.csv").write_text("horsepower,mpg\n130,18\n?,25\n-200.0,30\n")
    declared = [DeclaredColumn("horsepower"), DeclaredColumn("mpg")]
    table = read_files([tmp_path / "a.csv"], declared, ["?", "-200"]).table
    assert table["horsepower"].to_pylist() == [130, None, None]


@pytest.mark.parametrize(
    ("content", "nameless"),
    [
        (",b,a\n0,0.5,0.25\n", 1),
        ("b,a,\n0.5,0.25,\n", 1),
        ("b;a;;\r\n0.5;0.25;;\r\n", 2),
        ("sep=;\nb;a\n0.5;0.25\n", 0),
    ],
)
def test_columns_without_a_name_are_left_out_and_counted(tmp_path, content, nameless):
    (tmp_path / "a.csv").write_text(content)
    added = read_files([tmp_path / "a.csv"], [DeclaredColumn("a"), DeclaredColumn("b")])
    assert added.table.to_pydict() == {"b": [0.5], "a": [0.25]}
    assert (added.nameless, added.undeclared) == (nameless, [])


def test_the_rules_need_no_library_that_an_image_of_aws_lacks():
    """Those of AWS have no pyarrow for certain; pandas takes half a second to import."""
    program = (
        "import sys; import sagetabular.serving.formats.bodies as bodies;"
        "from sagetabular.serving.formats.columns import Columns;"
        "print(bodies.read_body(b'A;b\\nNA;2\\n', 'text/csv', Columns(('b', 'a')), 99));"
        "print({'pyarrow', 'pandas', 'difflib'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout == "[[ 2. nan]]\nset()\n"


@pytest.mark.parametrize("kind", ["declared", "undeclared", "missing"])
def test_many_columns_take_work_in_proportion(tmp_path, monkeypatch, kind):
    """Operations are counted: ten times the columns are ten times the calls, and not a hundred."""

    def calls(width: int) -> int:
        (tmp_path / "a.csv").write_text(
            ",".join(f"Column {n}" for n in range(width)) + "\n" + ",".join("1" * width) + "\n"
        )
        wanted = "other" if kind == "missing" else "column"
        declared = [
            DeclaredColumn(f"{wanted}_{n}") for n in range(0 if kind == "undeclared" else width)
        ]
        count = 0

        def counted(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(counted)
        try:
            read_files([tmp_path / "a.csv"], declared)
        except UserError:
            assert kind == "missing"
        finally:
            sys.setprofile(None)
        return count

    calls(10)  # what is imported and compiled at first
    few, many = calls(200), calls(2000)
    assert many < 11 * few
