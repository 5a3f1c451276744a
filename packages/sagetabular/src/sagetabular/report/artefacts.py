"""Artefacts of an execution, read from its records and its S3 prefixes."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from sagetabular.jobs.scoring.metrics import SECTIONS
from sagetabular.jobs.scoring.predictions import PROBABILITY
from sagetabular.local.objects import json_object
from sagetabular.report.searches import search_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sagelocal import ExecutionRecord, LocalSageMaker, StepRecord, Storage
    from sagetabular.report.searches import SearchOutcome


@dataclass(frozen=True)
class TestOutcome:
    """One model on the test rows.

    Attributes:
        task: What is predicted.
        cv: `cv.json` of the best trial; None for a model without a search.
        metrics: Metric → its `value` and `standard_deviation`.
        predictions: Columns `actual` and `predicted`; for classes these are labels, and beside them
            is a column `probability_<class>` for each class.
        importance: Column → its share, largest first; None if the model does not offer it.
    """

    task: str
    cv: Mapping[str, Any] | None
    metrics: Mapping[str, Mapping[str, float]]
    predictions: pd.DataFrame
    importance: Mapping[str, float] | None

    @property
    def classes(self) -> list[str]:
        """The classes in their order, the positive one of two last; none for numbers."""
        names = map(str, self.predictions.columns)
        return [name.removeprefix(PROBABILITY) for name in names if name.startswith(PROBABILITY)]

    def probability(self, name: str) -> NDArray[np.float64]:
        """Return the probability of a class in each row, shape (rows,)."""
        return self.predictions[f"{PROBABILITY}{name}"].to_numpy(float)


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
    tunings = {tuning.model: tuning for tuning in map(search_of, _succeeded(record, "Tuning"))}
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
    task = next(name for name, section in SECTIONS.items() if section in quality)
    return TestOutcome(
        task=task,
        cv=_json_if_there(storage, f"{uri}/cv.json"),
        metrics=_values(quality[SECTIONS[task]]),
        predictions=pd.read_parquet(BytesIO(storage.read_bytes(f"{uri}/predictions.parquet"))),
        importance=_json_if_there(storage, f"{uri}/importance.json"),
    )


def _values(section: Mapping[str, Any]) -> dict[str, Mapping[str, float]]:
    """Return the metrics that are a number; curves and the confusion matrix are none."""
    return {
        name: value
        for name, value in section.items()
        if isinstance(value, dict) and isinstance(value.get("value"), int | float)
    }


def _json_if_there(storage: Storage, uri: str) -> Any:
    return json_object(storage, uri) if storage.exists(uri) else None
