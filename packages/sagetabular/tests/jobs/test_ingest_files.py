"""Files in place of a table: what is read, and what is said of files that cannot be."""

from __future__ import annotations

import bz2
import gzip
import json
import random

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingest_files import ingest_files
from sagetabular.jobs.rows.cleaning import clean

PLACE = "conf/pipeline.yaml: data.uri"
TABLE = pa.table({"City": ["Oakland", "Zürich", 'a "b", c', "two\nlines"], "x": [1, None, 3, 4]})
CSV = 'City,x\nOakland,1\nZürich,\n"a ""b"", c",3\n"two\nlines",4\n'.encode()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path / "ml"))
    folder = tmp_path / "ml/processing/input/files"
    folder.mkdir(parents=True)
    settings = tmp_path / "ml/processing/input/settings"
    settings.mkdir()
    columns = {
        "city": {"type": "category", "optional": True},
        "x": {"type": "number", "optional": True},
    }
    (settings / "files.json").write_text(json.dumps({"columns": columns, "missing": ["?"]}))
    return folder


@pytest.fixture
def run(folder, tmp_path):
    """Put files there and run the job; returns the rows that it wrote."""

    def run(files):
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, pa.Table):
                pq.write_table(content, file)
            else:
                file.write_bytes(content)
        ingest_files(["--version", "7"])
        return pq.read_table(tmp_path / "ml/processing/output/data/data.parquet")

    return run


def test_csv_is_read_by_the_declared_types(run):
    assert run({"a.csv": CSV + b"07,?\n"}).to_pydict() == {
        "city": ["Oakland", "Zürich", 'a "b", c', "two\nlines", "07"],
        "x": [1, None, 3, 4, None],
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"\xef\xbb\xbf" + CSV),
        ("a.CSV", CSV.replace(b"\n", b"\r\n").replace(b"two\r\n", b"two\n")),
        ("a.csv.gz", gzip.compress(CSV, mtime=0)),
        ("part-0.csv.bz2", bz2.compress(CSV)),
        ("v1.2/a.b.csv", CSV),
        ("semicolon.csv", CSV.replace(b",", b";").replace(b'"";', b'"",')),
        ("empty lines.csv", b"\n" + CSV + b"\n\n"),
        ("blanks around names.csv", CSV.replace(b"City,x", b" City , x", 1)),
    ],
)
def test_csv_comes_in_many_forms(run, name, content):
    rows = run({name: content})
    assert rows["city"].to_pylist() == TABLE["City"].to_pylist()
    assert rows["x"].to_pylist() == [1, None, 3, 4]


def test_a_name_may_be_quoted_and_hold_anything(run):
    assert run({"a.csv": b'"x\ny","a,b"\n1,2\n'}).to_pydict() == {"x_y": [1], "a_b": [2]}


def test_parquet_keeps_its_types_and_its_names_become_lower_case(run):
    rows = run({"part-1.snappy.parquet": TABLE})
    assert rows.to_pydict() == TABLE.rename_columns(["city", "x"]).to_pydict()
    assert rows.schema.types == TABLE.schema.types


def test_files_may_spell_their_columns_differently(run):
    files = {"1.csv": b"City,X\nEureka,1\n", "2.csv": b"x;CITY\n2;Napa\n"}
    assert run(files).to_pydict() == {"city": ["Eureka", "Napa"], "x": [1, 2]}


def test_many_files_are_one_table_in_the_order_of_their_names(run):
    files = {
        "b/2.csv": b"x,City\n5,Eureka\n",
        "1.csv": CSV,
        "_SUCCESS": b"",
        "_temporary/0.csv": b"no,such\n1,2\n",
        ".hidden.csv": b"",
    }
    assert run(files)["x"].to_pylist() == [1, None, 3, 4, 5]


def test_types_of_parquet_files_that_widen_are_widened(run):
    more = pa.table({"City": ["Eureka"], "x": pa.array([2**40], pa.int64())})
    less = TABLE.set_column(1, "x", TABLE["x"].cast(pa.int16()))
    rows = run({"1.parquet": less, "2.parquet": more})
    assert rows["x"].to_pylist() == [1, None, 3, 4, 2**40]


def test_a_file_without_rows_does_not_matter_beside_others(run):
    assert run({"1.csv": b"City,x\n", "2.csv": CSV}).num_rows == 4


def test_dictionaries_and_fine_times_become_plain(run):
    times = pa.array([1_000_000_001], pa.timestamp("ns"))
    rows = run({"a.parquet": pa.table({"c": pa.array(["x"]).dictionary_encode(), "t": times})})
    assert rows.schema.types == [pa.string(), pa.timestamp("us")]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "the prefix holds no file."),
        ({"_SUCCESS": b""}, "the prefix holds no file."),
        ({"a.csv": b""}, "a.csv has no rows."),
        ({"a.csv": b"\n\n"}, "a.csv has no rows."),
        ({"a.csv": b"x,y\n", "b.csv": b"x,y\n"}, "a.csv, b.csv have no rows."),
        ({"a.parquet": TABLE[:0]}, "a.parquet has no rows."),
        ({"a.csv": b"x,X\n1,2\n"}, "a.csv: 2 columns are x: x, X."),
        ({"a.csv": b"x, x\n1,2\n"}, "a.csv: 2 columns are x: x, x."),
        ({"a.csv": b"x,y\n1,2\n3\n"}, "a.csv is not a table: line 3 must have 2 cells as line 1"),
        (
            {"a.csv": b"x,y\n1,2\n1e39,2\n"},
            "a.csv: x must hold numbers up to 3.4e38, got '1e39' at",
        ),
        (
            {"a.csv": "x\nZürich\n".encode("latin-1")},
            "a.csv is not UTF-8 text: line 2 has the byte",
        ),
        ({"a.csv.gz": CSV}, "a.csv.gz is not a table: "),
        ({"a.csv.gz": gzip.compress(CSV, mtime=0)[:-20]}, "a.csv.gz is not a table: "),
        ({"a.parquet": CSV}, "a.parquet is not a table: "),
        ({"a.parquet": b""}, "a.parquet is not a table: "),
        ({"a.xlsx": b"PK"}, "a.xlsx is no Excel workbook: File is not a zip file."),
        ({"a.xls": b"PK"}, "a.xls must be a CSV, an Excel or a Parquet file."),
        ({"data": CSV}, "data must be a CSV, an Excel or a Parquet file."),
        ({"a.csv": CSV, "b.parquet": TABLE}, "files of one kind, got a.csv and b.parquet."),
        ({"a.csv": CSV, "b.csv": b"City\nx\n"}, "same columns: b.csv lacks x."),
        ({"a.csv": CSV, "b.csv": b"City,x,y\nx,1,2\n"}, "same columns: a.csv lacks y."),
        (
            {"a.parquet": TABLE, "b.parquet": pa.table({"City": ["x"], "x": ["one"]})},
            "b.parquet: x must hold numbers (with a decimal point, no thousands separators), got",
        ),
    ],
)
def test_files_that_are_no_table_are_named_in_two_lines(run, tmp_path, files, expected):
    with pytest.raises(JobError) as caught:
        run(files)
    message, remedy = str(caught.value).splitlines()
    assert message.startswith(f"{PLACE}: ")
    assert expected in message
    assert remedy
    assert not (tmp_path / "ml/processing/output/data/data.parquet").exists()


def test_preprocess_makes_the_same_rows_of_text_as_of_numbers():
    source = random.Random(5)
    numbers = [source.random() * 10.0 ** source.randint(-300, 36) for _ in range(5000)]
    times = pd.Timestamp("2026-01-02 03:04:05.678901") + pd.to_timedelta(range(5000), unit="s")
    exact = pd.DataFrame(
        {"y": numbers, "t": times.as_unit("us"), "c": ["01"] * 5000, "n": [None, *range(4999)]}
    )
    written = exact.assign(y=[repr(number) for number in numbers], t=times.astype(str))
    kinds = {"y": "number", "t": "time", "c": "category", "n": "number"}
    columns = {name: {"type": kind, "optional": False} for name, kind in kinds.items()}
    one, other = (clean(frame, columns, "y") for frame in (exact, written))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
