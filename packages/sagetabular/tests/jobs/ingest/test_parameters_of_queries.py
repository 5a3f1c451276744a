"""The values of a query's `:name`, and where such a name is none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sagetabular.jobs.ingestion.query import (
    PARAMETERS_FILE,
    check_placeholders,
    query_parameters,
    without_end,
    written_parameters,
)


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize(
    ("condition", "value", "cities"),
    [
        ("city = :v", "Fresno", ["Fresno"]),
        ("city = :v", "' OR 1=1 --", []),
        ("city = :v OR city = 'Eureka'", 'Fre"sno', ["Eureka"]),
        ("rooms > :v", 5, ["Oakland", "Oakland"]),
        ("price >= :v", Decimal("2.5"), ["Oakland", "Oakland"]),
        ("sold < :v", date(2026, 1, 1), ["Eureka"]),
        ("(rooms > 5) = :v", False, ["Fresno", "Eureka"]),
        ("rooms - :v > 11", -2, ["Oakland"]),
        ("rooms > :v AND rooms < :v + 5 AND city <> 'a::v'", 4, ["Oakland"]),
    ],
)
def test_a_parameter_of_the_query_has_its_value_on_the_lake(run, given, condition, value, cities):
    given({"v": value})
    query = f"SELECT city FROM ${{table}} WHERE {condition} UNION ALL SELECT '.'"
    assert run(query)["city"].tolist() == [*cities, "."]


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT :other FROM ${table}", "queries/ours.sql: the parameter :other has no value.\n"),
        ("SELECT 1 AS x FROM ${table}", "data.parameters.v is not used in queries/ours.sql.\n"),
        ("SELECT :v, 'it''s :v' FROM t", "a parameter must not stand in quotes or a comment, got"),
        ('SELECT :v AS "a:v" FROM t', "a parameter must not stand in quotes or a comment, got :v."),
        ("SELECT :v -- :v\nFROM t", "a parameter must not stand in quotes or a comment, got :v."),
        ("SELECT :v /* x\n:v */ FROM t", "must not stand in quotes or a comment, got :v."),
        ("SELECT rooms -:v FROM t", "must not follow a minus at once, got -:v.\nWrite - :v, with"),
    ],
)
def test_parameters_and_values_must_match(refusal, given, query, expected):
    given({"v": 1})
    assert expected in refusal(query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("SELECT 1", "SELECT 1"),
        ("-- Ours\nSELECT 1 ;\n\n", "-- Ours\nSELECT 1"),
        ("SELECT 1; -- it's the end\n/* really; */ ;", "SELECT 1"),
        ("SELECT ';' -- one\n  || '--'\n-- end", "SELECT ';' -- one\n  || '--'"),
        ('SELECT 1 - -1 / 2 AS "/*"', 'SELECT 1 - -1 / 2 AS "/*"'),
        ("SELECT 1; SELECT 2;", "SELECT 1; SELECT 2"),
        ("-- nothing\n;", ""),
    ],
)
def test_what_stands_after_a_query_is_no_part_of_it(text, query):
    assert without_end(text) == query


def test_what_only_looks_like_a_parameter_is_none():
    check_placeholders("SELECT '12:30', \"a:b\", x::integer -- it's :no\n/* :no */ FROM t", [], "q")


@pytest.mark.parametrize("value", ["O'Hara :x", True, False, 3, Decimal("-0.10"), date(2026, 1, 2)])
def test_values_survive_their_file(tmp_path, value):
    (tmp_path / PARAMETERS_FILE).write_bytes(written_parameters({"v": value}))
    (found,) = query_parameters(tmp_path).values()
    assert (type(found), found) == (type(value), value)
