"""`data.source` and its settings in the definition."""

from __future__ import annotations

import json
from datetime import date

import pytest

from sagetabular.aws.deployment import Deployment, start_parameters
from sagetabular.compiling.checks import check_values, find_limits
from sagetabular.errors import UserError
from sagetabular.project import find_project

PIPELINE, AWS = "conf/pipeline.yaml", "conf/aws.yaml"
URI = "s3://bucket/sales/2026/"


@pytest.fixture
def files(example):
    """The example with files in place of a table, and without a query."""
    for name in ("database", "table"):
        example.change(PIPELINE, f"data.{name}", remove=True)
    example.change(PIPELINE, "data.source", "s3")
    example.change(PIPELINE, "data.uri", URI)
    (example.root / "queries/ingest.sql").unlink()
    return example


def ingest_of(example):
    (step,) = [step for step in example.definition()["Steps"] if step["Name"] == "Ingest"]
    return step


def defaults(example):
    parameters = example.definition()["Parameters"]
    return {entry["Name"]: entry.get("DefaultValue") for entry in parameters}


def test_files_are_an_input_of_an_isolated_job(files):
    request = ingest_of(files)["Arguments"]
    (entry,) = [each for each in request["ProcessingInputs"] if each["InputName"] == "files"]
    assert entry["S3Input"]["S3Uri"] == {"Get": "Parameters.DataUri"}
    assert entry["S3Input"]["S3DataType"] == "S3Prefix"
    application = request["AppSpecification"]
    assert application["ContainerEntrypoint"][-1] == "sagetabular.jobs.ingest_files"
    assert application["ContainerArguments"] == ["--version", {"Get": "Parameters.DataVersion"}]
    assert request["NetworkConfig"]["EnableNetworkIsolation"] is True


def test_with_files_nothing_of_athena_is_left(files):
    names = defaults(files)
    assert names["DataUri"] == URI
    assert not {"Database", "Table", "Workgroup", "QueryUri"} & {*names}
    assert not [key for key in files.compile().assets.objects() if key.startswith("queries/")]


def test_what_is_logged_of_an_execution_says_which_files_were_read(files):
    files.change(PIPELINE, "tracking", "mlflow")
    (step,) = [step for step in files.definition()["Steps"] if step["Name"] == "Track"]
    logged = step["Arguments"]["AppSpecification"]["ContainerArguments"]
    prefix = ["DataUri=", {"Get": "Parameters.DataUri"}]
    assert {"Std:Join": {"On": "", "Values": prefix}} in logged


def test_with_athena_there_is_no_prefix(example):
    assert "DataUri" not in defaults(example)


def test_the_prefix_can_come_from_the_environment(files):
    files.change(PIPELINE, "data.uri", remove=True)
    files.change(AWS, "environment.DataUri", "SALES_URI")
    assert defaults(files)["DataUri"] is None


def test_a_prefix_that_nobody_names_is_missing(files, mistake_of):
    files.change(PIPELINE, "data.uri", remove=True)
    assert mistake_of(files) == (
        "conf/pipeline.yaml: data.uri is missing, and conf/aws.yaml names no variable for it.",
        "Add `uri: s3://<bucket>/<prefix>`, or `DataUri` under environment.",
    )


def test_on_aws_the_prefix_is_taken_from_the_environment_and_no_query_is_named(files):
    files.change(PIPELINE, "data.uri", remove=True)
    files.change(AWS, "environment", {"DataUri": "SALES_URI"})
    names = ("RoleArn", "Bucket", "ImageUri", "JobsImageUri", "TrackingUri")
    deployment = Deployment(
        "eu-west-1", "p", given=dict.fromkeys(names, "x"), environment={"SALES_URI": URI}
    )
    values = start_parameters(find_project(files.root), deployment, files.compile())
    assert values["DataUri"] == URI
    assert "QueryUri" not in values


def test_on_aws_a_folder_is_no_prefix(files):
    limits = {"DataUri": find_limits(files.definition())["DataUri"]}
    check_values(limits, {"DataUri": "s3://other/sales"})
    with pytest.raises(UserError, match="Parameter DataUri must match "):
        check_values(limits, {"DataUri": "data/sales"})


@pytest.mark.parametrize("source", ["athena", "files"])
def test_ingest_is_reused_only_for_a_version_of_the_data(request, source):
    project = request.getfixturevalue("example" if source == "athena" else "files")
    assert "CacheConfig" not in ingest_of(project)
    project.change(PIPELINE, "data.version", "2026-11")
    assert ingest_of(project)["CacheConfig"]["Enabled"] is True
    assert defaults(project)["DataVersion"] == "2026-11"


def test_values_travel_beside_the_query_under_a_key_of_their_content(example):
    before = example.compile()
    (example.root / "queries/ingest.sql").write_text("SELECT * FROM ${table} WHERE a > :a\n")
    example.change(PIPELINE, "data.parameters", {"a": 0.1})
    one = example.compile()
    example.change(PIPELINE, "data.parameters", {"a": date(2026, 1, 2)})
    other = example.compile()
    keys = {compiled.assets.query.key for compiled in (before, one, other)}
    assert len(keys) == 3
    assert json.loads(one.assets.query.files["parameters.json"]) == {"a": ["Decimal", "0.1"]}
    assert json.loads(other.assets.query.files["parameters.json"]) == {"a": ["date", "2026-01-02"]}
    assert before.definition == one.definition == other.definition


def test_a_value_that_the_query_needs_is_missing_before_anything_runs(example, mistake_of):
    (example.root / "queries/ingest.sql").write_text("SELECT * FROM ${table} WHERE a > :since\n")
    assert mistake_of(example) == (
        "queries/ingest.sql: the parameter :since has no value.",
        "Write `since: VALUE` under data.parameters in conf/pipeline.yaml.",
    )


def test_of_several_queries_the_one_that_is_wrong_is_named(example, mistake_of):
    example.write("queries/rents.sql", "SELECT * FROM ${table} WHERE a > :since\n")
    example.change(PIPELINE, "data.query", "queries/rents.sql")
    assert mistake_of(example)[0] == "queries/rents.sql: the parameter :since has no value."
    example.change(PIPELINE, "data.parameters", {"since": 1, "until": 2})
    assert mistake_of(example)[0] == (
        "conf/pipeline.yaml: data.parameters.until is not used in queries/rents.sql."
    )


def test_a_query_in_another_encoding_is_refused(example, mistake_of):
    (example.root / "queries/ingest.sql").write_bytes("SELECT 'Zürich'".encode("latin-1"))
    assert mistake_of(example) == ("queries/ingest.sql: is not UTF-8 text.", "Save it as UTF-8.")


@pytest.mark.parametrize(
    ("key", "argument"),
    [("OUTPUT_KEY", {"Get": "Parameters.OutputKmsKeyId"}), ("alias/jobs", "alias/jobs")],
)
def test_athena_encrypts_with_the_accounts_key(example, key, argument):
    plain = ingest_of(example)["Arguments"]["AppSpecification"]["ContainerArguments"]
    assert "--kms-key" not in plain
    example.change(AWS, "encryption", {"output_key": key})
    arguments = ingest_of(example)["Arguments"]["AppSpecification"]["ContainerArguments"]
    assert arguments[arguments.index("--kms-key") + 1] == argument


# Trino's list of functions, its grammar, its rules for aliases, and its Hive connector's for names.
REFUSED_QUERIES = {
    "SELECT a FRM ${table} x y": "queries/ingest.sql does not parse: line 1, near",
    "SELECT *,\n median(a) AS m\nFROM ${table}": "ingest.sql, line 2: Athena has no function",
    "SELECT *, a::double AS d FROM ${table}": "queries/ingest.sql, line 1: :: is not Athena's SQL.",
    "SELECT a / 2 AS b FROM ${table} WHERE b > 1": "line 1: the alias b cannot be used in WHERE.",
    "SELECT count(*) FROM ${table}": "line 1: every column of the result must have a name",
    "SELECT *, now() AS t FROM ${table}": "got timestamp with time zone in 't'.",
    "SELECT *, 1 || 'a' AS t FROM ${table}": "needs varchar, got 1 of type integer.",
    "SELECT * FROM read_csv('/etc/hostname')": "must read tables of the database",
    'SELECT a AS "b, c" FROM ${table}': "whose name has a comma, got 'b, c'.",
}


def refusal_of(example):
    with pytest.raises(UserError) as caught:
        example.compile()
    rule, remedy = str(caught.value).splitlines()
    return rule, remedy


@pytest.mark.parametrize("query", REFUSED_QUERIES)
def test_what_athena_would_refuse_of_a_query_is_refused_before_a_job_starts(example, query):
    example.write("queries/ingest.sql", query)
    rule, remedy = refusal_of(example)
    assert REFUSED_QUERIES[query] in rule
    assert remedy.endswith(".")


@pytest.fixture
def sourced(example):
    """Give the example another source of its rows."""

    def sourced(source):
        example.change(PIPELINE, "data.source", source)
        example.change(PIPELINE, "data.columns.garden", "number")
        return example

    return sourced


def test_the_query_of_a_flow_is_checked_too(sourced):
    example = sourced("data_wrangler")
    example.write("queries/ingest.sql", "SELECT *,\nmedian(area) AS m FROM ${table}")
    assert refusal_of(example)[0] == "queries/ingest.sql, line 2: Athena has no function median."


def test_what_only_the_local_lake_lacks_compiles(example):
    example.write(
        "queries/ingest.sql",
        "SELECT *, json_extract_scalar(district, '$.a') AS j, transform(ARRAY[1], x -> x + 1)[1] "
        "AS k, approx_percentile(area, 0.5) OVER () AS m, area / nullif(rooms, 0) AS r "
        "FROM ${table} TABLESAMPLE BERNOULLI (10) WHERE regexp_like(district, '^n') "
        "GROUP BY GROUPING SETS ((area), (rooms)) FETCH FIRST 3 ROWS ONLY",
    )
    assert ingest_of(example)


@pytest.mark.parametrize("source", ["athena", "data_wrangler"])
def test_a_query_with_a_byte_order_mark_is_the_query_without(sourced, source):
    example = sourced(source)
    plain = example.compile()
    text = (example.root / "queries/ingest.sql").read_bytes()
    (example.root / "queries/ingest.sql").write_bytes(b"\xef\xbb\xbf" + text)
    marked = example.compile()
    assert marked.assets.objects() == plain.assets.objects()
    assert marked.definition == plain.definition


@pytest.mark.parametrize(("name", "sign"), [("size, m2", "a comma"), ("size ", "a blank at an")])
def test_a_column_that_athena_cannot_have_is_refused_by_its_name(example, name, sign):
    example.change(PIPELINE, "data.columns", {"price": "number", "area": "number", name: "number"})
    rule, remedy = refusal_of(example)
    assert rule.startswith(
        "conf/pipeline.yaml: data.columns: Athena takes no column whose name has"
    )
    assert sign in rule and repr(name) in rule
    assert "source: s3" in remedy
