"""The local lake gives the results that Trino documents, and refuses what it cannot say so."""

from __future__ import annotations

import contextlib
import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from trino_refusals import CANNOT, REFUSED
from trino_results import AGGREGATES, RESULTS

from sagetabular.jobs.athena_sql.checking import check_query
from sagetabular.jobs.athena_sql.trino.functions import TRINO
from sagetabular.jobs.athena_sql.trino.signatures import signatures
from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingestion.lake import LakeReader
from sagetabular.jobs.ingestion.query import Query

ROWS = "(VALUES (1, 'a', 1.0), (2, 'b', NULL), (2, NULL, 2.0)) AS v(n, s, d)"
FILE = "queries/ours.sql"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    root = tmp_path_factory.mktemp("lake")
    (root / "housing/houses").mkdir(parents=True)
    columns = {
        "city": ["Oakland"], "rooms": [10], "price": [3.5], "small": pa.array([1], pa.int16()),
        "sold": pa.array([0], pa.timestamp("us")), "day": pa.array([0], pa.date32()),
    }  # fmt: skip
    pq.write_table(pa.table(columns), root / "housing/houses/part-0.parquet")
    return LakeReader(root, "housing", "houses")


def equal(found, expected):
    if isinstance(expected, float) and not (isinstance(found, float) and math.isinf(expected)):
        return type(found) is float and (
            math.isnan(found) if math.isnan(expected) else math.isclose(found, expected)
        )
    return type(found) is type(expected) and found == expected


def answers(lake, expressions, rows=""):
    """Return expression → what the lake answers, of all in one query."""
    columns = ",\n".join(f"{each} AS c{place}" for place, each in enumerate(expressions))
    found = lake.read(Query(f"SELECT {columns} {rows}", FILE)).to_pylist()
    return dict(zip(expressions, found[0].values(), strict=True))


@pytest.mark.parametrize("block", RESULTS, ids=lambda block: block[:60])
def test_an_expression_has_the_result_that_trino_gives_it(lake, block):
    found = answers(lake, RESULTS[block])
    wrong = {
        each: (found[each], expected)
        for each, expected in RESULTS[block].items()
        if not equal(found[each], expected)
    }
    assert not wrong


@pytest.mark.parametrize("block", AGGREGATES, ids=lambda block: block[:60])
def test_an_aggregate_has_the_result_that_trino_gives_it(lake, block):
    found = answers(lake, AGGREGATES[block], f"FROM {ROWS}")
    wrong = {
        each: (found[each], expected)
        for each, expected in AGGREGATES[block].items()
        if not equal(found[each], expected)
    }
    assert not wrong


def test_there_are_enough_of_them():
    assert sum(map(len, [*RESULTS.values(), *AGGREGATES.values()])) >= 150


def refusal(lake, query):
    with pytest.raises(JobError) as caught:
        lake.read(Query(query, FILE))
    return str(caught.value)


@pytest.mark.parametrize("query", REFUSED)
def test_what_athena_refuses_is_refused_with_its_line_and_a_remedy(lake, query):
    rule, remedy = refusal(lake, query).splitlines()
    assert rule.startswith((f"{FILE}, line ", f"{FILE} does not parse: line "))
    assert REFUSED[query] in f"{rule}\n{remedy}"
    assert remedy.endswith(".")


@pytest.mark.parametrize("query", CANNOT)
def test_what_the_lake_cannot_say_as_athena_does_is_refused_too(lake, query):
    rule, remedy = refusal(lake, query).splitlines()
    assert rule.startswith(f"{FILE}")
    assert CANNOT[query] in f"{rule}\n{remedy}"


def test_the_lake_answers_no_function_that_trino_does_not_have():
    assert {*signatures()} <= TRINO


# Source: trino.io/docs/current/functions/window, value functions; of the row where n is 4.
WINDOWS = {
    "lag(s) IGNORE NULLS OVER (ORDER BY n)": "b",
    "lag(s) RESPECT NULLS OVER (ORDER BY n)": None,
    "lag(s) OVER (ORDER BY n)": None,
    "lag(s, 2) IGNORE NULLS OVER (ORDER BY n)": "a",
    "lead(s) IGNORE NULLS OVER (ORDER BY n DESC)": "b",
    "first_value(s) IGNORE NULLS OVER (ORDER BY n ROWS 1 PRECEDING)": "d",
    "first_value(s) OVER (ORDER BY n ROWS 1 PRECEDING)": None,
}


def test_ignore_nulls_passes_over_nulls_and_nothing_is_printed(lake, caplog, capfd):
    columns = ", ".join(f"{each} AS c{place}" for place, each in enumerate(WINDOWS))
    rows = "(VALUES (1, 'a'), (2, 'b'), (3, CAST(NULL AS varchar)), (4, 'd')) AS v(n, s)"
    query = f"SELECT * FROM (SELECT n, {columns} FROM {rows}) WHERE n = 4"
    found = lake.read(Query(query, FILE)).drop(["n"]).to_pylist()
    assert [*found[0].values()] == [*WINDOWS.values()]
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


# Source: Trino's patterns and dates are Java's and Joda's, and take each of these.
LIMITS = {
    r"regexp_extract(city, '(?<=O)\w+')": "the lake has no look-ahead, look-behind",
    r"regexp_like(city, '(a)\1')": "the lake has no look-ahead, look-behind",
    r"regexp_like(city, 'a++')": "the lake has no look-ahead, look-behind",
    "CAST('2024-1-5' AS date)": "Athena may read it; the local lake reads dates of",
    "TRY_CAST('2024-1-5' AS date)": "Athena may read it; the local lake reads dates of",
}


@pytest.mark.parametrize("expression", LIMITS)
def test_a_limit_of_the_lake_is_told_as_one(lake, expression):
    rule, remedy = refusal(lake, f"SELECT {expression} AS x FROM houses").splitlines()
    assert rule.startswith(f"{FILE} failed: ")
    assert LIMITS[expression] in remedy


# Source: trino.io/docs/current/sql/select, WITH: a query sees those before it, and not itself.
WITH = {
    "WITH houses AS (SELECT * FROM houses) SELECT rooms FROM houses": 10,
    "WITH Houses AS (SELECT rooms + 1 AS r FROM HOUSES) SELECT r FROM hOuses": 11,
    "WITH a AS (SELECT rooms FROM houses), houses AS (SELECT rooms + 1 AS r FROM a) "
    "SELECT r FROM houses": 11,
    "WITH houses AS (SELECT rooms + 1 AS r FROM houses), a AS (SELECT r + 1 AS s FROM houses) "
    "SELECT s FROM a": 12,
    "SELECT r FROM (WITH houses AS (SELECT rooms + 1 AS r FROM houses) SELECT r FROM houses) x": 11,
    "WITH a AS (WITH houses AS (SELECT 7 AS r) SELECT r FROM houses) SELECT rooms + r AS x "
    "FROM a, houses": 17,
}


@pytest.mark.parametrize("query", WITH)
def test_a_name_of_with_hides_a_table_only_behind_it(lake, query):
    check_query(query, FILE, {}, ())
    assert [*lake.read(Query(query, FILE)).to_pylist()[0].values()] == [WITH[query]]


CALLS = [
    (name, signature, len(signature.parameters) + more)
    for name, found in signatures().items()
    for signature in found
    for more in (0, 1)
    if not more or (signature.parameters and signature.parameters[-1].endswith("*"))
]


@pytest.mark.parametrize(
    ("name", "signature", "count"), CALLS, ids=lambda each: each if isinstance(each, str) else ""
)
def test_what_is_called_with_a_column_or_with_null_ends_without_a_traceback(
    lake, name, signature, count
):
    """At compile no column has a type yet, and that of NULL is known only from what it meets."""
    over = " OVER (ORDER BY sold)" if signature.aggregate else ""
    for place in range(-1, count):
        for odd in ("anything", "NULL"):
            arguments = ["7" if place not in (-1, each) else odd for each in range(count)]
            call = f"{name}({', '.join(arguments)}){over}"
            with contextlib.suppress(JobError):
                check_query(f"SELECT {call} AS x, 1 + {call} AS y FROM houses", FILE, {}, ())
    call = f"{name}({', '.join(['NULL'] * count)}){over}"
    with contextlib.suppress(JobError):
        lake.read(Query(f"SELECT {call} IS NULL AS x FROM houses", FILE))


@pytest.mark.parametrize(
    "call", ["mod(anything, 7)", "mod(NULL, anything)", "floor(anything)", "sum(anything)"]
)
def test_the_type_of_a_call_is_unknown_as_long_as_an_argument_is(call):
    check_query(f"SELECT {call} / 3 AS x, coalesce({call}, DATE '2026-01-01') AS y", FILE, {}, ())


FAILS = {
    "1 / 0": "Division by zero",
    "5 % 0": "Division by zero",
    "1.0 / 0": "Division by zero",
    "CAST('12.7' AS integer)": "Cannot cast '12.7' to integer",
    "CAST('x' AS decimal(5, 2))": "Cannot cast 'x' to decimal(5, 2)",
    "CAST(nan() AS bigint)": "",
    "9223372036854775807 + 1": "Overflow",
    "2147483647 + 1": "Overflow",
    "CAST(100 AS tinyint) + CAST(100 AS tinyint)": "Overflow",
    "CAST(1000 AS tinyint)": "",
    "CAST(123.456 AS decimal(4, 2))": "",
    "split('a,b', ',')[3]": "Array subscript out of bounds",
    "split_part('abc', 'b', 0)": "Index must be greater than zero",
    "date_parse(' 2024', '%Y')": "Cannot parse ' 2024' by the format of date_parse",
    "TRY_CAST('2020-1-5' AS date)": "Write dates as 2026-01-31, got '2020-1-5'",
}


@pytest.mark.parametrize("expression", FAILS)
def test_what_fails_in_athena_when_it_runs_fails_here(lake, expression):
    """Sources: as of the results; an error there must not become a NULL or another number."""
    text = refusal(lake, f"SELECT {expression} AS x FROM houses")
    assert text.startswith(f"{FILE} failed: {FAILS[expression]}")
    assert len(text.splitlines()) == 2
