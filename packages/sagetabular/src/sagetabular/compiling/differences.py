"""Differences between two requests of one step, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str, ...]
# Members of which each object in a list has a name of its own.
_NAMES = ("InputName", "OutputName", "ChannelName", "Name", "Key", "PropertyFileName")
# Member of a request → what it is called; {} is the member below it, or the one below that.
_WORDS = {
    "ContainerEntrypoint": "program",
    "ContainerArguments": "arguments",
    "ImageUri": "image",
    "TrainingImage": "image",
    "Environment": "environment {}",
    "ProcessingInputs": "input {}",
    "InputDataConfig": "input {}",
    "TransformInput": "input",
    "ProcessingOutputConfig": "output",
    "OutputDataConfig": "output",
    "TransformOutput": "output",
    "HyperParameters": "hyperparameter {}",
    "StaticHyperParameters": "hyperparameter {}",
    "ParameterRanges": "range of {1}",
    "HyperParameterRanges": "range of {1}",
    "MaxNumberOfTrainingJobs": "number of trials",
    "MaxParallelTrainingJobs": "trials at once",
    "Strategy": "strategy of the search",
    "RandomSeed": "seed",
    "MetricDefinitions": "metrics",
    "InstanceType": "instance type",
    "InstanceCount": "number of instances",
    "VolumeSizeInGB": "volume",
    "StoppingCondition": "time limit",
    "NetworkConfig": "network",
    "VpcConfig": "network",
    "EnableNetworkIsolation": "network",
    "RoleArn": "role",
    "Tags": "tags",
    "Conditions": "conditions",
    "CacheConfig": "cache",
    "RetryPolicies": "retries",
    "PropertyFiles": "property files",
    "DependsOn": "what it waits for",
    "Type": "kind of step",
    "Inside": "condition around it",
}
_SAME_AS = {
    "input code": "code",
    "hyperparameter sagemaker_program": "program",
    "hyperparameter sagemaker_submit_directory": "code",
}
_LONGEST = 60


@dataclass(frozen=True)
class Difference:
    """One thing that differs.

    Attributes:
        what: What it is called.
        old: Its earlier value; empty if it had none, or none that can be read at a glance.
        new: Its value now; likewise.
        decides: Whether SageMaker's cache compares it.
    """

    what: str
    old: str = ""
    new: str = ""
    decides: bool = False

    def __str__(self) -> str:
        """Return it with both values where they are short."""
        return f"{self.what} {self.old} → {self.new}" if self.old and self.new else self.what


def differences(old: Any, new: Any, key: tuple[Path, ...] = ()) -> tuple[Difference, ...]:
    """Return what differs between two steps, or parts of them; each thing once.

    Args:
        old: The earlier one.
        new: The one now.
        key: The members that SageMaker's cache compares.
    """
    before, after = dict(_leaves(old)), dict(_leaves(new))
    found: dict[str, Difference] = {}
    for path in [*before, *(path for path in after if path not in before)]:
        one, other = before.get(path), after.get(path)
        if one != other:
            what = _word(path)
            decides = any(path[: len(part)] == part for part in key)
            known = found.get(what)
            values = (known.old, known.new) if known else (_value(one), _value(other))
            found[what] = Difference(what, *values, decides or bool(known and known.decides))
    return tuple(found.values())


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield path and value of all that holds nothing to look into."""
    parts = _parts(value)
    if parts is None:
        yield path, value
        return
    for name, part in parts.items():
        yield from _leaves(part, (*path, name))


def _parts(value: Any) -> Mapping[str, Any] | None:
    """Return the named parts of a value; None of one that is a whole, as an expression is."""
    if isinstance(value, Mapping):
        expression = len(value) == 1 and str(next(iter(value))).startswith(("Get", "Std:"))
        return None if expression else value
    if not isinstance(value, list) or not value:
        return None
    for name in _NAMES:
        if all(isinstance(each, Mapping) and isinstance(each.get(name), str) for each in value):
            return {each[name]: each for each in value}
    return None


def _word(path: Path) -> str:
    """Return what a member is called: by the outermost part of its path that has a word."""
    for place, member in enumerate(path):
        if member in _WORDS:
            below = (*path[place + 1 :], "", "")
            word = _WORDS[member].format(*below).strip()
            return _SAME_AS.get(word, word)
    return path[-1] if path else "value"


def _value(value: Any) -> str:
    """Return a value that can be read at a glance; empty if it cannot."""
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        value = value[-1]  # of a container's entry point: the program
    if isinstance(value, Mapping) and str(value.get("Get", "")).startswith("Parameters."):
        return str(value["Get"]).removeprefix("Parameters.")
    if not isinstance(value, str | int | float):
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST else ""
