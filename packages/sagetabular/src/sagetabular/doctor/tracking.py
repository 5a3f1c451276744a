"""Where executions are logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.doctor.asking import ask
from sagetabular.doctor.findings import mend, ok, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.doctor.findings import Finding
    from sagetabular.doctor.situation import Situation

_ABSENT = ("ResourceNotFound", "ResourceNotFoundException")
# What both kinds are while they serve.
_SERVING = ("Created", "Updated", "Started", "MaintenanceComplete", "Updating")
_STOPPED = "Start it, or correct TrackingUri; `tracking: none` in conf/pipeline.yaml logs nothing."


def tracking(situation: Situation) -> Iterator[Finding]:
    """MLflow is there and serves."""
    if "TrackingUri" not in (situation.values | situation.unset):
        return
    address = situation.need("TrackingUri")
    kind, _, name = address.rpartition(":")[2].partition("/")
    client = situation.account.client("sagemaker")
    if kind == "mlflow-app":
        answer = ask(client, "describe_mlflow_app", _ABSENT, Arn=address)
        yield _verdict(address, answer, "Status")
    elif kind == "mlflow-tracking-server":
        request = {"TrackingServerName": name}
        answer = ask(client, "describe_mlflow_tracking_server", _ABSENT, **request)
        yield _verdict(address, answer, "TrackingServerStatus")
    else:
        text = f"{address} is not SageMaker's: only the jobs can tell whether it answers."
        yield unknown(text, "See that it is reachable from where they run.")


def _verdict(address: str, answer: dict[str, Any] | None, member: str) -> Finding:
    if answer is None:
        return mend(f"There is no MLflow {address}.", "Make it, or correct TrackingUri.")
    status = answer[member]
    if status not in _SERVING:
        return mend(f"MLflow {address} must serve, got the status {status}.", _STOPPED)
    return ok(f"{address} is {status}")
