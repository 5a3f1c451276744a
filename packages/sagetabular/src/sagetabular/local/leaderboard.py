"""Results of an execution, read back from the files that its steps wrote."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sagetabular.local.objects import json_object

if TYPE_CHECKING:
    from sagelocal import ExecutionRecord, LocalSageMaker, StepRecord


@dataclass(frozen=True)
class Entry:
    """One model: mean and deviation of R2 over the folds of its best trial, R2 on the test rows.

    A model that is fitted without a search has no cross-validated R2, and no trials.
    """

    name: str
    cv_r2: float | None
    cv_r2_std: float | None
    test_r2: float
    trials: int


@dataclass(frozen=True)
class Result:
    """The output of `pipeline run --json`; None where the execution did not come so far.

    `rows` counts what Preprocess read and used; `notes` says what it left out unasked, and why.
    """

    execution: str
    status: str
    winner: str | None
    r2: float | None
    models: list[Entry]
    model_package: str | None
    rows: dict[str, int] | None = None
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON would have it."""
        return asdict(self)


def read_result(sagemaker: LocalSageMaker, record: ExecutionRecord) -> Result:
    """Collect the result of an execution, best model first."""
    selection, summary = _selection(sagemaker, record), _summary(sagemaker, record)
    trials = _trials(record)
    models = [
        Entry(
            name=candidate["model"],
            cv_r2=candidate["cv_r2"],
            cv_r2_std=candidate["cv_r2_std"],
            test_r2=candidate["test_r2"],
            trials=trials.get(candidate["model"], 0),
        )
        for candidate in selection["ranking"]
    ]
    winner = models[0] if models else None
    return Result(
        execution=record.id,
        status=record.status,
        winner=winner.name if winner else None,
        r2=winner.test_r2 if winner else None,
        models=models,
        model_package=_model_package(record),
        rows=_rows(summary) if summary else None,
        notes=summary.get("notes", []),
    )


def _selection(sagemaker: LocalSageMaker, record: ExecutionRecord) -> dict[str, Any]:
    step = record.steps.get("Select")
    if step is None or step.status != "Succeeded" or step.response is None:
        return {"ranking": []}
    (output,) = step.response["ProcessingOutputConfig"]["Outputs"]
    return json_object(sagemaker.storage, f"{output['S3Output']['S3Uri']}/selection.json")


def _summary(sagemaker: LocalSageMaker, record: ExecutionRecord) -> dict[str, Any]:
    """Return what Preprocess noted; nothing if it did not come so far, or is another program."""
    step = record.steps.get("Preprocess")
    if step is None or step.status != "Succeeded" or step.response is None:
        return {}
    outputs = {
        output["OutputName"]: output["S3Output"]["S3Uri"]
        for output in step.response.get("ProcessingOutputConfig", {}).get("Outputs", [])
    }
    uri = f"{outputs.get('summary')}/summary.json"
    if "summary" not in outputs or not sagemaker.storage.exists(uri):
        return {}
    summary = json_object(sagemaker.storage, uri)
    return summary if {"rows_read", "training_rows", "test_rows"} <= summary.keys() else {}


def _rows(summary: dict[str, Any]) -> dict[str, int]:
    return {
        "read": summary["rows_read"],
        "used": summary["training_rows"] + summary["test_rows"],
        "repeated": summary.get("repeated_rows", 0),
        "removed": summary.get("duplicates_removed", 0),
    }


def _trials(record: ExecutionRecord) -> dict[str, int]:
    """Return model → number of its trials."""
    return {
        _model_of(step): len(step.response["TrainingJobSummaries"])
        for step in record.steps.values()
        if step.kind == "Tuning" and step.status == "Succeeded" and step.response is not None
    }


def _model_of(step: StepRecord) -> str:
    arguments = step.arguments or {}
    model: str = arguments["TrainingJobDefinition"]["StaticHyperParameters"]["job_model"]
    return model


def _model_package(record: ExecutionRecord) -> str | None:
    for step in record.steps.values():
        if step.kind == "RegisterModel" and step.status == "Succeeded" and step.response:
            package = step.response
            return f"{package['ModelPackageGroupName']}/{package['ModelPackageVersion']}"
    return None
