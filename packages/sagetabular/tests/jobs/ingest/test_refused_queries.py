"""Queries that are wrong: which file, what is the matter with it, what to do."""

from __future__ import annotations

import pytest
from ingesting import ARGUMENTS

from sagetabular.jobs.errors import JobError


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT * FRM t", "queries/ours.sql does not parse: line 1, near 't'"),
        ("SELECT city FROM", "queries/ours.sql does not parse: line 1, near 'FROM'"),
        ("SELECT 'abc", "queries/ours.sql does not parse: a quote or comment is not closed"),
        ("", "queries/ours.sql must be one SELECT statement, got none."),
        ("-- nothing", "queries/ours.sql must be one SELECT statement, got none."),
        ("SELECT 1; SELECT 2", "must be one SELECT statement, got SELECT, SELECT."),
        ("DROP TABLE houses", "must be one SELECT statement, got DROP."),
        ("INSERT INTO houses SELECT 1", "must be one SELECT statement, got INSERT."),
        ("SHOW TABLES", "must be one SELECT statement, got SHOW."),
        ("SELECT ${tabel} FROM ${table}", "the only placeholder is ${table}, got ${tabel}."),
        ("SELECT * FROM ${table} WHERE rooms > 99", "returned no rows from housing.houses."),
        ("SELECT city, City FROM ${table}", "returns the column 'city' 2 times."),
        ("SELECT roms FROM ${table}", "there is no column 'roms'.\nhousing.houses has city, rooms"),
        ('SELECT h."a""b" FROM ${table} h', "there is no column 'a\"b'."),
        ("SELECT x FROM other.prices", "there is no column 'x'.\nother.prices has city, index."),
        ("SELECT x FROM (VALUES 1) v(y)", "no column 'x'.\nThe query reads no table; write FROM"),
        ("SELECT x", "there is no column 'x'.\nThe query reads no table"),
        ("SELECT no_such(city) FROM ${table}", "ours.sql, line 1: Athena has no function no_such."),
        (
            "SELECT CAST(city AS integer) AS x FROM houses",
            "failed: Cannot cast 'Oakland' to integer.",
        ),
        ("SELECT * FROM prices", "queries/ours.sql: the table is housing.prices, which the"),
        ("SELECT * FROM houses, other.price", "the table is other.price, which the local lake"),
    ],
)
def test_what_is_wrong_with_the_query_is_said_in_two_lines(refusal, query, expected):
    assert expected in refusal(query)


@pytest.mark.usefixtures("lake")
def test_an_unknown_table_is_named_with_its_field_and_what_the_lake_has(refusal):
    arguments = ["--database", "housing", "--table", "hoses"]
    assert refusal("SELECT * FROM ${table}", arguments).splitlines() == [
        "conf/pipeline.yaml: data.table is housing.hoses, which the local lake does not have.",
        "It has housing.houses, other.prices. Add it with `pipeline data add FILE`, or correct the "
        "name.",
    ]


def test_an_empty_lake_says_so(refusal, tmp_path, monkeypatch):
    monkeypatch.setenv("LAKE_URI", str(tmp_path / "absent"))
    assert "It has no tables." in refusal("SELECT * FROM ${table}")


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize("option", ["--database", "--table"])
@pytest.mark.parametrize("name", ['x" UNION SELECT 1 --', "1x", "a.b", "a/b", "größe", ""])
def test_names_that_need_quoting_are_refused(refusal, option, name):
    arguments = [*ARGUMENTS, f"{option}={name}"]
    field = f"conf/pipeline.yaml: data.{option[2:]} must be letters, digits"
    assert field in refusal("SELECT * FROM ${table}", arguments)


@pytest.mark.usefixtures("lake")
def test_a_hyphen_is_a_databases_alone(refusal):
    """It is the query's context; a table's name is part of the query."""
    query = "SELECT * FROM ${table}"
    assert "data.table must be" in refusal(query, [*ARGUMENTS, "--table=a-b"])
    said = refusal(query, [*ARGUMENTS, "--database=my-lake"])
    assert "is my-lake." in said and "which the local lake does not have" in said


@pytest.mark.usefixtures("lake")
def test_two_queries_below_the_address_of_one_are_refused(run, tmp_path):
    (tmp_path / "ml/processing/input/query/other.sql").write_text("SELECT 1", encoding="utf-8")
    with pytest.raises(JobError) as refused:
        run("SELECT * FROM ${table}")
    rule, remedy = str(refused.value).splitlines()
    assert rule == "The query's folder in S3 must hold one .sql file, got abc.sql, other.sql."
    assert "QueryUri" in remedy


@pytest.mark.usefixtures("lake")
def test_a_query_that_no_project_has_stored_is_called_by_its_own_name(run):
    with pytest.raises(JobError, match=r"^abc\.sql returned no rows from "):
        run("SELECT * FROM ${table} WHERE 1 = 2", name="")
