"""Lambda `smoke_test`: whether what a stage has deployed answers as a model should.

It answers CodePipeline, or whoever invokes it directly. The rows it sends come from beside the
registered version's evaluation: the typical row of `manifest.json`, the smallest and the largest
values of the baseline's `statistics.json`, and the typical row again. None is a row of the data.

Event:
    `{"EndpointName": NAME}`. Where that has no endpoint, more tells of the model that a transform
    job tries: `{"Hosting": "batch", "ModelName": NAME, "InstanceType": TYPE, "Bucket": NAME}`; and
    `JobName`, once the job was started. Optional: `ModelPackageArn` (the version that must be
    served), `Expected` (`Predictions` of another stage, which must be equal), `RoleArn` (a role of
    the stage's account). From CodePipeline the same JSON stands in the action's `UserParameters`.

Result:
    `{"passed": true, "rows": N, "Predictions": "1.5 2.5 …"}`: for each row the number, or the
    probability of the class that is predicted. `Predictions` is the output variable of the action.

Errors:
    `NotReadyError`: it is being deployed, or the transform job runs; try again later. CodePipeline
    does, with the continuation token, which is the name of the job or the endpoint.
    `SmokeTestError`: it failed, or its answer is wrong. CodePipeline hears of every error.
"""

from __future__ import annotations

import csv
import io
import json
import math
import uuid
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# SageMaker throttles the calls of a whole account together.
_PATIENT = Config(retries={"mode": "standard", "max_attempts": 8})
# An endpoint answers within a minute; the Lambda has five.
_INVOKING = Config(retries={"mode": "standard", "max_attempts": 3}, read_timeout=70)
# CodePipeline takes messages of up to 5,000 letters.
_LONGEST = 1000
_BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack")
# Other instance types may add numbers in another order.
_TOLERANCE = 1e-6
_CSV = "text/csv"
# What a model of classes is asked for: by a header, or where there is none by a variable.
_OUTPUTS, _VARIABLE = "predicted_label,probabilities", "SAGEMAKER_INFERENCE_OUTPUT"


class SmokeTestError(Exception):
    """The test failed; the message says why, and what to do."""


class NotReadyError(Exception):
    """There is no answer yet.

    Attributes:
        name: What is waited for.
    """

    def __init__(self, name: str, status: str) -> None:
        super().__init__(f"{name} is {status}.")
        self.name = name


@dataclass(frozen=True)
class Sample:
    """Rows to ask about, and what the model is.

    Attributes:
        columns: Their names.
        rows: Texts, one a column; the last row is the first again.
        classes: Those of the target; none for a model of numbers.
    """

    columns: list[str]
    rows: list[list[str]]
    classes: list[str]

    def csv(self, *, header: bool) -> bytes:
        """Return the rows as CSV (RFC 4180)."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.columns] * header + self.rows)
        return text.getvalue().encode()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
    """Return that the test has passed; see the module for event, result and errors."""
    job = event.get("CodePipeline.job")
    if job is None:
        return smoke_test(event)
    pipeline = boto3.client("codepipeline", config=_PATIENT)
    try:
        configuration = job["data"]["actionConfiguration"]["configuration"]
        token = job["data"].get("continuationToken")
        waited = {"JobName": token} if token else {}
        result = smoke_test(json.loads(configuration["UserParameters"]) | waited)
    except NotReadyError as err:
        print(err)
        pipeline.put_job_success_result(jobId=job["id"], continuationToken=err.name)
        return {}
    except Exception as err:  # CodePipeline would wait for an answer for hours
        print(f"{type(err).__name__}: {err}")
        details = {"type": "JobFailed", "message": str(err)[:_LONGEST] or type(err).__name__}
        pipeline.put_job_failure_result(jobId=job["id"], failureDetails=details)
        return {}
    variables = {"Predictions": result["Predictions"]}
    pipeline.put_job_success_result(jobId=job["id"], outputVariables=variables)
    return result


def smoke_test(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return that the test has passed, and the predictions.

    Args:
        wanted: An event without CodePipeline's wrapping.

    Raises:
        NotReadyError: It is being deployed, or the transform job runs.
        SmokeTestError: It failed, or its answer is wrong.
    """
    there, here = _session(wanted.get("RoleArn", "")), boto3.Session()
    is_batch = wanted.get("Hosting") == "batch"
    sagemaker = there.client("sagemaker", config=_PATIENT)
    model = wanted["ModelName"] if is_batch else _model_of(sagemaker, wanted["EndpointName"])
    package = _package_of(sagemaker, model, wanted.get("ModelPackageArn", ""))
    # The registry and its bucket are those of the account that this Lambda runs in.
    described = here.client("sagemaker", config=_PATIENT).describe_model_package(
        ModelPackageName=package
    )
    sample = sample_of(here.client("s3", config=_PATIENT), described)
    if is_batch:
        predictions = _transformed(there, wanted, sample)
    else:
        runtime = there.client("sagemaker-runtime", config=_INVOKING)
        predictions = _invoked(runtime, wanted["EndpointName"], sample)
    check_equal(predictions, wanted.get("Expected", ""))
    texts = " ".join(map(repr, predictions))
    print(json.dumps({"package": package, "predictions": texts}))
    return {"passed": True, "rows": len(predictions), "Predictions": texts}


def _session(role: str) -> boto3.Session:
    """Return a session in the account of a role; in this one if it is empty."""
    if not role:
        return boto3.Session()
    sts = boto3.client("sts", config=_PATIENT)
    assumed = sts.assume_role(RoleArn=role, RoleSessionName="smoke-test")["Credentials"]
    return boto3.Session(
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )


def _model_of(sagemaker: Any, endpoint: str) -> str:
    """Return the model behind an endpoint that is in service.

    Raises:
        NotReadyError: It is being deployed.
        SmokeTestError: It is neither in service nor being deployed, or has no single model.
    """
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    status = described["EndpointStatus"]
    if status in _BUSY:
        raise NotReadyError(endpoint, status)
    if status != "InService":
        reason = described.get("FailureReason") or "SageMaker gives no reason"
        msg = f"{endpoint} must be InService, is {status}: {reason}.\n"
        raise SmokeTestError(f"{msg}Look at its logs in /aws/sagemaker/Endpoints/{endpoint}.")
    configuration = sagemaker.describe_endpoint_config(
        EndpointConfigName=described["EndpointConfigName"]
    )
    variants = configuration["ProductionVariants"]
    if len(variants) != 1 or not variants[0].get("ModelName"):
        msg = f"{endpoint} must have one variant with a model, has {len(variants)}.\n"
        raise SmokeTestError(f"{msg}Deploy it with deploy.yaml.")
    return str(variants[0]["ModelName"])


def _package_of(sagemaker: Any, model: str, wanted: str) -> str:
    """Return the version that a model was made of.

    Raises:
        SmokeTestError: It was made of none, or of another than is wanted.
    """
    described = sagemaker.describe_model(ModelName=model)
    container = described.get("PrimaryContainer") or (described.get("Containers") or [{}])[0]
    package = str(container.get("ModelPackageName", ""))
    if not package:
        msg = f"{model} must be made of a registered version, is made of an image and a file.\n"
        raise SmokeTestError(f"{msg}Deploy it with deploy.yaml.")
    if wanted and package != wanted:
        msg = f"{model} must serve {wanted}, serves {package}.\n"
        raise SmokeTestError(f"{msg}Somebody has deployed meanwhile: start the release again.")
    return package


def sample_of(s3: Any, package: dict[str, Any]) -> Sample:
    """Return rows for a version: typical, smallest, largest and again typical values.

    Args:
        s3: A client of S3.
        package: The version, as SageMaker describes it.

    Raises:
        SmokeTestError: It has no evaluation, or no manifest lies beside it.
    """
    metrics = package.get("ModelMetrics", {})
    evaluation = metrics.get("ModelQuality", {}).get("Statistics", {}).get("S3Uri", "")
    if not evaluation:
        msg = f"{package['ModelPackageArn']} must have an evaluation, has none.\n"
        raise SmokeTestError(f"{msg}Give its model an `evaluate` step before `register`.")
    manifest = _read_json(s3, f"{evaluation.rpartition('/')[0]}/manifest.json")
    statistics = metrics.get("ModelDataQuality", {}).get("Statistics", {}).get("S3Uri", "")
    values = _extremes(_read_json(s3, statistics)) if statistics else {}
    columns = [str(name) for name in manifest["features"]]
    typical = [_cell(manifest["typical"][name]) for name in columns]
    extremes = [
        [_cell(values[name][side]) if name in values else text for name, text in pairs]
        for side in (0, 1)
        for pairs in [[*zip(columns, typical, strict=True)]]
    ]
    return Sample(columns, [typical, *extremes, typical], [*manifest.get("classes", [])])


def _extremes(statistics: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return column → its smallest and largest number, or its rarest and most frequent text."""
    found: dict[str, tuple[Any, Any]] = {}
    for feature in statistics["features"]:
        numbers = feature.get("numerical_statistics")
        texts = feature.get("string_statistics", {}).get("distribution", {}).get("categorical", {})
        if numbers and numbers.get("min") is not None and numbers.get("max") is not None:
            found[feature["name"]] = (numbers["min"], numbers["max"])
        elif buckets := texts.get("buckets"):
            ordered = sorted(buckets, key=lambda bucket: bucket["count"])
            found[feature["name"]] = (ordered[0]["value"], ordered[-1]["value"])
    return found


def _cell(value: Any) -> str:
    """Return a value as a field of CSV; empty for a missing one."""
    return "" if value is None else str(value)


def _read_json(s3: Any, uri: str) -> dict[str, Any]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        content = json.loads(body)
    except (ClientError, ValueError) as err:
        msg = f"{uri} must be a JSON file of the registered version: {err}.\n"
        raise SmokeTestError(f"{msg}Let the role read it, or train again.") from err
    if not isinstance(content, dict):
        msg = f"{uri} must hold an object, got {type(content).__name__}.\n"
        raise SmokeTestError(f"{msg}Train again.")
    return content


def _invoked(runtime: Any, endpoint: str, sample: Sample) -> list[float]:
    """Ask an endpoint.

    Raises:
        SmokeTestError: The model refuses the rows or fails, or its answer is wrong.
    """
    attributes = {"CustomAttributes": f"output={_OUTPUTS}"} if sample.classes else {}
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint,
            Body=sample.csv(header=True),
            ContentType=f"{_CSV}; charset=utf-8",
            Accept="application/json",
            **attributes,
        )
    except ClientError as err:
        status = err.response.get("OriginalStatusCode", "")
        words = err.response.get("OriginalMessage") or str(err)
        msg = f"{endpoint} must answer 200, got {status or 'an error'}: {words[:300]}.\n"
        remedy = f"Look at its logs in /aws/sagemaker/Endpoints/{endpoint}."
        raise SmokeTestError(msg + remedy) from err
    return read_answer(answer["Body"].read(), sample)


def read_answer(body: bytes, sample: Sample) -> list[float]:
    """Return a number for each row of an answer, which is checked.

    Args:
        body: JSON, `{"predictions": [...]}`.
        sample: What was asked.

    Returns:
        The predicted number, or the probability of the predicted class.

    Raises:
        SmokeTestError: It is no such JSON, has another number of rows, numbers that are not
            finite, probabilities that are none, or two answers for one row.
    """
    try:
        found = json.loads(body)["predictions"]
    except (ValueError, TypeError, KeyError) as err:
        raise _wrong("JSON with `predictions`", repr(body[:200])) from err
    if not isinstance(found, list) or len(found) != len(sample.rows):
        got = len(found) if isinstance(found, list) else type(found).__name__
        raise _wrong(f"{len(sample.rows)} predictions", got)
    numbers = [
        _probability(entry, sample.classes) if sample.classes else _number(entry) for entry in found
    ]
    if found[0] != found[-1]:
        raise _wrong("one answer for one row", f"{found[0]} and {found[-1]}")
    return numbers


def _number(value: Any) -> float:
    """Return a finite number; a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong("finite numbers", value)
    return float(value)


def _probability(entry: Any, classes: list[str]) -> float:
    if not isinstance(entry, dict) or not {"predicted_label", "probabilities"} <= entry.keys():
        raise _wrong("`predicted_label` and `probabilities` of each row", entry)
    label, shares = entry["predicted_label"], entry["probabilities"]
    if label not in classes:
        raise _wrong(f"labels of {', '.join(classes)}", label)
    if not isinstance(shares, list) or len(shares) != len(classes):
        raise _wrong(f"{len(classes)} probabilities of each row", shares)
    numbers = [_number(share) for share in shares]
    if min(numbers) < 0 or max(numbers) > 1 or abs(sum(numbers) - 1) > _TOLERANCE:
        raise _wrong("probabilities from 0 to 1 whose sum is 1", numbers)
    return numbers[classes.index(label)]


def _wrong(rule: str, got: Any) -> SmokeTestError:
    msg = f"The model must answer with {rule}, got {str(got)[:200]}.\n"
    return SmokeTestError(f"{msg}Serve the artefact of the training job as it is.")


def check_equal(predictions: list[float], expected: str) -> None:
    """Accept predictions that equal those of another stage.

    Args:
        predictions: Of this stage.
        expected: `Predictions` of the other one; nothing is compared if it is empty.

    Raises:
        SmokeTestError: They differ, which says that another model or version answers.
    """
    others = [float(text) for text in expected.split()]
    if not others:
        return
    same = len(others) == len(predictions) and all(
        math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
        for one, other in zip(predictions, others, strict=True)
    )
    if not same:
        msg = f"The model must predict {others} as in the stage before, got {predictions}.\n"
        raise SmokeTestError(f"{msg}Compare image and instance type of the two stages.")


def _transformed(there: boto3.Session, wanted: dict[str, Any], sample: Sample) -> list[float]:
    """Let a transform job predict; the first call starts it, a later one reads the answer.

    Raises:
        NotReadyError: It runs.
        SmokeTestError: It failed, or its answer is wrong.
    """
    sagemaker = there.client("sagemaker", config=_PATIENT)
    s3 = there.client("s3", config=_PATIENT)
    # A job has 63 letters at most, an endpoint of ours 50.
    name = wanted.get("JobName") or f"{wanted['EndpointName']}-{uuid.uuid4().hex[:12]}"
    bucket, folder = wanted["Bucket"], f"smoke-tests/{name}"
    if "JobName" not in wanted:
        s3.put_object(Bucket=bucket, Key=f"{folder}/rows.csv", Body=sample.csv(header=True))
        asked = {"Environment": {_VARIABLE: _OUTPUTS}} if sample.classes else {}
        job = _transform_job(wanted, name, f"s3://{bucket}/{folder}")
        sagemaker.create_transform_job(**job, **asked)
        raise NotReadyError(name, "InProgress")
    job = sagemaker.describe_transform_job(TransformJobName=name)
    status = job["TransformJobStatus"]
    if status in ("InProgress", "Stopping"):
        raise NotReadyError(name, status)
    if status != "Completed":
        reason = job.get("FailureReason", "SageMaker gives no reason")
        msg = f"{name} must be Completed, is {status}: {reason}.\n"
        raise SmokeTestError(f"{msg}Look at its logs in /aws/sagemaker/TransformJobs.")
    body = s3.get_object(Bucket=bucket, Key=f"{folder}/rows.csv.out")["Body"].read()
    return read_lines(body, sample)


def _transform_job(wanted: dict[str, Any], name: str, place: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"{place}/rows.csv"}
    return {
        "TransformJobName": name,
        "ModelName": wanted["ModelName"],
        "TransformInput": {"DataSource": {"S3DataSource": source}, "ContentType": _CSV},
        "TransformOutput": {"S3OutputPath": place, "Accept": _CSV},
        "TransformResources": {"InstanceType": wanted["InstanceType"], "InstanceCount": 1},
    }


def read_lines(body: bytes, sample: Sample) -> list[float]:
    """Return a number for each line of a transform job's answer, which is checked.

    Args:
        body: CSV without a header.
        sample: What was asked.

    Returns:
        The predicted number, or the probability of the predicted class.

    Raises:
        SmokeTestError: It has another number of rows, or is wrong as `read_answer` says.
    """
    rows = [*csv.reader(io.StringIO(body.decode(errors="replace")))]
    if len(rows) != len(sample.rows) or any(not row for row in rows):
        raise _wrong(f"{len(sample.rows)} lines", repr(body[:200]))
    if rows[0] != rows[-1]:
        raise _wrong("one answer for one row", f"{rows[0]} and {rows[-1]}")
    if not sample.classes:
        return [_number(_read_number(row[0])) for row in rows]
    entries = [
        {"predicted_label": row[0], "probabilities": [*map(_read_number, row[1:])]} for row in rows
    ]
    return [_probability(entry, sample.classes) for entry in entries]


def _read_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _wrong("finite numbers", text) from None
