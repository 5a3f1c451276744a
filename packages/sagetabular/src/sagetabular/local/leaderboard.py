"""Results of an execution, read back from the files that its steps wrote."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

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
    """The output of `pipeline run --json`; None where the execution did not come so far."""

    execution: str
    status: str
    winner: str | None
    r2: float | None
    models: list[Entry]
    model_package: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON would have it."""
        return asdict(self)


def read_result(sagemaker: LocalSageMaker, record: ExecutionRecord) -> Result:
    """Collect the result of an execution, best model first."""
    selection = _selection(sagemaker, record)
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
    )


def _selection(sagemaker: LocalSageMaker, record: ExecutionRecord) -> dict[str, Any]:
    step = record.steps.get("Select")
    if step is None or step.status != "Succeeded" or step.response is None:
        return {"ranking": []}
    (output,) = step.response["ProcessingOutputConfig"]["Outputs"]
    content = sagemaker.storage.read_bytes(f"{output['S3Output']['S3Uri']}/selection.json")
    selection: dict[str, Any] = json.loads(content)
    return selection


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
