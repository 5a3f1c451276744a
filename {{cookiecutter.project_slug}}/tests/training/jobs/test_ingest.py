from __future__ import annotations

import inspect
import json
import os
import sys
from decimal import Decimal
from types import ModuleType, SimpleNamespace

import awswrangler
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from pipelines.training.jobs.errors import JobError
from pipelines.training.jobs.ingest import ingest
from pipelines.training.jobs.ingest_lake import lake_folder

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
    """Stand in for awswrangler; returns what it was asked and what it will answer."""
    asked = SimpleNamespace(calls=[], answer=pd.DataFrame({"a": [Decimal("1.5")]}), error=None)

    def read_sql_query(sql, **options):
        asked.calls.append((sql, options))
        if asked.error:
            raise asked.error
        return asked.answer

    wrangler = ModuleType("awswrangler")
    wrangler.athena = SimpleNamespace(read_sql_query=read_sql_query)
    wrangler.exceptions = SimpleNamespace(QueryFailed=type("QueryFailed", (Exception,), {}))
    monkeypatch.setitem(sys.modules, "awswrangler", wrangler)
    monkeypatch.delenv("LAKE_URI", raising=False)
    output = {"OutputName": "data", "S3Output": {"S3Uri": "s3://bucket/run-1/ingest"}}
    configuration = tmp_path / "ml/config/processingjobconfig.json"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.write_text(json.dumps({"ProcessingOutputConfig": {"Outputs": [output]}}))
    asked.query_failed = wrangler.exceptions.QueryFailed
    return asked


def test_without_a_lake_athena_unloads_below_the_executions_prefix(athena, run):
    rows = run("SELECT * FROM ${table}")
    assert rows.to_dict("list") == {"a": [1.5]}
    assert rows["a"].dtype == "float64"
    assert athena.calls == [
        (
            'SELECT * FROM "houses"',
            {
                "database": "housing",
                "workgroup": "w",
                "s3_output": "s3://bucket/run-1/ingest-unload",
                "unload_approach": True,
                "ctas_approach": False,
            },
        )
    ]


def test_the_options_given_to_awswrangler_are_some_of_its_own():
    own = set(inspect.signature(awswrangler.athena.read_sql_query).parameters)
    assert own >= {"sql", "database", "workgroup", "s3_output", "unload_approach", "ctas_approach"}
    assert issubclass(awswrangler.exceptions.QueryFailed, Exception)


def test_what_athena_refuses_is_the_users_to_mend(athena, refusal):
    athena.error = athena.query_failed("COLUMN_NOT_FOUND: line 1:8\nmore")
    assert "failed in Athena: COLUMN_NOT_FOUND: line 1:8\n" in refusal("SELECT x FROM ${table}")
    athena.error = ClientError(
        {"Error": {"Code": "InvalidRequestException", "Message": "mismatched input 'FRM'"}},
        "StartQueryExecution",
    )
    assert "mismatched input 'FRM'" in refusal("SELECT * FRM ${table}")


def test_what_aws_denies_is_not_taken_for_a_mistake_in_the_query(athena, run):
    athena.error = ClientError({"Error": {"Code": "AccessDeniedException"}}, "StartQueryExecution")
    with pytest.raises(ClientError):
        run("SELECT * FROM ${table}")


def test_an_empty_answer_of_athena_is_refused_too(athena, refusal):
    athena.answer = pd.DataFrame({"a": pa.array([], pa.int64()).to_pandas()})
    assert "returned no rows" in refusal("SELECT * FROM ${table}")


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
