"""What stands for Data Wrangler's container: each operator, and the job as a whole."""

from __future__ import annotations

import datetime
import json

import pandas as pd
import pyarrow as pa
import pytest

from sagetabular.jobs.data_wrangler import data_wrangler
from sagetabular.jobs.errors import JobError
from sagetabular.jobs.wrangler.flow import run_flow
from sagetabular.jobs.wrangler.nodes import (
    CAST,
    ENCODE_CATEGORICAL,
    FORMAT_STRING,
    MANAGE_COLUMNS,
    SOURCE,
)

ROWS = pa.table(
    {
        "code": pa.array([1, 2, None], pa.int64()),
        "size": ["1.5", "none", " 2"],
        "day": pa.array([datetime.date(2026, 1, 31), None, None]),
    }
)
DATASET = {"name": "ingest"}
QUERYS_NAME = "The flow's query (data.query in conf/pipeline.yaml)"


def flow_with(*transforms):
    """A flow of a source and some operators, each with its own members."""
    source = {"operator": SOURCE, "parameters": {"dataset_definition": DATASET}, "inputs": []}
    nodes = [{"node_id": "n0", **source}]
    for number, (operator, members) in enumerate(transforms, start=1):
        link = {"name": "default", "node_id": f"n{number - 1}", "output_name": "default"}
        nodes.append({"node_id": f"n{number}", "operator": operator, "inputs": [link], **members})
    return {"nodes": nodes}


def result_of(*transforms, rows=ROWS):
    tables = run_flow(flow_with(*transforms), lambda _: rows)
    return tables[f"n{len(transforms)}.default"]


def cast(**schema):
    return CAST, {"parameters": {}, "trained_parameters": {"schema": schema}}


def manage(operator, **parameters):
    return MANAGE_COLUMNS, {"parameters": {"operator": operator, **parameters}}


def move(kind, **parameters):
    return manage("Move column", move_column_parameters={"move_type": kind, **parameters})


def drop(column):
    return manage("Drop column", drop_column_parameters={"column_to_drop": column})


def encode(operator, **parameters):
    return ENCODE_CATEGORICAL, {"parameters": {"operator": operator, **parameters}}


def one_hot(column, **changes):
    encoding = {"invalid_handling_strategy": "Keep", "drop_last": False, "output_style": "Columns"}
    encoding |= {"input_column": column, **changes}
    return encode("One-hot encode", one_hot_encode_parameters=encoding)


def clean(operator, **parameters):
    return FORMAT_STRING, {"parameters": {"operator": operator, **parameters}}


def without(symbols, column):
    removal = {"symbols": symbols, "input_column": column}
    return clean("Remove symbols", remove_symbols_parameters=removal)


def test_columns_get_their_types_and_what_does_not_fit_becomes_null():
    table = result_of(cast(size="float", day="datetime", code="string"))
    assert table.to_pydict() == {
        "size": [1.5, None, 2.0],
        "day": [datetime.datetime(2026, 1, 31), None, None],
        "code": ["1", "2", None],
    }
    assert table.schema.types == [pa.float64(), pa.timestamp("us"), pa.string()]


def test_columns_are_dropped_and_moved():
    start = {"move_to_start_parameters": {"column_to_move": "day"}}
    table = result_of(drop("code"), move("Move to start", **start))
    assert table.equals(ROWS.select(["day", "size"]))


TOWNS = ["ñ", "b", None, "", "a", "b", "ñ", "b", "a", "it's"]


def test_a_category_becomes_a_column_as_pandas_would_make_it_the_most_frequent_first():
    given = pa.table({"town": TOWNS, "size": pa.array(range(10), pa.float64())})
    table = result_of(one_hot("town"), rows=given).to_pandas()
    assert [*table] == ["size", "town_b", "town_a", "town_ñ", "town_it's"]
    frame = given.to_pandas().replace({"town": {"": None}})
    expected = pd.get_dummies(frame, columns=["town"], dtype=float)
    pd.testing.assert_frame_equal(table[[*expected]], expected)
    assert table.filter(like="town_").sum(axis=1).tolist() == [1, 1, 0, 0, 1, 1, 1, 1, 1, 1]


def test_a_column_without_any_category_leaves_nothing():
    given = pa.table({"town": pa.array([None, ""], pa.string()), "size": [1.0, 2.0]})
    assert result_of(one_hot("town"), rows=given).to_pydict() == {"size": [1.0, 2.0]}


def test_symbols_leave_a_text_and_null_stays_null_where_the_column_was():
    given = pa.table({"a": [1, 2, 3], "town": ["<1H BAY", None, "a\tb[c]^-\\"], "b": [4, 5, 6]})
    table = result_of(without(" <\t[]", "town"), rows=given)
    assert table.column_names == ["a", "town", "b"]
    assert table["town"].to_pylist() == ["1HBAY", None, "abc^-\\"]


def test_a_category_whose_column_is_there_already_is_refused():
    given = pa.table({"town": ["a"], "town_a": [1.0]})
    with pytest.raises(JobError) as caught:
        result_of(one_hot("town"), rows=given)
    rule, _ = str(caught.value).splitlines()
    assert rule == "The flow makes the column town_a of the category 'a', but has it."


@pytest.mark.parametrize(
    ("transform", "what"),
    [
        (("sagemaker.spark.handle_missing_0.1", {}), "the operator sagemaker.spark.handle_"),
        (encode("Ordinal encode"), "the operator 'Ordinal encode' of sagemaker.spark.encode_"),
        (one_hot("size", output_style="Vector"), "the encoding {"),
        (one_hot("size", drop_last=True), "the encoding {"),
        (one_hot("size", input_already_ordinal_encoded=True), "the encoding {"),
        (clean("Lower case"), "the operator 'Lower case' of sagemaker.spark.format_"),
        (manage("Rename column"), "the operator 'Rename column' of sagemaker.spark.manage_"),
        (move("Move to end"), "the move 'Move to end'"),
        (cast(code="long", size="float", day="datetime"), "the type long of code"),
    ],
)
def test_what_this_projects_flows_never_hold_is_refused_by_its_name(transform, what):
    with pytest.raises(JobError) as caught:
        result_of(transform)
    assert str(caught.value).startswith(f"The flow's node n1 has {what}")


@pytest.mark.parametrize(
    ("transform", "rule"),
    [
        (cast(code="string"), "The flow casts code, but the query gives code, size, day."),
        (one_hot("age"), "The flow's node n1 needs the column age; code, size, day came."),
        (without(" ", "age"), "The flow's node n1 needs the column age; code, size, day came."),
        (drop("age"), "The flow's node n1 needs the column age; code, size, day came."),
    ],
)
def test_a_flow_that_does_not_fit_its_rows_is_refused(transform, rule):
    with pytest.raises(JobError) as caught:
        result_of(transform)
    assert str(caught.value).splitlines()[0] == rule


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the job as sagelocal starts it; return what it wrote, by the files' names."""
    base = tmp_path / "ml"
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(base))
    folder = tmp_path / "lake/estate/sales"
    folder.mkdir(parents=True)
    pd.DataFrame({"Size": ["1.5", "2"], "town": ["a", "b"]}).to_parquet(folder / "part-0.parquet")
    monkeypatch.setenv("LAKE_URI", (tmp_path / "lake").as_uri())

    def run(query, *arguments):
        athena = {"Database": "estate", "QueryString": query}
        dataset = {"InputName": "ingest", "DatasetDefinition": {"AthenaDatasetDefinition": athena}}
        request = {"ProcessingInputs": [{"InputName": "flow"}, dataset]}
        flow = flow_with(cast(size="float", town="string"))
        for name, content in (
            ("config/processingjobconfig.json", request),
            ("processing/flow/ingest.flow", flow),
        ):
            (base / name).parent.mkdir(parents=True)
            (base / name).write_text(json.dumps(content))
        data_wrangler(arguments)
        output = base / "processing/output"
        return {
            file.relative_to(output).as_posix(): pd.read_parquet(file)
            for file in output.rglob("*.parquet")
        }

    return run


PARQUET = '--output-config \'{"n1.default": {"content_type": "Parquet"}}\''
QUERY = 'SELECT "size", "town" FROM (SELECT * FROM "sales") AS ingest'


def test_the_requests_query_is_answered_from_the_lake_and_the_output_named_as_asked(run):
    ((name, table),) = run(QUERY, PARQUET).items()
    assert name == "n1/default/part-00000.snappy.parquet"
    assert table.to_dict("list") == {"size": [1.5, 2.0], "town": ["a", "b"]}


@pytest.mark.parametrize(
    ("query", "argument", "rule"),
    [
        (f"{QUERY} WHERE town = 'c'", PARQUET, "The flow's query returned no rows."),
        (QUERY.replace("sales", "rents"), PARQUET, f"{QUERYS_NAME}: the table is estate.rents"),
        (
            QUERY.replace('"size", ', '"age", '),
            PARQUET,
            f"{QUERYS_NAME}, line 1: there is no column",
        ),
        (QUERY, PARQUET.replace("Parquet", "CSV"), "A local run writes Parquet"),
    ],
)
def test_each_mistake_is_told(run, query, argument, rule):
    with pytest.raises(JobError) as caught:
        run(query, argument)
    assert str(caught.value).startswith(rule)
