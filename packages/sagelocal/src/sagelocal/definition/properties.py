"""Properties: what a reference to a step leads to, as the service's responses have it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sagelocal.definition.api import CALLS, Shape, response_shape, shape
from sagelocal.definition.expressions import Path, is_expression
from sagelocal.errors import did_you_mean
from sagelocal.files import JsonObject

ANY = "any"
_WITHOUT_RESPONSE = ("Condition", "Fail")
# What the SDK adds to a tuning step: the answer of ListTrainingJobsForHyperParameterTuningJob.
_SUMMARIES = "TrainingJobSummaries"


class NoPropertyError(Exception):
    """A reference leads nowhere.

    Args:
        rule: What there is not, such as `the service's response has no 'Uri'`.
        remedy: The nearest that there is.
    """

    def __init__(self, rule: str, remedy: str = "") -> None:
        super().__init__(rule)
        self.rule = rule
        self.remedy = remedy


@dataclass(frozen=True)
class Referred:
    """A step that is referred to.

    Attributes:
        name: What it is called.
        kind: Its type.
        arguments: Its request, expressions unresolved.
        property_files: The names of its property files.
    """

    name: str
    kind: str
    arguments: JsonObject
    property_files: Collection[str] = ()


def property_type(step: Referred, path: Path) -> str:
    """Return the type that a property has in the API's words; `any` if only its value shows that.

    Args:
        step: The step.
        path: Keys and indices inside its response.

    Raises:
        NoPropertyError: If no response of the service has it, or the step has no such output.
    """
    if path[:1] == ("PropertyFiles",):
        if len(path) != 2 or path[1] not in step.property_files:
            raise NoPropertyError(
                f"names no property file of step {step.name!r}",
                did_you_mean(str(path[-1]), step.property_files),
            )
        return ANY
    if step.kind == "Condition" and path == ("Outcome",):
        return ANY
    if step.kind not in CALLS and step.kind not in _WITHOUT_RESPONSE:
        return ANY
    if step.kind not in CALLS:
        raise NoPropertyError(
            f"a {step.kind} step has no such property",
            "It has an Outcome." if step.kind == "Condition" else "It has none.",
        )
    _check_names(step, path)
    if step.kind == "Tuning" and path[0] == _SUMMARIES:
        return _descend(shape("HyperParameterTrainingJobSummaries"), path[1:])
    return _descend(response_shape(step.kind), path)


def output_names(arguments: JsonObject) -> list[str]:
    """Return the names of the outputs of a Processing request."""
    return _names(arguments, ("ProcessingOutputConfig", "Outputs"), "OutputName")


def _descend(place: Shape, path: Path) -> str:
    for key in path:
        inner = place.inner(key)
        if inner is None:
            remedy = did_you_mean(str(key), place.members) if place.members else "It ends here."
            raise NoPropertyError(f"the service's response has no {key!r}", remedy)
        place = inner
    return place.kind


def _check_names(step: Referred, path: Path) -> None:
    """Check names that the request gives, not the API: inputs, outputs, tuned hyperparameters."""
    for start, key, what in (
        (("ProcessingOutputConfig", "Outputs"), "OutputName", "output"),
        (("ProcessingInputs",), "InputName", "input"),
    ):
        if path[: len(start)] == start:
            _check_name(step, path[len(start) :], _names(step.arguments, start, key), what)
    if path[:2] == ("BestTrainingJob", "TunedHyperParameters") and "Autotune" not in step.arguments:
        tuned = list(_tuned(step.arguments))
        if path[2:3] == () or path[2] not in tuned:
            raise NoPropertyError(
                f"names no hyperparameter that step {step.name!r} tunes",
                did_you_mean(str(path[-1]), tuned),
            )


def _check_name(step: Referred, rest: Path, names: list[str], what: str) -> None:
    by_place = rest[:1] and isinstance(rest[0], int) and rest[0] < len(names)
    if not by_place and not {*rest[:1]} & {*names}:
        raise NoPropertyError(
            f"names no {what} of step {step.name!r}",
            did_you_mean(str(rest[0]) if rest else "", names),
        )


def _names(arguments: JsonObject, path: tuple[str, ...], key: str) -> list[str]:
    value: object = arguments
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    entries = value if isinstance(value, list) else []
    return [str(entry.get(key)) for entry in entries if isinstance(entry, dict)]


def _tuned(arguments: JsonObject) -> Iterator[str]:
    config = arguments.get("HyperParameterTuningJobConfig")
    ranges = config.get("ParameterRanges") if isinstance(config, dict) else None
    for kind in ranges.values() if isinstance(ranges, dict) and not is_expression(ranges) else ():
        yield from (str(one.get("Name")) for one in kind or () if isinstance(one, dict))
