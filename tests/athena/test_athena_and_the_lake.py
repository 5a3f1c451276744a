"""The unchanged ingestion job over a local Athena and over the lake: the same rows, and errors."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.athena.ingest import EXECUTION, Ingest
from tests.athena.table import BUCKET, TABLE, Account

EVERYTHING = "SELECT * FROM ${table}"
UNLOADED = f"housing-prices/{EXECUTION}/ingest-unload"


def ordered(rows: pa.Table | None) -> pa.Table:
    assert rows is not None
    return rows.replace_schema_metadata().sort_by("id").combine_chunks()


@pytest.fixture
def both(ingest: Ingest, account: Account, lake: dict[str, str]) -> Any:
    """Run the job over both; returns the rows of Athena and those of the lake."""

    def run(query: str, **data: Any) -> tuple[pa.Table, pa.Table]:
        ingest.configure(query, **data)
        found = []
        for variables in (account.environment, lake):
            ended = ingest.run(variables)
            assert (ended.code, ended.failure) == (0, "")
            found.append(ordered(ended.rows))
        return found[0], found[1]

    return run


def test_every_type_arrives_alike_with_its_nulls(both: Any, account: Account) -> None:
    athena, lake = both(EVERYTHING)
    assert athena.schema == lake.schema
    assert athena.equals(lake)
    exact = TABLE["exact"].cast(pa.float64())
    assert athena.equals(TABLE.set_column(3, "exact", exact).cast(athena.schema))
    signs = [str(value) for value in athena["price"].to_pylist()]
    assert signs == [str(value) for value in TABLE["price"].to_pylist()], "-0.0 too"
    assert account.keys(UNLOADED) == [], "nothing is left behind"


def test_a_query_in_athenas_sql_gives_the_same_rows(both: Any) -> None:
    athena, lake = both(
        """
        -- Ends in a semicolon and a comment, which UNLOAD would not bear
        WITH recent AS (SELECT *, row_number() OVER (ORDER BY id DESC) AS place FROM ${table})
        SELECT ID, upper(town) AS "Upper Town", price * 2 AS twice, exact / 3 AS third,
               CASE WHEN garden THEN 'yes' END AS "With", coalesce(big, 0) AS big
        FROM recent
        WHERE place <= 6 OR town IS NULL; -- all but one
        """
    )
    assert athena.column_names == ["id", "upper town", "twice", "third", "with", "big"]
    assert athena.num_rows == 6
    assert athena.drop_columns("third").equals(lake.drop_columns("third"))
    assert pc.max(pc.abs(pc.subtract(athena["third"], lake["third"]))).as_py() < 1e-3


def test_a_last_comment_does_not_hide_the_end_of_unload(both: Any) -> None:
    athena, lake = both("SELECT id FROM ${table} -- the key")
    assert athena.equals(lake)
    assert athena["id"].to_pylist() == [1, 2, 3, 4, 5, 6, 7]


# Condition with a parameter → its value, and the rows that meet it.
CONDITIONS: dict[str, tuple[object, list[int]]] = {
    "town = :a": ("O'Hara", [1]),
    "town = :b": ('the "Hague", NL', [2]),
    "town = :c": ("two\nlines\r\n", [4]),
    "town = :d": ("Zürich 東京 🏠", [6]),
    "town = :e OR id = 7": ("') TO 's3://elsewhere' --", [7]),
    "town = :f": ("", [5]),
    "sold > :g": (date(2024, 2, 28), [1, 4]),
    "exact = :h": (1.125, [1]),
    "price > 0 AND price < :i": (0.33333334, [1, 5, 6]),
    "price > 0 AND price < :j": (1e-7, [6]),
    "exact < :k": (-0.5, [2]),
    "big > :l": (2**53, [1, 4]),
    "garden = :m": (False, [2, 5]),
}


def test_a_value_means_the_same_in_both(both: Any) -> None:
    flags = ", ".join(f"({condition}) AS c{n}" for n, condition in enumerate(CONDITIONS))
    values = {chr(ord("a") + n): value for n, (value, _) in enumerate(CONDITIONS.values())}
    athena, lake = both(f"SELECT id, {flags} FROM ${{table}}", parameters=values)
    assert athena.equals(lake)
    for number, (condition, (value, expected)) in enumerate(CONDITIONS.items()):
        found = athena.filter(athena[f"c{number}"])["id"].to_pylist()
        assert found == expected, (condition, value)


FAULTS: dict[str, tuple[str, dict[str, str], str, str]] = {
    "no SQL": (
        # Athena's grammar has it, the server's engine has not, and neither has the lake.
        "SELECT json_object('a' : id) AS j FROM ${table}",
        {},
        "queries/ingest.sql failed in Athena: line 1:1: Parser Error",
        "queries/ingest.sql, line 1: the local lake does not know JSON_OBJECT(",
    ),
    "an unknown column": (
        "SELECT rooms FROM ${table}",
        {},
        'queries/ingest.sql failed in Athena: Binder Error: Referenced column "rooms"',
        "queries/ingest.sql, line 1: there is no column 'rooms'.",
    ),
    "a value of another type": (
        "SELECT CAST(town AS integer) AS x FROM ${table}",
        {},
        "queries/ingest.sql failed in Athena: Conversion Error",
        "queries/ingest.sql failed: Cannot cast ",
    ),
    "a missing table": (
        EVERYTHING,
        {"table": "hoses"},
        "queries/ingest.sql failed in Athena: TABLE_NOT_FOUND: line 1:15: Table "
        "'awsdatacatalog.estate.hoses' does not exist",
        "conf/pipeline.yaml: data.table is estate.hoses, which the local lake does not have.",
    ),
    "a missing database": (
        EVERYTHING,
        {"database": "nowhere"},
        "queries/ingest.sql failed in Athena: SCHEMA_NOT_FOUND: line 1:15: Schema "
        "'nowhere' does not exist",
        "conf/pipeline.yaml: data.table is nowhere.houses, which the local lake does not have.",
    ),
    "no rows": (
        "SELECT * FROM ${table} WHERE id > 7",
        {},
        "queries/ingest.sql returned no rows from estate.houses.",
        "queries/ingest.sql returned no rows from estate.houses.",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_mistake_is_said_in_two_lines_and_leaves_nothing(
    ingest: Ingest,
    account: Account,
    lake: dict[str, str],
    fault: tuple[str, dict[str, str], str, str],
) -> None:
    query, data, of_athena, of_lake = fault
    ingest.configure(query, **data)
    for variables, expected in ((account.environment, of_athena), (lake, of_lake)):
        ended = ingest.run(variables)
        assert (ended.code, ended.rows) == (2, None)
        message, remedy = ended.failure.splitlines()
        assert message.startswith(expected)
        assert remedy
    assert account.keys(UNLOADED) == []


def test_a_workgroup_that_is_not_there_is_named(ingest: Ingest, account: Account) -> None:
    ingest.configure(EVERYTHING, workgroup="nobodys")
    ended = ingest.run(account.environment)
    assert ended.code == 2
    message, remedy = ended.failure.splitlines()
    assert "WorkGroup nobodys" in message
    assert "workgroup under data in conf/pipeline.yaml" in remedy


def test_what_a_killed_attempt_has_left_does_not_stop_the_next(
    ingest: Ingest, account: Account
) -> None:
    account.client("s3").put_object(Bucket=BUCKET, Key=f"{UNLOADED}/0_left", Body=b"half a file")
    ingest.configure(EVERYTHING)
    ended = ingest.run(account.environment)
    assert (ended.code, ended.failure) == (0, "")
    assert ordered(ended.rows).num_rows == 7
    assert account.keys(UNLOADED) == []
