"""Step caching: a step whose request asks for the same work as before takes the earlier result.

What counts as the same is the service's own table of attributes
(https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-default-keys.html). As there, only
steps that succeeded count, of the same pipeline and name, and the most recent one is taken. One
rule is added: what the result consists of must still be in the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sagelocal.definition.graph import Step
from sagelocal.executions.artefacts import result_addresses
from sagelocal.executions.history import succeeded_steps
from sagelocal.executions.records import StepRecord
from sagelocal.files import JsonObject
from sagelocal.storage.buckets import Storage

_COMPARED: dict[str, tuple[tuple[str, ...], ...]] = {
    "Processing": (("AppSpecification",), ("Environment",), ("ProcessingInputs",)),
    "Training": (
        ("AlgorithmSpecification",),
        ("CheckpointConfig",),
        ("DebugHookConfig",),
        ("DebugRuleConfigurations",),
        ("Environment",),
        ("HyperParameters",),
        ("InputDataConfig",),
    ),
    "Tuning": (
        ("HyperParameterTuningJobConfig",),
        ("TrainingJobDefinition", "AlgorithmSpecification"),
        ("TrainingJobDefinition", "HyperParameterRanges"),
        ("TrainingJobDefinition", "InputDataConfig"),
        ("TrainingJobDefinition", "StaticHyperParameters"),
        ("TrainingJobDefinition", "TuningObjective"),
        ("TrainingJobDefinitions",),
    ),
    "Transform": (("DataProcessing",), ("Environment",), ("ModelName",), ("TransformInput",)),
}


@dataclass(frozen=True)
class Cache:
    """The results of earlier executions of a pipeline, for a new one.

    Attributes:
        home: The folder that holds `executions/`.
        storage: Where their results lie.
        pipeline_name: The pipeline; others are never looked at.
        tokens: Step name → what must not have changed since, beside the request. It makes a step
            reusable that the definition does not call so.
        enabled: Whether anything is reused at all.
    """

    home: Path
    storage: Storage
    pipeline_name: str
    tokens: Mapping[str, str] = field(default_factory=dict)
    enabled: bool = True

    def find(self, step: Step, request: JsonObject) -> StepRecord | None:
        """Return the record of the step that did the same work last, if it can be reused.

        Its `cached_from` names the execution that did the work.
        """
        token = self.tokens.get(step.name)
        if not self.enabled or step.kind not in _COMPARED or (not step.cached_for and not token):
            return None
        wanted = compared(step.kind, request)
        for record in succeeded_steps(self.home, self.pipeline_name, step.name):
            if (
                (record.kind, record.token) == (step.kind, token)
                and compared(step.kind, record.arguments or {}) == wanted
                and self._is_usable(record, step.cached_for)
            ):
                return record
        return None

    def _is_usable(self, record: StepRecord, longest: timedelta | None) -> bool:
        ended = datetime.fromisoformat(record.end_time or "")
        if longest is not None and datetime.now(UTC) - ended > longest:
            return False
        return all(map(self.storage.exists, result_addresses(record)))


def compared(kind: str, request: JsonObject) -> list[object]:
    """Return the parts of a request that decide whether it asks for the same work."""
    return [_part(request, path) for path in _COMPARED[kind]]


def _part(request: JsonObject, path: tuple[str, ...]) -> object:
    value: object = request
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
