"""Files that nobody means well with, or that are larger than anybody thinks of."""

from __future__ import annotations

import gzip
import sys

import pytest

from sagetabular.reading.errors import ReadingError
from sagetabular.reading.guessing import guess_dialect
from sagetabular.reading.tables import read_files
from sagetabular.reading.values import Marks

WIDE = 10_000


def read(file) -> dict:
    guess = guess_dialect(file, file.name)
    return read_files({file.name: file}, [], Marks(), guess.dialect).table.to_pydict()


REFUSED = {
    "a huge cell": b'a,b\n1,"' + b"x" * 200_000 + b'"\n',
    "a quote that never ends": b'a,b\n1,"' + b"x,\n" * 5000,
    "NUL bytes at first": b"\0\0\0\0" * 100,
    "an executable": b"\x7fELF\x02\x01\x01\0" + bytes(range(256)) * 20,
    "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 20,
    "a workbook called CSV": b"PK\x03\x04\x14\0\x06\0" + bytes(range(256)) * 20,
    "HTML": b"<html>\n<table><tr><td>1</td></tr>\n<tr><td>2, 3</td></tr></table>\n</html>\n",
    "JSON": b'{"a": 1, "b": 2}\n{"a": 3}\n',
    "one long line": b"1" * 5_000_000,
    "delimiters alone": b",,,\n,,,\n",
    "quotes alone": b'"""""""\n"""\n',
    "blank lines alone": b"\n" * 5000,
    "a gzip file cut off": gzip.compress(b"a,b\n1,2\n" * 999)[:-30],
    "two encodings": "a,b\né,1\n".encode() * 50 + "é,1\n".encode("latin-1"),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_it_is_refused_in_two_lines(tmp_path, content):
    file = tmp_path / ("a.csv.gz" if content.startswith(b"\x1f\x8b") else "a.csv")
    file.write_bytes(content)
    with pytest.raises(ReadingError) as caught:
        read(file)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert all(len(line) < 1500 for line in lines), "it can be read on a screen"


def test_many_columns_take_work_in_proportion(tmp_path):
    """Operations are counted: ten times the columns are about ten times the calls."""

    def calls(width: int) -> int:
        file = tmp_path / f"{width}.csv"
        rows = [[f"c{n}" for n in range(width)], *[["1,5"] * width] * 3]
        file.write_text("\n".join(";".join(row) for row in rows) + "\n")
        count = 0

        def counted(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(counted)
        try:
            guess = guess_dialect(file, file.name)
        finally:
            sys.setprofile(None)
        assert guess.dialect.settings() == {"decimal": ","}
        return count

    calls(20)  # what is imported and compiled at first
    few, many = calls(WIDE // 100), calls(WIDE // 10)
    assert many < 12 * few


@pytest.mark.slow
def test_ten_thousand_columns_are_read(tmp_path):
    names = ";".join(f"c{n}" for n in range(WIDE))
    (tmp_path / "a.csv").write_text(f"{names}\n{';'.join(['1,5'] * WIDE)}\n")
    table = read(tmp_path / "a.csv")
    assert len(table) == WIDE
    assert table["c9999"] == [1.5]


def test_nul_bytes_within_a_text_stay_in_it(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a,b\nx\0y,1\nz,2\n")
    assert read(tmp_path / "a.csv") == {"a": ["x\0y", "z"], "b": [1, 2]}
