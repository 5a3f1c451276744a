"""The sample for the lake on AWS: what Athena's reader of CSV, and Python's, make of it."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sagetabular.errors import UserError
from sagetabular.infrastructure.sample import sample_of
from sagetabular.lake.store import write_table
from sagetabular.local.data import data_folder
from sagetabular.project import Project

# Planted: a quote, a delimiter, a backslash, the end of a line, nothing, and a long number.
ROWS = {
    "price": [0.1, 2.0, None],
    "rooms": [1.0, 2.0, 3.0],
    "area": [1e-7, 12345678.9, 3.0],
    "district": ['a "b"', "c, d\\e", "f\ng"],
    "sold": ["2026-01-01", "2026-01-02", None],
    "undeclared": ["x", "y", "z"],
}


@pytest.fixture
def project(example):
    """The small project with planted rows, which lack the optional column."""
    found = Project(example.root)
    write_table(data_folder(found), pa.table(ROWS), kind="files", title="planted")
    return found


def test_all_declared_columns_stand_in_their_order(project):
    key, body = sample_of(project)
    assert key == "sample/part-0.csv"
    # Python's reader with Athena's escape reads what OpenCSVSerDe does.
    rows = [*csv.reader(io.StringIO(body.decode(), newline=""), escapechar="\\")]
    assert rows[0] == ["rooms", "area", "district", "sold", "garden", "price"]
    assert [row[2] for row in rows[1:]] == ROWS["district"]
    assert [float(row[1]) for row in rows[1:]] == ROWS["area"]
    assert [(row[3], row[4], row[5]) for row in rows[1:]] == [
        ("2026-01-01", "", "0.1"), ("2026-01-02", "", "2"), ("", "", ""),
    ]  # fmt: skip
    assert sample_of(project)[1] == body


def test_parquet_where_the_table_is(project, example):
    example.change("conf/pipeline.yaml", "data.files", {"decimal": ","})
    key, body = sample_of(Project(example.root))
    assert key == "sample/part-0.parquet"
    found = pq.read_table(io.BytesIO(body))
    assert found.column_names == ["rooms", "area", "district", "sold", "garden", "price"]
    assert found["price"].to_pylist() == ROWS["price"]
    # The types of the Glue table: double, string, timestamp.
    assert [str(each.type) for each in found.schema] == [
        *("double", "double", "string", "timestamp[ms]", "double", "double"),
    ]


def test_parquet_has_no_value_of_another_type(project, example):
    example.change("conf/pipeline.yaml", "data.files", {"decimal": ","})
    table = pa.table({**ROWS, "sold": ["yesterday", "2026-01-02", None]})
    write_table(data_folder(project), table, kind="files", title="planted")
    with pytest.raises(UserError, match="not of its column's type"):
        sample_of(Project(example.root))


def test_without_a_table(example, pipeline):
    with pytest.raises(UserError, match="no table on this machine"):
        sample_of(Project(example.root))


def test_a_table_that_lacks_a_column(project):
    table = pa.table(ROWS).drop_columns(["rooms"])
    write_table(data_folder(project), table, kind="files", title="planted")
    with pytest.raises(UserError, match="lacks the column rooms"):
        sample_of(project)


def test_it_is_written_for_the_folder_of_the_table(pipeline, project, tmp_path):
    ended = pipeline("data", "export", "-o", "part-0.csv")
    body = sample_of(project)[1]
    assert (ended.code, ended.out) == (0, f"part-0.csv: {len(body):,} bytes\n"), ended
    assert (project.root / "part-0.csv").read_bytes() == body


def test_its_ending_is_that_of_the_tables_files(pipeline, project, example):
    assert pipeline("data", "export", "-o", "a.parquet").mistake == [
        "-o must name a file that ends in .csv, got a.parquet.",
        "Name it so: the table on AWS has files of that format alone.",
    ]
    example.change("conf/pipeline.yaml", "data.files", {"decimal": ","})
    assert pipeline("data", "export", "-o", "a.parquet").code == 0
    assert not (project.root / "a.csv").exists()
    assert pq.read_table(project.root / "a.parquet").num_rows == 3


def test_nothing_to_export_is_said(pipeline, example):
    rule, remedy = pipeline("data", "export", "-o", "part-0.csv").mistake
    assert rule == "There is no table on this machine yet."
    assert remedy.startswith("Add one with `pipeline data add FILE`")
