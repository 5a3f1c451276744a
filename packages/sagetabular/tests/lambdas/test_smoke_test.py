"""Lambda `smoke_test`: what it asks, and which answers pass."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from answered_calls import AnsweredCalls, job

from sagetabular.lambdas.smoke_test import (
    NotReadyError,
    Sample,
    SmokeTestError,
    handler,
    read_answer,
    read_lines,
)

ENDPOINT = "sagemaker-housing-dev"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/housing-dev/3"
FOLDER = "s3://artefacts/housing/executions/x"
# Of SageMaker's statistics and of our manifest: what jobs/rows/baseline.py and
# jobs/models/manifest.py write.
STATISTICS = {
    "version": 0,
    "features": [
        {
            "name": "rooms",
            "inferred_type": "Fractional",
            "numerical_statistics": {"min": -1.5, "max": 20, "mean": 6},
        },
        {
            "name": "town, or village",
            "inferred_type": "String",
            "string_statistics": {
                "distribution": {
                    "categorical": {
                        "buckets": [
                            {"value": 'so, "far"', "count": 2},
                            {"value": "here", "count": 90},
                        ]
                    }
                }
            },
        },
        {"name": "gone", "inferred_type": "Fractional", "numerical_statistics": {"min": None}},
    ],
}
MANIFEST = {
    "features": ["rooms", "town, or village", "gone"],
    "typical": {"rooms": 5.5, "town, or village": "here", "gone": None},
    "classes": [],
}
ROWS = [["5.5", "here", ""], ["-1.5", 'so, "far"', ""], ["20", "here", ""], ["5.5", "here", ""]]
CLASSES = ["no", "yes"]
BATCH = {
    "Hosting": "batch",
    "EndpointName": ENDPOINT,
    "ModelName": "Model-x",
    "InstanceType": "ml.m5.large",
    "Bucket": "artefacts",
}


def described(*, baseline: bool = True) -> dict[str, Any]:
    """The version, with where its evaluation and its baseline lie."""
    metrics: dict[str, Any] = {
        "ModelQuality": {
            "Statistics": {"ContentType": "x", "S3Uri": f"{FOLDER}/evaluate/evaluation.json"}
        }
    }
    if baseline:
        uri = f"{FOLDER}/baseline/statistics.json"
        metrics["ModelDataQuality"] = {"Statistics": {"ContentType": "x", "S3Uri": uri}}
    return {"ModelPackageArn": PACKAGE, "ModelMetrics": metrics}


def put_down(aws: AnsweredCalls, *, classes: list[str] | None = None, status="InService") -> None:
    """An endpoint with our model behind it."""
    aws.answer(
        "DescribeEndpoint",
        {"EndpointName": ENDPOINT, "EndpointStatus": status, "EndpointConfigName": "config-x"},
    )
    variants = [{"VariantName": "AllTraffic", "ModelName": "Model-x"}]
    aws.answer("DescribeEndpointConfig", {"ProductionVariants": variants})
    aws.answer("DescribeModel", {"PrimaryContainer": {"ModelPackageName": PACKAGE}})
    aws.answer("DescribeModelPackage", described())
    manifest = MANIFEST | {"classes": classes or []}
    aws.answer("GetObject", json.dumps(manifest).encode(), json.dumps(STATISTICS).encode())


def numbers(*values: Any) -> bytes:
    return json.dumps({"predictions": [*values]}).encode()


def test_rows_come_from_beside_the_evaluation_and_are_no_rows_of_the_data(
    aws: AnsweredCalls,
) -> None:
    put_down(aws)
    aws.answer("InvokeEndpoint", numbers(1.5, 2, 3, 1.5))
    found = handler({"EndpointName": ENDPOINT}, None)
    assert found == {"passed": True, "rows": 4, "Predictions": "1.5 2.0 3.0 1.5"}
    assert [request["Key"] for request in aws.of("GetObject")] == [
        "housing/executions/x/evaluate/manifest.json",
        "housing/executions/x/baseline/statistics.json",
    ]
    (asked,) = aws.of("InvokeEndpoint")
    sent = [*csv.reader(io.StringIO(asked.pop("Body").decode()))]
    assert sent == [MANIFEST["features"], *ROWS]
    assert asked == {
        "EndpointName": ENDPOINT,
        "ContentType": "text/csv; charset=utf-8",
        "Accept": "application/json",
    }


def test_without_a_baseline_the_typical_row_is_asked_for_alone(aws: AnsweredCalls) -> None:
    put_down(aws)
    aws.forget("DescribeModelPackage")
    aws.answer("DescribeModelPackage", described(baseline=False))
    aws.answer("InvokeEndpoint", numbers(1, 1, 1, 1))
    assert handler({"EndpointName": ENDPOINT}, None)["rows"] == 4
    sent = [*csv.reader(io.StringIO(aws.of("InvokeEndpoint")[0]["Body"].decode()))]
    assert sent[1:] == [ROWS[0]] * 4


def test_a_model_of_classes_is_asked_for_probabilities(aws: AnsweredCalls) -> None:
    put_down(aws, classes=CLASSES)
    entry = {"predicted_label": "yes", "probabilities": [0.25, 0.75]}
    other = {"predicted_label": "no", "probabilities": [1, 0]}
    aws.answer("InvokeEndpoint", numbers(entry, other, entry, entry))
    found = handler({"EndpointName": ENDPOINT}, None)
    assert found["Predictions"] == "0.75 1.0 0.75 0.75"
    asked = aws.of("InvokeEndpoint")[0]
    assert asked["CustomAttributes"] == "output=predicted_label,probabilities"


SAMPLE = Sample(["rooms"], [["1"], ["2"], ["1"]], [])
OF_CLASSES = Sample(["rooms"], [["1"], ["2"], ["1"]], CLASSES)


def of_classes(label: Any = "yes", shares: Any = (0.4, 0.6)) -> bytes:
    entry = {"predicted_label": label, "probabilities": shares}
    return numbers(entry, entry, entry)


@pytest.mark.parametrize(
    ("body", "got"),
    [
        (b"<html>Bad gateway</html>", "<html>"),
        (b"", "b''"),
        (b"\xff\xfe", "xff"),
        (b"[1, 2, 1]", "JSON with `predictions`"),
        (b'{"predictions": 3}', "3 predictions, got int"),
        (b'{"predictions": "abc"}', "3 predictions, got str"),
        (numbers(1, 2), "3 predictions, got 2"),
        (numbers(1, 2, 1, 2), "3 predictions, got 4"),
        (b'{"predictions": [1, NaN, 1]}', "finite numbers, got nan"),
        (b'{"predictions": [1, -Infinity, 1]}', "finite numbers, got -inf"),
        (b'{"predictions": [1, 1e999, 1]}', "finite numbers, got inf"),
        (numbers(1, None, 1), "finite numbers, got None"),
        (numbers(1, "2", 1), "finite numbers, got 2"),
        (numbers(1, True, 1), "finite numbers, got True"),
        (numbers(1, [2], 1), r"finite numbers, got \[2\]"),
        (numbers(1, 2, 1.1), "one answer for one row, got 1 and 1.1"),
    ],
)
def test_wrong_answers_about_numbers_fail(body, got) -> None:
    with pytest.raises(SmokeTestError, match=got) as failure:
        read_answer(body, SAMPLE)
    assert len(str(failure.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("body", "got"),
    [
        (numbers("yes", "no", "yes"), "`predicted_label` and `probabilities`"),
        (of_classes(label="maybe"), "labels of no, yes, got maybe"),
        (of_classes(shares=[0.5, 0.2, 0.3]), "2 probabilities of each row"),
        (of_classes(shares=0.6), "2 probabilities of each row"),
        (of_classes(shares=[0.4, 0.7]), "whose sum is 1"),
        (of_classes(shares=[-0.1, 1.1]), "from 0 to 1"),
        (of_classes(shares=[0.4, "0.6"]), "finite numbers"),
        (of_classes().replace(b"0.6", b"NaN"), "finite numbers"),
    ],
)
def test_wrong_answers_about_classes_fail(body, got) -> None:
    with pytest.raises(SmokeTestError, match=got):
        read_answer(body, OF_CLASSES)


def test_a_negative_probability_fails_whatever_the_others_are() -> None:
    sample = Sample(["rooms"], [["1"]], ["a", "b", "c"])
    body = numbers({"predicted_label": "a", "probabilities": [0.6, -0.1, 0.5]})
    with pytest.raises(SmokeTestError, match="from 0 to 1"):
        read_answer(body, sample)


def test_right_answers_pass() -> None:
    assert read_answer(numbers(1, -2.5, 1), SAMPLE) == [1, -2.5, 1]
    assert read_answer(of_classes(shares=[1 / 3, 2 / 3]), OF_CLASSES) == [2 / 3] * 3
    assert read_lines(b"1\n-2.5\n1\n", SAMPLE) == [1, -2.5, 1]
    assert read_lines(b"yes,0.25,0.75\nno,1,0\nyes,0.25,0.75\n", OF_CLASSES) == [0.75, 1, 0.75]


@pytest.mark.parametrize(
    ("body", "sample", "got"),
    [
        (b"1\n2\n", SAMPLE, "3 lines"),
        (b"1\n\n1\n", SAMPLE, "3 lines"),
        (b"1\nnan\n1\n", SAMPLE, "finite numbers"),
        (b"1\nx\n1\n", SAMPLE, "finite numbers, got x"),
        (b"1\n2\n3\n", SAMPLE, "one answer for one row"),
        (b"no\nno\nno\n", OF_CLASSES, "2 probabilities"),
        (b"x,0,1\nno,1,0\nx,0,1\n", OF_CLASSES, "labels of"),
    ],
)
def test_wrong_lines_of_a_transform_job_fail(body, sample, got) -> None:
    with pytest.raises(SmokeTestError, match=got):
        read_lines(body, sample)


def test_a_refusal_tells_what_the_model_says(aws: AnsweredCalls) -> None:
    put_down(aws)
    more = {"OriginalStatusCode": 400, "OriginalMessage": "Column rooms: must be a number."}
    aws.answer("InvokeEndpoint", ("ModelError", "Received client error (400)", more))
    with pytest.raises(SmokeTestError, match="must answer 200, got 400: Column rooms"):
        handler({"EndpointName": ENDPOINT}, None)


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
def test_an_endpoint_that_is_being_deployed_is_asked_later(aws: AnsweredCalls, status) -> None:
    put_down(aws, status=status)
    with pytest.raises(NotReadyError, match=f"{ENDPOINT} is {status}"):
        handler({"EndpointName": ENDPOINT}, None)
    aws.answer("PutJobSuccessResult", {})
    assert handler(job({"EndpointName": ENDPOINT}), None) == {}
    (answer,) = aws.of("PutJobSuccessResult")
    assert answer["continuationToken"] == ENDPOINT
    assert "outputVariables" not in answer
    assert not aws.of("InvokeEndpoint")


@pytest.mark.parametrize("status", ["Failed", "OutOfService", "UpdateRollbackFailed", "Deleting"])
def test_an_endpoint_that_serves_nothing_fails(aws: AnsweredCalls, status) -> None:
    put_down(aws, status=status)
    with pytest.raises(SmokeTestError, match=f"must be InService, is {status}"):
        handler({"EndpointName": ENDPOINT}, None)


def test_codepipeline_hears_of_success_and_passes_the_predictions_on(aws: AnsweredCalls) -> None:
    put_down(aws)
    aws.answer("InvokeEndpoint", numbers(1.5, 2, 3, 1.5))
    aws.answer("PutJobSuccessResult", {})
    wanted = {"EndpointName": ENDPOINT, "ModelPackageArn": PACKAGE, "RoleArn": ""}
    # The token of an earlier call is that the endpoint was waited for.
    handler(job(wanted, token=ENDPOINT), None)
    (answer,) = aws.of("PutJobSuccessResult")
    assert answer["outputVariables"] == {"Predictions": "1.5 2.0 3.0 1.5"}
    assert "continuationToken" not in answer
    assert not aws.of("PutJobFailureResult")


def test_codepipeline_hears_of_any_error(aws: AnsweredCalls) -> None:
    aws.answer("DescribeEndpoint", ("ValidationException", "Could not find endpoint"))
    aws.answer("PutJobFailureResult", {})
    assert handler(job({"EndpointName": ENDPOINT}), None) == {}
    details = aws.of("PutJobFailureResult")[0]["failureDetails"]
    assert details["type"] == "JobFailed"
    assert "Could not find endpoint" in details["message"]


@pytest.mark.parametrize(
    ("expected", "passes"),
    [
        ("1.5 2.0 3.0 1.5", True),
        ("1.5000000001 2.0 3.0 1.5", True),
        ("1.5 2.0 3.1 1.5", False),
        ("1.5 2.0 3.0", False),
        ("", True),
    ],
)
def test_stages_must_agree(aws: AnsweredCalls, expected, passes) -> None:
    put_down(aws)
    aws.answer("InvokeEndpoint", numbers(1.5, 2, 3, 1.5))
    wanted = {"EndpointName": ENDPOINT, "Expected": expected}
    if passes:
        assert handler(wanted, None)["passed"]
        return
    with pytest.raises(SmokeTestError, match="as in the stage before"):
        handler(wanted, None)


def test_the_version_that_is_released_must_answer(aws: AnsweredCalls) -> None:
    put_down(aws)
    with pytest.raises(SmokeTestError, match=r"must serve .*/4, serves .*/3"):
        handler({"EndpointName": ENDPOINT, "ModelPackageArn": f"{PACKAGE[:-1]}4"}, None)


@pytest.mark.parametrize(
    ("operation", "answer", "got"),
    [
        ("DescribeModel", {"PrimaryContainer": {"Image": "x"}}, "made of an image and a file"),
        ("DescribeModelPackage", {"ModelPackageArn": PACKAGE}, "must have an evaluation"),
        ("DescribeEndpointConfig", {"ProductionVariants": []}, "one variant"),
        ("GetObject", ("NoSuchKey", "does not exist"), "manifest.json must be a JSON file"),
        ("GetObject", b"<html>", "manifest.json must be a JSON file"),
        ("GetObject", b"[]", "manifest.json must hold an object"),
    ],
)
def test_what_cannot_be_tried_fails_with_a_remedy(aws: AnsweredCalls, operation, answer, got):
    put_down(aws)
    aws.forget(operation)
    aws.answer(operation, answer)
    with pytest.raises(SmokeTestError, match=got) as failure:
        handler({"EndpointName": ENDPOINT}, None)
    assert len(str(failure.value).splitlines()) == 2


def test_a_stage_of_another_account_is_asked_with_its_role(aws: AnsweredCalls) -> None:
    """Registry and evaluation stay those of the own account."""
    put_down(aws)
    aws.answer("InvokeEndpoint", numbers(1, 1, 1, 1))
    keys = {"AccessKeyId": "theirs-1234567890", "SecretAccessKey": "s", "SessionToken": "t"}
    aws.answer("AssumeRole", {"Credentials": keys | {"Expiration": "x"}})
    role = "arn:aws:iam::210987654321:role/sagemaker-housing-prod-release"
    assert handler({"EndpointName": ENDPOINT, "RoleArn": role}, None)["passed"]
    assert aws.of("AssumeRole")[0]["RoleArn"] == role
    theirs = {name for name, key in aws.keys if key == "theirs-1234567890"}
    assert theirs == {
        "DescribeEndpoint",
        "DescribeEndpointConfig",
        "DescribeModel",
        "InvokeEndpoint",
    }
    own = {name for name, key in aws.keys if key == "own"}
    assert own == {"AssumeRole", "DescribeModelPackage", "GetObject"}


def test_a_model_without_an_endpoint_is_tried_by_a_transform_job(aws: AnsweredCalls) -> None:
    """The first call starts the job; those with its name wait for it, and read what it wrote."""
    put_down(aws, classes=CLASSES)
    for operation in ("PutObject", "PutJobSuccessResult"):
        aws.answer(operation, {})
    aws.answer("CreateTransformJob", {"TransformJobArn": "arn:aws:sagemaker:x:transform-job/x"})
    handler(job(BATCH), None)
    (started,) = aws.of("CreateTransformJob")
    (stored,) = aws.of("PutObject")
    name = started["TransformJobName"]
    assert name.startswith(f"{ENDPOINT}-") and len("x" * 50) + len(name) - len(ENDPOINT) <= 63
    assert stored["Key"] == f"smoke-tests/{name}/rows.csv"
    source = started["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    assert source == f"s3://artefacts/{stored['Key']}"
    assert started["TransformOutput"]["S3OutputPath"] == f"s3://artefacts/smoke-tests/{name}"
    assert started["ModelName"] == "Model-x"
    assert started["Environment"] == {"SAGEMAKER_INFERENCE_OUTPUT": "predicted_label,probabilities"}
    assert aws.of("PutJobSuccessResult") == [
        {"jobId": job()["CodePipeline.job"]["id"], "continuationToken": name}
    ]

    lines = b"yes,0.25,0.75\nno,1,0\nno,1,0\nyes,0.25,0.75\n"
    aws.forget("GetObject")
    contents = [json.dumps(part).encode() for part in (MANIFEST | {"classes": CLASSES}, STATISTICS)]
    aws.answer("GetObject", *contents, *contents, lines)
    for status in ("InProgress", "Completed"):
        aws.answer("DescribeTransformJob", {"TransformJobStatus": status})
    handler(job(BATCH, token=name), None)
    assert aws.of("PutJobSuccessResult")[-1]["continuationToken"] == name
    handler(job(BATCH, token=name), None)
    assert aws.of("PutJobSuccessResult")[-1]["outputVariables"] == {
        "Predictions": "0.75 1.0 1.0 0.75"
    }
    assert aws.of("GetObject")[-1]["Key"] == f"smoke-tests/{name}/rows.csv.out"
    assert len(aws.of("CreateTransformJob")) == 1
    assert not aws.of("InvokeEndpoint")


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_failed_transform_job_fails(aws: AnsweredCalls, status) -> None:
    put_down(aws)
    answer = {"TransformJobStatus": status, "FailureReason": "no capacity"}
    aws.answer("DescribeTransformJob", answer)
    with pytest.raises(SmokeTestError, match=f"must be Completed, is {status}: no capacity"):
        handler(BATCH | {"JobName": "x"}, None)
