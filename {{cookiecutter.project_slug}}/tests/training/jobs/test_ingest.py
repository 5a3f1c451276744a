from __future__ import annotations

import contextlib
import inspect
import json
import os
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import awswrangler
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from pipelines.training.jobs.errors import JobError
from pipelines.training.jobs.ingest import ingest
from pipelines.training.jobs.ingest_lake import lake_folder
from pipelines.training.jobs.ingest_query import (
    PARAMETERS_FILE,
    check_placeholders,
    query_parameters,
    without_end,
    written_parameters,
)

AWSWRANGLERS_OWN = awswrangler.athena.read_sql_query
HOUSES = pd.DataFrame(
    {
        "city": ["Oakland", "Fresno", "Oakland", "Eureka"],
        "rooms": [10, 4, 6, 2],
        "price": [3.5, 1.0, 2.5, None],
        "sold": pd.to_datetime(["2026-01-31", "2026-02-01", "2026-02-28", "2025-12-31"]),
        'a "größe" b': [1, 2, 3, 4],
    }
)
PRICES = pd.DataFrame({"city": ["Oakland", "Fresno"], "index": [1.5, 0.5]})
ARGUMENTS = ["--database", "housing", "--table", "houses", "--workgroup", "w", "--version", "7"]


@pytest.fixture
def lake(tmp_path, monkeypatch):
    root = tmp_path / "the [lake]'s {x}"
    for name, frame in (("housing/houses", HOUSES), ("other/prices", PRICES)):
        (root / name).mkdir(parents=True)
        for start in range(0, len(frame), 3):
            frame.iloc[start : start + 3].to_parquet(root / name / f"part-{start}.parquet")
    monkeypatch.setenv("LAKE_URI", str(root))
    return root


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the job on a query; return the rows it wrote."""
    base = tmp_path / "ml"
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(base))
    (base / "processing/input/query").mkdir(parents=True)

    def run(query, arguments=ARGUMENTS):
        (base / "processing/input/query/abc.sql").write_text(query, encoding="utf-8")
        ingest(arguments)
        return pq.read_table(base / "processing/output/data/data.parquet").to_pandas()

    return run


@pytest.fixture
def given(tmp_path):
    """Give the query's parameters values."""

    def given(values):
        file = tmp_path / "ml/processing/input/query/parameters.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(written_parameters(values))

    return given


@pytest.fixture
def refusal(run, tmp_path):
    def refusal(query, arguments=ARGUMENTS):
        with pytest.raises(JobError) as caught:
            run(query, arguments)
        assert not (tmp_path / "ml/processing/output/data/data.parquet").exists()
        text = str(caught.value)
        assert len(text.splitlines()) == 2
        return text

    return refusal


@pytest.mark.usefixtures("lake")
def test_a_select_of_everything_gives_the_table_back(run):
    rows = run("-- the rows of ${table}\nSELECT * FROM ${table} WHERE rooms > 0;\n")
    pd.testing.assert_frame_equal(rows, HOUSES, check_dtype=False)


@pytest.mark.usefixtures("lake")
def test_athenas_sql_runs_on_the_lake(run):
    rows = run(
        """
        WITH recent AS (
            SELECT city, rooms, price, "a ""größe"" b" AS size,
                   date_diff('day', DATE '2026-01-01', CAST(sold AS date)) AS days,
                   row_number() OVER (PARTITION BY city ORDER BY sold DESC) AS place
            FROM ${table}
            WHERE regexp_like(city, '^[OF]')
        )
        SELECT r.city, sum(r.rooms) AS Rooms, max_by(r.price, r.days) AS "Last Price",
               count_if(r.place = 1) AS latest, min(r.days) AS first_day,
               element_at(array_agg(r.size ORDER BY r.size), 1) AS smallest,
               date_format(date_trunc('month', TIMESTAMP '2026-03-31 01:02:03'), '%Y-%m') AS month,
               try_cast(r.city AS integer) AS nothing, if(p."index" > 1, 'high', 'low') AS level
        FROM recent r
        JOIN awsdatacatalog.other.prices p ON p.city = r.city
        GROUP BY r.city, p."index"
        ORDER BY r.city
        """
    )
    assert rows.drop(columns="nothing").to_dict("list") == {
        "city": ["Fresno", "Oakland"],
        "rooms": [4, 16],
        "last price": [1.0, 2.5],
        "latest": [1, 1],
        "first_day": [31, 30],
        "smallest": [2, 1],
        "month": ["2026-03", "2026-03"],
        "level": ["low", "high"],
    }
    assert rows["nothing"].isna().all()


@pytest.mark.usefixtures("lake")
def test_names_are_not_case_sensitive_and_come_back_in_lower_case(run):
    rows = run('SELECT City, ROOMS AS "RoOms", "A ""größe"" b" FROM HOUSES')
    assert list(rows.columns) == ["city", "rooms", 'a "größe" b']


@pytest.mark.usefixtures("lake")
def test_exact_decimals_arrive_as_numbers(run):
    rows = run("SELECT CAST(rooms AS decimal(10, 2)) / 4 AS quarter FROM ${table}")
    assert rows["quarter"].tolist() == [2.5, 1.0, 1.5, 0.5]
    assert rows["quarter"].dtype == "float64"


@pytest.mark.usefixtures("lake")
def test_whole_numbers_divide_as_in_athena(run):
    rows = run("SELECT -7 / 2 AS w, 7 / 2 / 2 AS x, 7 / 2.0 AS y, rooms / 4 AS z FROM ${table}")
    assert rows.iloc[0].to_dict() == {"w": -3, "x": 1, "y": 3.5, "z": 2}


@pytest.mark.usefixtures("lake")
def test_whole_numbers_beside_nulls_stay_whole(run, tmp_path):
    run("SELECT nullif(9007199254740993, rooms) AS big, nullif(rooms, 4) AS rooms FROM ${table}")
    rows = pq.read_table(tmp_path / "ml/processing/output/data/data.parquet")
    assert rows["big"].to_pylist() == [9007199254740993] * 4
    assert rows["rooms"].to_pylist() == [10, None, 6, 2]


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
        ("SELECT :other FROM ${table}", "queries/ingest.sql: the parameter :other has no value.\n"),
        ("SELECT 1 AS x FROM ${table}", "data.parameters.v is not used in queries/ingest.sql.\n"),
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


@pytest.mark.usefixtures("lake")
def test_a_comment_may_stand_after_the_semicolon(run):
    assert len(run("SELECT * FROM ${table}; -- all of them\n")) == 4


def test_what_only_looks_like_a_parameter_is_none():
    check_placeholders("SELECT '12:30', \"a:b\", x::integer -- it's :no\n/* :no */ FROM t", [])


@pytest.mark.parametrize("value", ["O'Hara :x", True, False, 3, Decimal("-0.10"), date(2026, 1, 2)])
def test_values_survive_their_file(tmp_path, value):
    (tmp_path / PARAMETERS_FILE).write_bytes(written_parameters({"v": value}))
    (found,) = query_parameters(tmp_path).values()
    assert (type(found), found) == (type(value), value)


def test_a_file_uri_names_the_lake(lake, run, monkeypatch):
    monkeypatch.setenv("LAKE_URI", lake.as_uri())
    assert len(run("SELECT city FROM ${table}")) == 4


def test_another_uri_is_refused():
    with pytest.raises(JobError, match="LAKE_URI must be a folder or a file:// URI, got 's3://b'"):
        lake_folder("s3://b")


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT * FRM t", "queries/ingest.sql does not parse: line 1, near 't'"),
        ("SELECT city FROM", "queries/ingest.sql does not parse: line 1, near 'FROM'"),
        ("SELECT 'abc", "queries/ingest.sql does not parse: a quote or comment is not closed"),
        ("", "queries/ingest.sql must be one SELECT statement, got none."),
        ("-- nothing", "queries/ingest.sql must be one SELECT statement, got none."),
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
        ("SELECT x", "queries/ingest.sql failed: Binder Error"),
        ("SELECT no_such(city) FROM ${table}", "queries/ingest.sql failed: Catalog Error"),
        ("SELECT CAST(city AS integer) FROM ${table}", "queries/ingest.sql failed: Conversion"),
        ("SELECT * FROM prices", "queries/ingest.sql: the table is housing.prices, which the"),
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
@pytest.mark.parametrize("name", ['x" UNION SELECT 1 --', "1x", "a-b", "größe", ""])
def test_names_that_need_quoting_are_refused(refusal, option, name):
    arguments = [*ARGUMENTS, f"{option}={name}"]
    field = f"conf/pipeline.yaml: data.{option[2:]} must be letters, digits and underscores"
    assert field in refusal("SELECT * FROM ${table}", arguments)


@pytest.mark.usefixtures("lake")
def test_two_queries_in_the_input_are_our_mistake(run, tmp_path):
    (tmp_path / "ml/processing/input/query/other.sql").write_text("SELECT 1", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=r"must hold one \.sql file"):
        run("SELECT * FROM ${table}")


@pytest.fixture
def athena(monkeypatch, tmp_path):
    """Stand in for the calls of awswrangler; returns what it was asked and what it will answer."""
    answer = pd.DataFrame({"A": pd.array([Decimal("1.5")], pd.ArrowDtype(pa.decimal128(5, 2)))})
    asked = SimpleNamespace(calls=[], cleaned=[], answer=answer, error=None)

    def read_sql_query(sql, **options):
        asked.calls.append((sql, options))
        if asked.error:
            raise asked.error
        return asked.answer

    monkeypatch.setattr(awswrangler.athena, "read_sql_query", read_sql_query)
    monkeypatch.setattr(awswrangler.s3, "delete_objects", asked.cleaned.append)
    monkeypatch.delenv("LAKE_URI", raising=False)
    output = {"OutputName": "data", "S3Output": {"S3Uri": "s3://bucket/run-1/ingest"}}
    configuration = tmp_path / "ml/config/processingjobconfig.json"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.write_text(json.dumps({"ProcessingOutputConfig": {"Outputs": [output]}}))
    return asked


def test_without_a_lake_athena_unloads_below_the_executions_prefix(athena, run):
    rows = run("SELECT * FROM ${table};\n\n")
    assert rows.to_dict("list") == {"a": [1.5]}
    assert rows["a"].dtype == "float64"
    assert athena.calls == [
        (
            'SELECT * FROM "houses"',
            {
                "database": "housing",
                "workgroup": "w",
                "s3_output": "s3://bucket/run-1/ingest-unload/",
                "unload_approach": True,
                "ctas_approach": False,
                "keep_files": False,
                "params": {},
                "dtype_backend": "pyarrow",
            },
        )
    ]


def test_the_accounts_key_encrypts_what_athena_writes(athena, run):
    run("SELECT * FROM ${table}", [*ARGUMENTS, "--kms-key", "alias/ours"])
    (_, options) = athena.calls[0]
    assert (options["encryption"], options["kms_key"]) == ("SSE_KMS", "alias/ours")


def test_values_go_to_athena_as_they_are_for_the_library_to_quote(athena, run, given):
    given({"since": date(2026, 1, 2), "rate": Decimal("0.1"), "name": "O'Hara", "n": 3, "b": True})
    run("SELECT :since, :rate, :name, :n, :b FROM ${table}")
    assert athena.calls[0][1]["params"] == {
        "since": date(2026, 1, 2), "rate": Decimal("0.1"), "name": "O'Hara", "n": 3, "b": True,
    }  # fmt: skip


def test_the_options_given_to_awswrangler_are_some_of_its_own(athena, run):
    signature = inspect.signature(AWSWRANGLERS_OWN)
    run("SELECT * FROM ${table}", [*ARGUMENTS, "--kms-key", "k"])
    (_, options) = athena.calls[0]
    assert {*options} <= {*signature.parameters}


def failures():
    refused = {"Error": {"Code": "InvalidRequestException", "Message": "WorkGroup is not found"}}
    named = awswrangler.exceptions
    return [
        (named.QueryFailed("COLUMN_NOT_FOUND: line 1:8\nmore"), "COLUMN_NOT_FOUND: line 1:8\n"),
        (named.InvalidArgumentValue("mismatched input 'FRM'"), "mismatched input 'FRM'\n"),
        (ClientError(refused, "GetWorkGroup"), "WorkGroup is not found\n"),
    ]


@pytest.mark.parametrize(("error", "expected"), failures())
def test_what_athena_refuses_is_the_users_to_mend(athena, refusal, error, expected):
    athena.error = error
    text = refusal("SELECT x FROM ${table}")
    assert text.startswith("queries/ingest.sql failed in Athena: ")
    assert expected in text


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_what_aws_denies_is_not_taken_for_a_mistake_in_the_query(athena, refusal, code):
    denied = {"Error": {"Code": code, "Message": "r may not athena:StartQueryExecution"}}
    athena.error = ClientError(denied, "StartQueryExecution")
    assert refusal("SELECT * FROM ${table}").splitlines() == [
        f"The job's role may not read with Athena: An error occurred ({code}) when calling the "
        "StartQueryExecution operation: r may not athena:StartQueryExecution.",
        "Allow it; `pipeline doctor --on aws` lists what the role lacks.",
    ]


@pytest.mark.usefixtures("athena")
def test_a_prefix_that_may_not_be_cleaned_is_told_in_two_lines_too(refusal, monkeypatch):
    def delete_objects(_path):
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "ListObjectsV2")

    monkeypatch.setattr(awswrangler.s3, "delete_objects", delete_objects)
    assert "may not read with Athena: An error occurred (AccessDenied) when calling the List" in (
        refusal("SELECT * FROM ${table}")
    )


def test_a_service_that_fails_is_no_mistake_of_anybody(athena, run):
    athena.error = ClientError({"Error": {"Code": "InternalServerException"}}, "GetWorkGroup")
    with pytest.raises(ClientError):
        run("SELECT * FROM ${table}")


def test_an_empty_answer_of_athena_is_refused_too(athena, refusal):
    athena.answer = pd.DataFrame({"a": pa.array([], pa.int64()).to_pandas()})
    assert "returned no rows" in refusal("SELECT * FROM ${table}")
    athena.error = awswrangler.exceptions.EmptyDataFrame("Query would return untyped, empty")
    assert "returned no rows" in refusal("SELECT * FROM ${table}")


@pytest.mark.parametrize("error", [None, *[error for error, _ in failures()], OSError("net")])
def test_what_athena_left_is_removed_before_and_after_however_it_ends(athena, run, error):
    athena.error = error
    with contextlib.suppress(JobError, OSError):
        run("SELECT * FROM ${table}")
    assert athena.cleaned == ["s3://bucket/run-1/ingest-unload/"] * 2


@pytest.mark.parametrize("given", [None, "us-east-2"])
def test_the_region_that_sagemaker_gives_a_job_is_used_unless_another_is_set(
    athena, run, monkeypatch, given
):
    monkeypatch.setenv("AWS_DEFAULT_REGION", given or "x")
    if given is None:
        monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    run("SELECT 1 AS a")
    assert os.environ["AWS_DEFAULT_REGION"] == (given or "eu-west-1")
    assert len(athena.calls) == 1
