"""Settings of an execution, under the names that people write them with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.local.objects import json_object
from sagetabular.report.searches import ranges_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagelocal import ExecutionRecord, LocalSageMaker, Storage

# Input of Preprocess, and the file in it, that hold its part of conf/pipeline.yaml.
INPUT, FILE = "settings", "preprocess.json"
# By its end: executions of earlier versions name another package.
CODE, SELECT = "code", ".jobs.select"
_OF_DATA = ("target", "positive", "weights", "class_weights", "columns", "one_hot", "drop",
            "duplicates", "missing")  # fmt: skip
# The name here of what nobody wrote: a time that is neither dropped nor what the rows are split by.
UNASKED = "times that no model sees"


@dataclass(frozen=True)
class Group:
    """Settings of one step, name → value; `step` is empty for the parameters of the pipeline."""

    step: str
    values: Mapping[str, str]


def read_settings(sagemaker: LocalSageMaker, record: ExecutionRecord) -> list[Group]:
    """Return the parameters, and the settings of each step beside them.

    A step that was not reached is left out: its settings were not resolved.
    """
    parameters = {name: str(value) for name, value in record.parameters.items()}
    steps = [
        Group(step.name, _settings_of(sagemaker.storage, step.arguments))
        for step in record.steps.values()
        if step.arguments
    ]
    return [group for group in (Group("", parameters), *steps) if group.values]


def _settings_of(storage: Storage, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings of Preprocess, Select and a search, and the code's hash."""
    inputs = inputs_of(arguments)
    values = _data_and_split(storage, inputs[INPUT]) if INPUT in inputs else {}
    program = arguments.get("AppSpecification", {})
    if any(word.endswith(SELECT) for word in program.get("ContainerEntrypoint", [])):
        words = program["ContainerArguments"]
        for name in ("by", "metric"):  # the metric travels where it is not the default
            if f"--{name}" in words:
                values[f"selection.{name}"] = str(words[words.index(f"--{name}") + 1])
    values |= _search(arguments)
    if CODE in inputs:
        values[CODE] = inputs[CODE].rstrip("/").rsplit("/", 1)[-1]
    return values


def _data_and_split(storage: Storage, uri: str) -> dict[str, str]:
    """Return the part of conf/pipeline.yaml that Preprocess reads, with that file's names."""
    address = f"{uri.rstrip('/')}/{FILE}"
    if not storage.exists(address):
        return {}
    values: dict[str, str] = {}
    content = json_object(storage, address)
    if unasked := content.pop("unasked", []):
        dropped = [name for name in content["drop"] if name not in unasked]
        content |= {"drop": dropped, UNASKED: unasked}
    for name, value in content.items():
        label = f"data.{name}" if name in _OF_DATA else name
        inner = value if isinstance(value, dict) else {"": value}
        words = _column if name == "columns" else _in_words
        values |= {f"{label}.{key}" if key else label: words(it) for key, it in inner.items()}
    return {name: text for name, text in values.items() if text}


def _column(column: Mapping[str, Any]) -> str:
    return f"{column['type']}{', optional' if column['optional'] else ''}"


def _in_words(value: Any) -> str:
    """Return a value as text; empty where nothing is said."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    return "" if value is None else str(value)


def _search(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return the strategy of a search, its fixed hyperparameters, the ranges of the others."""
    config = arguments.get("HyperParameterTuningJobConfig", {})
    static = arguments.get("TrainingJobDefinition", {}).get("StaticHyperParameters", {})
    values = {
        "strategy": config.get("Strategy"),
        "early stopping": config.get("TrainingJobEarlyStoppingType"),
        # The others are for the program that calls the model, and are parameters.
        **{name: v for name, v in static.items() if not name.startswith(("job_", "sagemaker_"))},
        **{space.name: space for space in ranges_of(config.get("ParameterRanges", {}))},
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def inputs_of(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return where the inputs and channels of a job lie, by their names.

    Args:
        arguments: The request for the job, or what SageMaker tells of it.
    """
    training = arguments.get("TrainingJobDefinition", arguments)
    channels = {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in training.get("InputDataConfig", [])
        if "S3DataSource" in channel["DataSource"]
    }
    inputs = {
        found["InputName"]: found["S3Input"]["S3Uri"]
        for found in arguments.get("ProcessingInputs", [])
        if "S3Input" in found
    }
    return channels | inputs
