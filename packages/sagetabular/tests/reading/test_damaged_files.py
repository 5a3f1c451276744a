"""Files that break their format, or whose names are odd: two lines, and never a traceback."""

from __future__ import annotations

import datetime
import io
import os
import random
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from both_ways import BothWays

from sagetabular.errors import UserError
from sagetabular.lake.add import read_files
from sagetabular.printing import printable
from sagetabular.reading.names import DeclaredColumn

DAY = DeclaredColumn("day", "time")
NUMBER = {"size": "number", "y": "number"}


def parquet(columns: dict) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def refusal(file: Path, *declared: DeclaredColumn) -> list[str]:
    with pytest.raises(UserError) as caught:
        read_files([file], declared)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert str(caught.value).replace("\n", "").isprintable()
    return lines


@pytest.mark.parametrize(
    "cells",
    [
        pa.array([datetime.timedelta(days=1)]),
        pa.array([datetime.time(10, 30)]),
        pa.array([[datetime.date(2026, 1, 31)]]),
        pa.array([b"2026-01-31"]),
        pa.array([2.5]),
        pa.array([True]),
        pa.array([2**62], pa.timestamp("ms")),
    ],
    ids=lambda cells: str(cells.type),
)
def test_what_is_no_time_is_refused_where_one_is_declared(tmp_path, cells):
    (tmp_path / "a.parquet").write_bytes(parquet({"day": cells}))
    assert ": day must hold dates or times" in refusal(tmp_path / "a.parquet", DAY)[0]


def test_text_that_is_not_utf_8_is_refused(tmp_path):
    offsets, content = pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")
    broken = pa.Array.from_buffers(pa.string(), 1, [None, offsets, content])
    (tmp_path / "a.parquet").write_bytes(parquet({"code": broken}))
    rule, _ = refusal(tmp_path / "a.parquet", DeclaredColumn("code", "category"))
    assert "a.parquet is not a table: " in rule
    assert "UTF8" in rule


def test_a_footer_that_lies_is_refused(tmp_path):
    """Every byte of a small file is damaged in turn, in two ways; nothing else than two lines."""
    content = bytearray(parquet({"size": [1.0, 2.0], "code": ["a", "b"]}))
    declared = [DeclaredColumn("size"), DeclaredColumn("code", "category")]
    source, refused = random.Random(3), 0
    for place in source.sample(range(len(content)), 120):
        damaged = bytearray(content)
        damaged[place] ^= source.choice([0x01, 0x80, 0xFF])
        (tmp_path / "a.parquet").write_bytes(damaged)
        try:
            read_files([tmp_path / "a.parquet"], declared)
        except UserError as error:
            assert len(str(error).splitlines()) == 2
            refused += 1
    assert refused > 40


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_whose_name_is_not_utf_8_is_read_and_printed_escaped(tmp_path, ending):
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9." + ending.encode()))
    content = b"size,y\n1,0\n2,x\n" if ending == "csv" else parquet({"size": ["1"], "y": ["x"]})
    file.write_bytes(content)
    rule, _ = refusal(file, DeclaredColumn("size"), DeclaredColumn("y"))
    assert rule.startswith(f"{tmp_path}/caf\\udce9.{ending}: y must hold numbers")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_control_characters_and_direction_marks_are_printed_escaped(tmp_path, ending):
    name = "a\x1b[2J\u202eb\n\u2066c"
    file = tmp_path / f"{name}.{ending}"
    content = f'"{name}",y\n1,0\n'.encode() if ending == "csv" else parquet({name: [1], "y": [0]})
    file.write_bytes(content)
    lines = refusal(file, DeclaredColumn("size"), DeclaredColumn("y"))
    assert "a\\x1b[2J\\u202eb\\n\\u2066c" in lines[0]
    assert "a\\x1b[2J\\u202eb\\n\\u2066c" in lines[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("größe 東京 🏠", "größe 東京 🏠"), ("a\tb\r", "a\\tb\\r"), ("\x7f\u200f", "\\x7f\\u200f")],
)
def test_only_what_a_terminal_would_obey_is_escaped(text, expected):
    assert printable(text) == expected


FLOATS = {
    "single precision": pa.array([0.1, None], pa.float32()),
    "decimals": pa.array([Decimal("2.50"), None]),
    "whole decimals": pa.array([Decimal("2.00"), None]),
    "whole floats": pa.array([3.0, None]),
    "dictionary": pa.array(["a", None]).dictionary_encode(),
    "large text": pa.array(["a", None], pa.large_string()),
    "text for missing": pa.array(["NA", "-"]),
    "bytes of a code": pa.array([7, None], pa.int8()),
    "true": pa.array([True, None]),
    "nothing": pa.nulls(2),
}
# By the rules of docs/data.md; single precision is written as the number that it is.
CODES = {
    "single precision": "0.10000000149011612",
    "decimals": "2.5",
    "whole decimals": "2",
    "whole floats": "3",
    "dictionary": "a",
    "large text": "a",
    "bytes of a code": "7",
    "true": "true",
}


@pytest.mark.parametrize("name", FLOATS)
def test_any_type_of_parquet_is_the_same_category_by_both_ways(tmp_path, name):
    both = BothWays(tmp_path)
    content = parquet({"code": FLOATS[name], "y": [0, 1]})
    for read in (both.training, both.serving):
        found = read("a.parquet", content, {"code": "category", "y": "number"})
        assert found == [(CODES.get(name),), (None,)]


@pytest.mark.parametrize("cells", [["1", " NA "], [True, None], [Decimal("1.0"), None], [1, None]])
def test_any_type_of_parquet_is_the_same_number_by_both_ways(both, cells):
    content = parquet({"Size": pa.array(cells), "y": [0, 1]})
    for read in (both.training, both.serving):
        assert read("a.parquet", content, NUMBER) == [("1.0",), ("nan",)]


@pytest.mark.parametrize("cells", [[1e39, 1.0], ["1e39", "1"], [float("inf"), 1.0], ["1", "x"]])
def test_no_number_of_parquet_is_one_by_both_ways(both, cells):
    content = parquet({"size": pa.array(cells), "y": [0, 1]})
    for read in (both.training, both.serving):
        assert read("a.parquet", content, NUMBER) is None
