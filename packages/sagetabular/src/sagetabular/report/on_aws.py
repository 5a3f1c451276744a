"""An execution on AWS in the form of one on this machine, for the same report.

Its definition and the few artefacts that a report shows are kept in a folder, under the same keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagelocal import ExecutionRecord, LocalSageMaker, StepRecord
from sagelocal.definition import parse_definition
from sagetabular.report.settings import FILE, INPUT, inputs_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from sagetabular.aws.s3 import Objects
    from sagetabular.aws.sagemaker.executions import Execution, Executions, ExecutionStep
    from sagetabular.aws.sagemaker.jobs import Descriptions

# Output of a Processing step → those of its files that a report reads; a model need not have all.
_SHOWN = {
    "evaluation": ("evaluation.json", "predictions.parquet", "cv.json", "importance.json"),
    "selection": ("selection.json",),
    "summary": ("summary.json",),
}
_STATUSES = {"Starting": "Executing", "Stopping": "Executing"}


@dataclass(frozen=True)
class Copied:
    """An execution as `render_report` takes it."""

    sagemaker: LocalSageMaker
    record: ExecutionRecord


@dataclass(frozen=True)
class Services:
    """Whom to ask for an execution."""

    executions: Executions
    descriptions: Descriptions
    objects: Objects


def copy_execution(services: Services, execution: Execution, pipeline: str, home: Path) -> Copied:
    """Read an execution, and keep below `home` what its report shows.

    Args:
        services: Whom to ask.
        execution: Which it is.
        pipeline: Its pipeline's name.
        home: Where the copies lie; an object that is there already is not read again.

    Raises:
        UserError: AWS refuses, or cannot be reached.
    """
    sagemaker = LocalSageMaker(home)
    directory = home / "executions" / execution.id
    definition = services.descriptions.definition(execution.arn)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "definition.json").write_bytes(definition)
    started = {step.name: step for step in services.executions.steps(execution.arn)}
    steps = {
        name: _record(name, step.kind, started.get(name), services.descriptions)
        for name, step in parse_definition(definition).steps.items()
    }
    for step in steps.values():
        _copy_artefacts(sagemaker, services.objects, step)
    parameters = services.executions.parameters(execution.arn)
    names = [parameters[name] for name in ("Database", "Table") if name in parameters]
    record = ExecutionRecord(
        execution.id,
        pipeline,
        _STATUSES.get(execution.status, execution.status),
        _text(execution.start) or "",
        directory,
        end_time=_text(execution.end),
        failure_reason=execution.reason or None,
        metadata={"data": ".".join(names)},
        parameters=parameters,
        steps=steps,
    )
    return Copied(sagemaker, record)


def _record(
    name: str, kind: str, step: ExecutionStep | None, descriptions: Descriptions
) -> StepRecord:
    """Return the record of a step; the request of a job is part of its description."""
    if step is None:
        return StepRecord(name, kind)
    response = descriptions.of(step) if step.status == "Succeeded" else {}
    return StepRecord(
        name,
        kind,
        _STATUSES.get(step.status, step.status),
        _text(step.start),
        _text(step.end),
        arguments=response,
        response=response,
        outcome=step.outcome or None,
        failure_reason=step.reason or None,
        cached_from=step.reused_from.rsplit("/", 1)[-1] or None,
    )


def _copy_artefacts(sagemaker: LocalSageMaker, objects: Objects, step: StepRecord) -> None:
    shown = [
        (uri, file)
        for name, uri in _outputs(step.response or {}).items()
        for file in _SHOWN.get(name, ())
    ]
    if settings := inputs_of(step.arguments or {}).get(INPUT):
        shown.append((settings, FILE))
    for uri, file in shown:
        address = f"{uri.rstrip('/')}/{file}"
        if sagemaker.storage.exists(address):
            continue
        content = objects.read(address)
        if content is not None:
            sagemaker.storage.put_bytes(address, content)


def _outputs(response: Mapping[str, Any]) -> dict[str, str]:
    outputs = response.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return {output["OutputName"]: output["S3Output"]["S3Uri"] for output in outputs}


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
