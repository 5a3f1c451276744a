"""Artefacts of an execution, read from its records and its S3 prefixes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from sagetabular.local.objects import json_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagelocal import ExecutionRecord, LocalSageMaker, StepRecord, Storage


@dataclass(frozen=True)
class Trial:
    """One trial.

    Attributes:
        number: From 1.
        hyperparameters: What was tried.
        status: `Completed`, `Failed` or `Stopped`.
        r2: Mean over the folds, or over those that a stopped trial came to; None if it failed.
        seconds: How long it took.
    """

    number: int
    hyperparameters: Mapping[str, str]
    status: str
    r2: float | None
    seconds: float

    @property
    def is_complete(self) -> bool:
        """True if all folds were fitted."""
        return self.status == "Completed"


@dataclass(frozen=True)
class Range:
    """Range of one hyperparameter; `values` for a categorical one, else bounds."""

    name: str
    logarithmic: bool
    values: tuple[str, ...] = ()
    low: str = ""
    high: str = ""

    def __str__(self) -> str:
        """Return the range in words."""
        if self.values:
            return ", ".join(self.values)
        return f"{self.low} to {self.high}{', logarithmic' if self.logarithmic else ''}"


@dataclass(frozen=True)
class SearchOutcome:
    """The search of one model."""

    model: str
    strategy: str
    ranges: tuple[Range, ...]
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """The first of the trials with the highest R2, of those that came to their end."""
        whole = [trial for trial in self.trials if trial.is_complete and trial.r2 is not None]
        return max(whole, key=lambda trial: trial.r2 or 0.0, default=None)


@dataclass(frozen=True)
class TestOutcome:
    """One model on the test rows.

    Attributes:
        cv: `cv.json` of the best trial; None for a model without a search.
        metrics: Metric → its `value` and `standard_deviation`.
        predictions: Columns `actual` and `predicted`.
        importance: Column → its share, largest first; None if the model does not offer it.
    """

    cv: Mapping[str, Any] | None
    metrics: Mapping[str, Mapping[str, float]]
    predictions: pd.DataFrame
    importance: Mapping[str, float] | None


@dataclass(frozen=True)
class Artefacts:
    """Everything that a report shows beside the record; parts that were not reached are absent."""

    tunings: Mapping[str, SearchOutcome]
    evaluations: Mapping[str, TestOutcome]
    summary: Mapping[str, Any] | None


def read_artefacts(sagemaker: LocalSageMaker, record: ExecutionRecord) -> Artefacts:
    """Collect what the steps that succeeded have written.

    Raises:
        StorageError: An artefact has been removed since.
    """
    evaluations = {}
    for step, uri in _outputs(record, "evaluation"):
        arguments = (step.arguments or {})["AppSpecification"]["ContainerArguments"]
        model = arguments[arguments.index("--model") + 1]
        evaluations[model] = _evaluation(sagemaker.storage, uri)
    tunings = {tuning.model: tuning for tuning in map(_tuning, _succeeded(record, "Tuning"))}
    return Artefacts(tunings, evaluations, read_summary(sagemaker, record))


def read_summary(sagemaker: LocalSageMaker, record: ExecutionRecord) -> Mapping[str, Any] | None:
    """Return what Preprocess noted about the rows; None if it did not come so far.

    Raises:
        StorageError: It has been removed since.
    """
    for _, uri in _outputs(record, "summary"):
        return json_object(sagemaker.storage, f"{uri}/summary.json")
    return None


def _succeeded(record: ExecutionRecord, kind: str) -> list[StepRecord]:
    steps = record.steps.values()
    return [step for step in steps if step.kind == kind and step.status == "Succeeded"]


def _outputs(record: ExecutionRecord, name: str) -> Iterator[tuple[StepRecord, str]]:
    """Yield the Processing steps with an output of that name, and where it lies."""
    for step in _succeeded(record, "Processing"):
        configuration = (step.response or {}).get("ProcessingOutputConfig", {})
        for output in configuration.get("Outputs", []):
            if output["OutputName"] == name:
                yield step, output["S3Output"]["S3Uri"]


def _evaluation(storage: Storage, uri: str) -> TestOutcome:
    quality = json_object(storage, f"{uri}/evaluation.json")
    return TestOutcome(
        cv=_json_if_there(storage, f"{uri}/cv.json"),
        metrics=quality["regression_metrics"],
        predictions=pd.read_parquet(BytesIO(storage.read_bytes(f"{uri}/predictions.parquet"))),
        importance=_json_if_there(storage, f"{uri}/importance.json"),
    )


def _json_if_there(storage: Storage, uri: str) -> Any:
    return json_object(storage, uri) if storage.exists(uri) else None


def _tuning(step: StepRecord) -> SearchOutcome:
    response: Mapping[str, Any] = step.response or {}
    config = response["HyperParameterTuningJobConfig"]
    static = response["TrainingJobDefinition"].get("StaticHyperParameters", {})
    trials = enumerate(sorted(response["TrainingJobSummaries"], key=_begun), start=1)
    return SearchOutcome(
        model=static.get("job_model", step.name),
        strategy=config["Strategy"],
        ranges=tuple(ranges_of(config.get("ParameterRanges", {}))),
        trials=tuple(_trial(number, summary) for number, summary in trials),
    )


def _begun(summary: Mapping[str, Any]) -> tuple[int, str]:
    """Return the place of a trial among those of its search, whose names end in their numbers."""
    name = summary["TrainingJobName"]
    return len(name), name


def ranges_of(ranges: Mapping[str, Any]) -> Iterator[Range]:
    """Yield what is searched, from the `ParameterRanges` of a request."""
    for entry in (*ranges.get("IntegerParameterRanges", ()),
                  *ranges.get("ContinuousParameterRanges", ())):  # fmt: skip
        logarithmic = entry.get("ScalingType") == "Logarithmic"
        yield Range(entry["Name"], logarithmic, (), entry["MinValue"], entry["MaxValue"])
    for entry in ranges.get("CategoricalParameterRanges", ()):
        yield Range(entry["Name"], logarithmic=False, values=tuple(map(plain, entry["Values"])))


def _trial(number: int, summary: Mapping[str, Any]) -> Trial:
    tuned = {name: plain(value) for name, value in summary["TunedHyperParameters"].items()}
    objective = summary.get("FinalHyperParameterTuningJobObjectiveMetric")
    r2 = float(objective["Value"]) if objective else None
    return Trial(number, tuned, summary["TrainingJobStatus"], r2, float(summary["Seconds"]))


def plain(value: str) -> str:
    """Return a hyperparameter as people write it: categories travel as quoted JSON."""
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except json.JSONDecodeError:
        return value
