"""Ingest from Athena: what awswrangler is asked, and what becomes of its answers."""

from __future__ import annotations

import contextlib
import inspect
import os
from datetime import date
from decimal import Decimal

import awswrangler
import pandas as pd
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from ingesting import ARGUMENTS

from sagetabular.jobs.errors import JobError

AWSWRANGLERS_OWN = awswrangler.athena.read_sql_query


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
                "boto3_session": athena.calls[0][1]["boto3_session"],
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
def test_what_athena_refuses_is_the_users_to_fix(athena, refusal, error, expected):
    athena.error = error
    text = refusal("SELECT x FROM ${table}")
    assert text.startswith("queries/ours.sql failed in Athena: ")
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
def test_a_prefix_that_may_not_be_cleaned_is_told_in_two_lines_too(refusal):
    denied = ClientError({"Error": {"Code": "AccessDenied"}}, "ListObjectsV2")
    awswrangler.s3.delete_objects.side_effect = denied
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
