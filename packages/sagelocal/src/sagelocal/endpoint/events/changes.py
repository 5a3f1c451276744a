"""Events in the service's own form, as its developer guide shows them.

See https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html:
"SageMaker pipeline execution state change", "SageMaker pipeline step state change" and "SageMaker
model package state change". Members that have no value yet are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sagelocal.endpoint.events.delivery import EventBridge
from sagelocal.endpoint.events.packages import shown_package
from sagelocal.endpoint.protocol.api import described
from sagelocal.endpoint.protocol.names import Names
from sagelocal.endpoint.steps import step_summary
from sagelocal.executions.records import ExecutionRecord, StepRecord
from sagelocal.files import JsonObject
from sagelocal.service import LocalSageMaker

EXECUTION_CHANGE = "SageMaker Model Building Pipeline Execution Status Change"
STEP_CHANGE = "SageMaker Model Building Pipeline Execution Step Status Change"
PACKAGE_CHANGE = "SageMaker Model Package State Change"
_TIMES = ("CreationTime", "LastModifiedTime")


class Changes:
    """Says what changes to EventBridge.

    Args:
        bus: Where events go.
        names: The ARNs that they hold.
        sagemaker: The account that changes.
    """

    def __init__(self, bus: EventBridge, names: Names, sagemaker: LocalSageMaker) -> None:
        self._bus = bus
        self._sagemaker = sagemaker
        self._names = names

    def execution(
        self, record: ExecutionRecord, asked: JsonObject, status: str, previous: str | None
    ) -> None:
        """Say that the status of an execution has changed.

        Args:
            record: The execution.
            asked: What it was started with, see `sagelocal.endpoint.running`.
            status: Its status now.
            previous: Its status before; None at its beginning.
        """
        detail = {
            **self._of(record),
            "pipelineExecutionDisplayName": asked.get("PipelineExecutionDisplayName"),
            "pipelineExecutionDescription": asked.get("PipelineExecutionDescription"),
            "currentPipelineExecutionStatus": status,
            "previousPipelineExecutionStatus": previous,
            "executionStartTime": _time(record.start_time),
            "executionEndTime": _time(record.end_time),
        }
        self._send(EXECUTION_CHANGE, detail, self._resources(record))

    def step(
        self, record: ExecutionRecord, step: StepRecord, status: str, previous: str | None
    ) -> None:
        """Say that the status of a step has changed; arguments as those of `execution`."""
        summary = self._names.outside(step_summary(record, step))
        reason = step.failure_reason if status == "Failed" else None
        detail = {
            **self._of(record),
            "stepName": step.name,
            "stepType": step.kind,
            "currentStepStatus": status,
            "previousStepStatus": previous,
            "stepStartTime": _time(step.start_time),
            "stepEndTime": _time(step.end_time),
            "metadata": _camel(summary["Metadata"]),
            "failureReason": reason,
            "cacheHitResult": _camel(summary.get("CacheHitResult")),
        }
        self._send(STEP_CHANGE, detail, self._resources(record))

    def package(self, package: JsonObject, updated: Sequence[str] = ()) -> None:
        """Say that a model package was registered, or which of its members have changed.

        Args:
            package: As the registry has it.
            updated: The members.
        """
        shown = shown_package(package, self._names, self._sagemaker)
        detail = described("DescribeModelPackageOutput", shown)
        detail |= {name: _time(detail.get(name)) for name in _TIMES}
        detail |= {"UpdatedModelPackageFields": list(updated)} if updated else {}
        self._send(PACKAGE_CHANGE, detail, [shown["ModelPackageArn"]])

    def _of(self, record: ExecutionRecord) -> JsonObject:
        pipeline, execution = self._resources(record)
        return {"pipelineArn": pipeline, "pipelineExecutionArn": execution}

    def _resources(self, record: ExecutionRecord) -> list[str]:
        return [
            self._names.arn("pipeline", record.pipeline_name),
            self._names.execution(record.pipeline_name, record.id),
        ]

    def _send(self, kind: str, detail: JsonObject, resources: Sequence[str]) -> None:
        known = {name: value for name, value in detail.items() if value is not None}
        self._bus.send(kind, known, resources)


def _time(when: str | None) -> str | None:
    """Return a time of a record as events hold it: UTC, to the second, with a Z."""
    if when is None:
        return None
    return datetime.fromisoformat(when).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _camel(value: object) -> object:
    """Return what the API answers with names that begin small, as events hold it."""
    if isinstance(value, dict):
        return {f"{name[:1].lower()}{name[1:]}": _camel(inner) for name, inner in value.items()}
    return value
