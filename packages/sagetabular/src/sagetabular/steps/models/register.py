"""Register: a fitted model becomes a version of a model package group."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sagetabular.settings.models.lineage import is_of_these_rows
from sagetabular.settings.models.steps import CSV, Evaluate, Register
from sagetabular.steps.context import text
from sagetabular.steps.models.serving import container, is_served_by_our_code
from sagetabular.steps.preprocess import fingerprint
from sagetabular.steps.sdk import ExecutionVariables, StepTypeEnum
from sagetabular.steps.select import selected

if TYPE_CHECKING:
    from sagetabular.steps.context import JobStep
    from sagetabular.steps.models.task import Task

# What our server takes and gives, in the project's own image and within one of AWS's. All that is
# known of any other image is that it should take CSV.
SERVED = [CSV, "application/json", "application/x-parquet"]
ANSWERED = [CSV, "application/json"]
# Values of CustomerMetadataProperties, by SageMaker's API.
_ALLOWED = re.compile(r"[\w .:/=+\-@]{1,256}")


def register(task: Task[Register], select: JobStep | None = None) -> JobStep:
    """Build the step.

    The package's metadata points to JSON files, as a value of it may neither be long nor hold
    braces.

    Args:
        task: What it is built from.
        select: The Select step, if the model takes part in the selection.
    """
    settings, context = task.settings, task.context
    selection = text(select.output("selection"), "/selection.json") if select else None
    request = {
        "ModelPackageGroupName": _group(task),
        "ModelPackageDescription": settings.description or _description(task),
        "ModelApprovalStatus": settings.approval or context.parameters.approval,
        "InferenceSpecification": {
            "Containers": [container(task)],
            **_types(task),
            "SupportedRealtimeInferenceInstanceTypes": settings.instance_types,
            "SupportedTransformInstanceTypes": settings.transform_instance_types,
        },
        **_metrics(task),
        "CustomerMetadataProperties": {
            "model": task.step.unit,
            "commit": context.parameters.commit,
            **_facts(task, select),
            **(_rows(task) if _is_of_these_rows(task) else {}),
            "execution_arn": ExecutionVariables.PIPELINE_EXECUTION_ARN,
            **({"selection": selection} if selection else {}),
        },
    }
    return task.build(StepTypeEnum.REGISTER_MODEL, request)


def _facts(task: Task[Register], select: JobStep | None) -> dict[str, Any]:
    """Return what a reader of a list of versions asks for: target, task, metric and score.

    What SageMaker would refuse as a value of the metadata is left out. A version without a task is
    one of regression, as in earlier releases.
    """
    pipeline = task.context.settings.pipeline
    target, metric = pipeline.data.target, f"test_{pipeline.metric.name}"
    facts: dict[str, Any] = {"target": target} if _ALLOWED.fullmatch(target) else {}
    if select:
        facts |= {"metric": metric, "score": text(selected(select, f"winner.{metric}"))}
        facts |= {} if pipeline.task == "regression" else {"task": pipeline.task}
    return facts


def _rows(task: Task[Register]) -> dict[str, Any]:
    """Return what the model has learned from: table, fingerprint and summary of the rows.

    A table whose name is too long for a value of the metadata is left out.
    """
    context, preprocess = task.context, task.built["data.preprocess"]
    found: dict[str, Any] = {}
    data = context.settings.pipeline.data
    if data.reads_tables and _ALLOWED.fullmatch(".".join(data.table_name)):
        found["data"] = text(context.parameters.database, ".", context.parameters.table)
    return found | {
        "data_fingerprint": text(fingerprint(preprocess)),
        "data_summary": text(preprocess.output("summary"), "/summary.json"),
    }


def _types(task: Task[Register]) -> dict[str, list[str]]:
    """Return the types to send and to ask for: by default all that the image can serve."""
    settings, image = task.settings, task.image()
    ours = image is task.context.parameters.image or is_served_by_our_code(task)
    return {
        "SupportedContentTypes": settings.content_types or (SERVED if ours else [CSV]),
        "SupportedResponseMIMETypes": settings.response_types or (ANSWERED if ours else [CSV]),
    }


def _group(task: Task[Register]) -> Any:
    """Return the group: one for all that compete; a model of another kind has its own."""
    if task.settings.group:
        return task.settings.group
    common, own = task.context.parameters.group, task.step.unit.strip("_").replace("_", "-")
    return common if task.unit.ranked else text(common, f"-{own}")


def _description(task: Task[Register]) -> str:
    title, settings = task.unit.model.title, task.context.settings.pipeline
    if task.unit.ranked:
        classes = "" if settings.task == "regression" else f" ({settings.task})"
        return f"{title} predicts {settings.data.target}{classes}"
    return f"{title} of {settings.name}"


def _metrics(task: Task[Register]) -> dict[str, Any]:
    """Return the baselines of quality, with which a monitor compares later rows too."""
    found: dict[str, Any] = {}
    if _is_of_these_rows(task):
        baseline = task.built["data.preprocess"].output("baseline")
        names = {"Statistics": "statistics.json", "Constraints": "constraints.json"}
        found["ModelDataQuality"] = {key: _file(baseline, name) for key, name in names.items()}
    evaluate = task.unit.last(Evaluate)
    if evaluate is not None:
        evaluation = task.built[evaluate.key].output("evaluation")
        found["ModelQuality"] = {"Statistics": _file(evaluation, "evaluation.json")}
    return {"ModelMetrics": found, "DriftCheckBaselines": found} if found else {}


def _is_of_these_rows(task: Task[Register]) -> bool:
    return is_of_these_rows(task.step, task.context.settings.graph.order)


def _file(folder: Any, name: str) -> dict[str, Any]:
    return {"ContentType": "application/json", "S3Uri": text(folder, f"/{name}")}
