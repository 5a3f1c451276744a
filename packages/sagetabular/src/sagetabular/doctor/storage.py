"""The stores: the bucket, the keys that encrypt what is in it, and MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.aws.deploying import NOT_TRACKED
from sagetabular.aws.deployment import EXPERIMENTS
from sagetabular.doctor.findings import ok, to_fix, unknown
from sagetabular.doctor.situation import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.doctor.findings import Finding
    from sagetabular.doctor.situation import Situation

_NO_BUCKET = ("404", "NoSuchBucket", "NotFound")
_UNUSABLE = {
    "Disabled": "Enable it.",
    "PendingDeletion": "Cancel its deletion, and enable it, or name another key.",
}

_NO_MLFLOW = ("ResourceNotFound", "ResourceNotFoundException")
# What both kinds are while they serve.
_SERVING = ("Created", "Updated", "Started", "MaintenanceComplete", "Updating")
_STOPPED = "Start it, or correct TrackingUri; `tracking: none` in conf/pipeline.yaml logs nothing."

_UNADDRESSED = {
    NOT_TRACKED: "TrackingUri is none: executions are logged nowhere",
    EXPERIMENTS: "Executions are logged to SageMaker Experiments: TrackingUri names no MLflow",
}


def bucket(situation: Situation) -> Iterator[Finding]:
    """Check that it is there, and in the region of the jobs."""
    name = situation.need("Bucket")
    found = ask(situation.account.client("s3"), "head_bucket", _NO_BUCKET, Bucket=name)
    region = situation.account.region
    if found is None:
        yield to_fix(f"There is no bucket {name}.", f"Make it in {region}, or correct Bucket.")
    elif found.get("BucketRegion", region) != region:
        text = f"The bucket {name} must be in {region}, got {found['BucketRegion']}."
        yield to_fix(text, "Take one of that region: jobs read and write it.")
    else:
        yield ok(f"s3://{name}, in {region}")


def keys(situation: Situation) -> Iterator[Finding]:
    """Check that the KMS keys that conf/aws.yaml names can encrypt."""
    client = situation.account.client("kms")
    for parameter in ("VolumeKmsKeyId", "OutputKmsKeyId"):
        for name in situation.ids(parameter):
            yield _key(client, parameter, name)


def _key(client: Any, parameter: str, name: str) -> Finding:
    found = ask(client, "describe_key", ("NotFoundException",), KeyId=name)
    if found is None:
        return to_fix(f"There is no key {name}.", f"Correct {parameter}.")
    state = found["KeyMetadata"]["KeyState"]
    if state != "Enabled":
        text = f"The key {name} must be Enabled, got {state}."
        return to_fix(text, _UNUSABLE.get(state, f"Name another key in {parameter}."))
    usage = found["KeyMetadata"].get("KeyUsage", "ENCRYPT_DECRYPT")
    if usage != "ENCRYPT_DECRYPT":
        text = f"The key {name} must be for ENCRYPT_DECRYPT, got {usage}."
        return to_fix(text, f"Name another key in {parameter}.")
    return ok(f"{parameter} {name} is enabled")


def tracking(situation: Situation) -> Iterator[Finding]:
    """Check that MLflow is there and serves, where it is named."""
    if "TrackingUri" not in (situation.values | situation.unset):
        return
    address = situation.need("TrackingUri")
    if address in _UNADDRESSED:
        yield ok(_UNADDRESSED[address])
        return
    kind, _, name = address.rpartition(":")[2].partition("/")
    client = situation.account.client("sagemaker")
    if kind == "mlflow-app":
        answer = ask(client, "describe_mlflow_app", _NO_MLFLOW, Arn=address)
        yield _verdict(address, answer, "Status")
    elif kind == "mlflow-tracking-server":
        request = {"TrackingServerName": name}
        answer = ask(client, "describe_mlflow_tracking_server", _NO_MLFLOW, **request)
        yield _verdict(address, answer, "TrackingServerStatus")
    else:
        text = f"{address} is not SageMaker's: only the jobs can tell whether it answers."
        yield unknown(text, "See that it is reachable from where they run.")


def _verdict(address: str, answer: dict[str, Any] | None, member: str) -> Finding:
    if answer is None:
        return to_fix(f"There is no MLflow {address}.", "Make it, or correct TrackingUri.")
    status = answer[member]
    if status not in _SERVING:
        return to_fix(f"MLflow {address} must serve, got the status {status}.", _STOPPED)
    return ok(f"{address} is {status}")
