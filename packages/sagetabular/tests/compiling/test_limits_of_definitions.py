"""Limits of a whole definition, and of texts that are put together from parts."""

from __future__ import annotations

import boto3

from sagetabular.compiling.checks import definition_problems


def test_a_pattern_is_checked_in_text_that_is_put_together(definition, parts_of):
    bucket = {"Get": "Parameters.Bucket"}
    for first, problems in (("s3://", 0), ("s4://", 1)):
        text = {"Std:Join": {"On": "", "Values": [first, bucket, "/x"]}}
        parts_of(definition).fit["OutputDataConfig"]["S3OutputPath"] = text
        assert len(definition_problems(definition)) == problems
    assert "FitRidge.OutputDataConfig.S3OutputPath must match" in definition_problems(definition)[0]


def test_a_joined_text_counts_what_its_parameters_have_by_default(definition, parts_of):
    parts = parts_of(definition)
    parts.parameters["Prefix"]["DefaultValue"] = "p" * 1023
    assert any("may have 1024 characters" in one for one in definition_problems(definition))


def test_a_definition_beyond_a_megabyte_is_refused(definition):
    step = {"Name": "Long", "Type": "Fail", "Arguments": {"ErrorMessage": "x" * 2**20}}
    definition["Steps"].append(step)
    (problem,) = definition_problems(definition)
    assert problem.startswith("the definition may be at most 1048576 characters, got 1")


def test_more_parameters_than_a_start_can_give_are_refused(definition, parts_of):
    names = [f"P{number}" for number in range(201)]
    definition["Parameters"] += [{"Name": n, "Type": "String", "DefaultValue": "1"} for n in names]
    parts_of(definition).fit["Environment"] |= {
        f"E{n}": {"Get": f"Parameters.{n}"} for n in names[:60]
    }
    problems = definition_problems(definition)
    assert any(one.startswith("the list of parameters may be at most 200 ") for one in problems)


def test_boto3_knows_the_shapes_that_names_are_held_to():
    client = boto3.client(
        "sagemaker", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    for name in ("StepName", "PipelineParameterName", "PipelineDefinition", "ParameterList"):
        assert client.meta.service_model.shape_for(name).metadata["max"]
