"""Results of an execution, read back from the files that its steps wrote."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sagetabular.local.objects import json_object
from sagetabular.local.scoring import R2, Scoring, scoring_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagelocal import ExecutionRecord, LocalSageMaker, StepRecord

# What scripts of earlier releases read: there for this one metric alone.
_OF_R2 = ("r2", "cv_r2", "cv_r2_std", "test_r2")


@dataclass(frozen=True)
class Entry:
    """One model: the metric's mean and deviation over the folds of its best trial, and its score.

    A model that is fitted without a search has no cross-validated score, and no trials.

    Attributes:
        name: The model.
        cv: Mean over the folds.
        cv_std: Its standard deviation over them.
        test: On the test rows.
        trials: How many there were.
        cv_r2: The same as `cv` where the metric is R2; None for every other one.
        cv_r2_std: Likewise.
        test_r2: Likewise.
    """

    name: str
    cv: float | None
    cv_std: float | None
    test: float
    trials: int
    cv_r2: float | None = None
    cv_r2_std: float | None = None
    test_r2: float | None = None


@dataclass(frozen=True)
class Result:
    """The output of `pipeline run --json`; None where the execution did not come so far.

    `rows` counts what Preprocess read and used; `notes` says what it left out unasked, and why.

    Attributes:
        execution: Its identifier.
        status: How it stands.
        task: What is predicted: `regression`, `binary` or `multiclass`.
        metric: What the models are selected by.
        winner: The best model.
        score: Its score on the test rows.
        r2: The same where the metric is R2; None for every other one.
        models: All models, the best first.
        model_package: What was registered.
        rows: Of the table.
        notes: Sentences of Preprocess.
    """

    execution: str
    status: str
    task: str
    metric: str
    winner: str | None
    score: float | None
    r2: float | None
    models: list[Entry]
    model_package: str | None
    rows: dict[str, int] | None = None
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON would have it; keys that name R2 are for that metric alone."""
        result = asdict(self)
        if self.metric == R2.name:
            return result
        models = [_without(entry, _OF_R2) for entry in result["models"]]
        return _without(result, _OF_R2) | {"models": models}


def read_result(sagemaker: LocalSageMaker, record: ExecutionRecord) -> Result:
    """Collect the result of an execution, best model first."""
    selection, summary = _selection(sagemaker, record), _summary(sagemaker, record)
    scoring = scoring_of(selection, record)
    trials = _trials(record)
    models = [
        _entry(candidate, scoring.metric.name, trials.get(candidate["model"], 0))
        for candidate in selection.get("ranking", [])
    ]
    winner = models[0] if models else None
    return Result(
        execution=record.id,
        status=record.status,
        task=scoring.task,
        metric=scoring.metric.name,
        winner=winner.name if winner else None,
        score=winner.test if winner else None,
        r2=winner.test_r2 if winner else None,
        models=models,
        model_package=_model_package(record),
        rows=_rows(summary) if summary else None,
        notes=summary.get("notes", []),
    )


def read_scoring(sagemaker: LocalSageMaker, record: ExecutionRecord) -> Scoring:
    """Return what the models of an execution are, or were to be, scored by."""
    return scoring_of(_selection(sagemaker, record), record)


def _entry(candidate: Mapping[str, Any], metric: str, trials: int) -> Entry:
    cv, std, test = (candidate[name] for name in (f"cv_{metric}", f"cv_{metric}_std",
                                                  f"test_{metric}"))  # fmt: skip
    same = (cv, std, test) if metric == R2.name else (None, None, None)
    return Entry(candidate["model"], cv, std, test, trials, *same)


def _without(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _selection(sagemaker: LocalSageMaker, record: ExecutionRecord) -> dict[str, Any]:
    """Return what Select found; nothing if it did not come so far."""
    step = record.steps.get("Select")
    if step is None or step.status != "Succeeded" or step.response is None:
        return {}
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
