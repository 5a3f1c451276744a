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
