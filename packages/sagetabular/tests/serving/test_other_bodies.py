"""JSON and Parquet in."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

JSON, PARQUET = "application/json", "application/x-parquet"
CSV = "1,2,3\n-4.5,1e2,\n"
LISTS = [[1, 2.0, 3], [-4.5, 100, None]]
OBJECTS = [
    {"rooms": 1, "área": 2, "age": 3, "label": "x"},
    {"age": None, "área": 100, "rooms": -4.5},
]


def as_parquet(table: pd.DataFrame | pa.Table, **options) -> bytes:
    buffer = io.BytesIO()
    table = table if isinstance(table, pa.Table) else pa.Table.from_pandas(table)
    parquet.write_table(table, buffer, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "document", [LISTS, OBJECTS, {"instances": LISTS}, {"instances": OBJECTS, "more": 1}]
)
def test_json_rows_are_lists_or_objects(client, document) -> None:
    reply = client.post(json.dumps(document), JSON)
    np.testing.assert_array_equal(reply.values, client.post(CSV).values)


def test_json_categories_are_text_or_null(town_client) -> None:
    reply = town_client.post(json.dumps([[1, 2, "in,land", 3], [1, 2, None, 3]]), JSON)
    np.testing.assert_array_equal(
        reply.values, town_client.post('1,2,"in,land",3\n1,2,,3\n').values
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("[[1,2,3],[1,2]]", "row 2: must have 3 values, got 2."),
        ("[[1,2,3],4]", "row 2: must be a list or an object, got 4."),
        ('[[1,2,3],[1,"two",3]]', "row 2, column 'área': 'two' is not a number."),
        ("[[1,2,[3]]]", "row 1, column 'age': must be a number or null, got [3]."),
        ("[[1,2,1e39]]", "row 1, column 'age': 1e+39 is not a number up to 3.4e38."),
        ('[{"rooms": 1, "age": 2}]', "row 1: the column 'área' is missing."),
        ("[]", "The body holds no row."),
        ('{"instances": []}', "The body holds no row."),
        ("7", "The body must hold a list of rows."),
        ('{"rows": [[1,2,3]]}', "The body must hold a list of rows."),
    ],
)
def test_a_bad_json_row_is_named(client, body, message) -> None:
    reply = client.post(body, JSON)
    assert (reply.status, reply.text.splitlines()[0]) == (400, message)
    assert len(reply.text.splitlines()) == 2


@pytest.mark.parametrize("body", ["", "[[1,2,3]", "[[1,2,NaN]]", b"\xff", "[" * 5000, "[[1,2,3]]x"])
def test_what_is_no_json_is_located(client, body) -> None:
    reply = client.post(body, JSON)
    assert reply.status == 400
    assert "not JSON" in reply.text


def test_parquet_columns_are_found_by_name(client) -> None:
    table = pd.DataFrame({"label": ["x", "y"], "age": [3, None], "área": [2, 100]})
    table["rooms"] = np.array([1, -4.5], dtype=np.float32)
    reply = client.post(as_parquet(table), PARQUET)
    np.testing.assert_array_equal(reply.values, client.post(CSV).values)


@pytest.mark.parametrize("dictionary", [True, False])
@pytest.mark.parametrize("kind", [object, "category"])
def test_parquet_categories_are_text_or_null(town_client, dictionary, kind) -> None:
    table = pd.DataFrame({"rooms": 1, "área": 2, "town": ["in,land", None, "in,land"], "age": 3})
    body = as_parquet(table.astype({"town": kind}), use_dictionary=dictionary)
    expected = town_client.post('1,2,"in,land",3\n1,2,,3\n1,2,"in,land",3\n').values
    np.testing.assert_array_equal(town_client.post(body, PARQUET).values, expected)


def test_parquet_of_decimals_and_large_integers_is_read(client) -> None:
    decimals = pa.array([1, 2], pa.decimal128(10, 2))
    table = pa.table({"rooms": decimals, "área": pa.array([2**60, 3]), "age": [1.0, 2.0]})
    expected = client.post(f"1,{2**60},1\n2,3,2\n").values
    np.testing.assert_array_equal(client.post(as_parquet(table), PARQUET).values, expected)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"rooms": [1], "age": [1]}, "the Parquet file: the column 'área' is missing."),
        ({"rooms": ["x"], "área": [1], "age": [1]}, "row 1, column 'rooms': must hold numbers"),
        ({"rooms": [{"a": 1}], "área": [1], "age": [1]}, "column 'rooms': must hold numbers (wi"),
        ({"rooms": [1.0], "área": [np.inf], "age": [1]}, "row 1, column 'área': must hold number"),
        ({"rooms": [], "área": [], "age": []}, "The body holds no row."),
    ],
)
def test_a_bad_parquet_column_is_named(client, columns, message) -> None:
    reply = client.post(as_parquet(pa.table(columns)), PARQUET)
    assert reply.status == 400
    assert reply.text.startswith(message)


@pytest.mark.parametrize(
    ("town", "message"),
    [
        ({}, "the Parquet file: the column 'town' is missing."),
        ({"town": [{"name": "a"}]}, "column 'town': must hold text or codes, got 'struct"),
        ({"town": [["a"]]}, "column 'town': must hold text or codes, got 'list"),
        ({"town.name": ["a"]}, "the Parquet file: the column 'town' is missing."),
    ],
)
def test_a_bad_parquet_category_is_named(town_client, town, message) -> None:
    numbers = {"rooms": [1], "área": [1], "age": [1]}
    reply = town_client.post(as_parquet(pa.table({**numbers, **town})), PARQUET)
    assert (reply.status, reply.text.startswith(message)) == (400, True), reply.text


@pytest.mark.parametrize("body", [b"", b"PAR1", b"PAR1" * 9, CSV.encode()])
def test_what_is_no_parquet_is_refused(client, body) -> None:
    assert client.post(body, PARQUET).status == 400


@pytest.mark.slow
def test_a_small_parquet_that_unpacks_to_much_is_too_large(town_client) -> None:
    rows = 4_000_000
    many = pa.table({name: np.zeros(rows) for name in ("rooms", "área", "age")})
    many = many.append_column("town", pa.nulls(rows, pa.string()))
    packed = as_parquet(many, compression="zstd")
    assert len(packed) < 100_000
    assert town_client.post(packed, PARQUET).status == 413
    long = pa.table({"rooms": [1.0], "área": [1.0], "age": [1.0], "town": ["x" * 100_000_000]})
    packed = as_parquet(long, compression="zstd")
    assert len(packed) < 100_000
    assert town_client.post(packed, PARQUET).status == 413
