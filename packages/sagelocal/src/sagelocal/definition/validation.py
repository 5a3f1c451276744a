"""Validation: what in a request the API would refuse.

Members, types, enumerations, lengths, numbers, patterns and what is required are those of the
shapes that botocore ships. Expressions are left out: what they become is known later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from sagelocal.definition.api import CALLS, Shape, request_shape
from sagelocal.definition.expressions import is_expression
from sagelocal.definition.limits import broken_limits
from sagelocal.errors import did_you_mean
from sagelocal.files import JsonObject

# What Pipelines gives a request itself. It takes the name of a job where one is written.
_GIVEN = {
    "Processing": "ProcessingJobName",
    "Training": "TrainingJobName",
    "Tuning": "HyperParameterTuningJobName",
    "Model": "ModelName",
    "Transform": "TransformJobName",
}
# Members of the API that Pipelines does not know, with where that is reported.
_UNKNOWN_TO_PIPELINES = {
    "ModelPackageName": "aws/sagemaker-python-sdk#3472",
    "AdditionalModelDataSources": "aws/sagemaker-python-sdk#4994",
}
# A name that a job has here. The service gives its own jobs shorter ones, which fit everywhere.
_LOCAL_JOB = re.compile(r"pipelines-\d{8}-\d{6}-[0-9a-f]{4}-[\w-]+")
_WORDS = {
    "structure": "an object",
    "map": "an object",
    "list": "a list",
    "string": "text",
    "integer": "a whole number",
    "long": "a whole number",
    "float": "a number",
    "double": "a number",
    "boolean": "true or false",
}


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with a part of a request.

    Attributes:
        place: The part, e.g. `ProcessingInputs[0].S3Input.S3Uri`; empty for the whole request.
        rule: What is wrong, as it follows the place: `must be text, got 5`.
        remedy: What to do about it.
    """

    place: str
    rule: str
    remedy: str


Place = tuple[str, object, Shape]


def request_problems(kind: str, request: JsonObject) -> Iterator[Problem]:
    """Yield all problems of a request, but for what its expressions become.

    Args:
        kind: The type of the step that holds it, one of `CALLS`.
        request: The request; a null counts as left out.
    """
    whole = request_shape(kind)
    name = _GIVEN.get(kind, "")
    given = {} if request.get(name) is not None or not name else {name: {"Get": ""}}
    yield from _problems({**given, **request}, whole, "", CALLS[kind][0])


def expression_places(kind: str, request: JsonObject) -> Iterator[Place]:
    """Yield place, expression and shape of all outermost expressions in a request."""
    yield from _expressions(request, request_shape(kind), "")


def without_nulls(value: object) -> object:
    """Return JSON without the members that are null: the API takes them as left out."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def _problems(value: object, place: Shape, path: str, name: str) -> Iterator[Problem]:
    """Yield what is wrong with a value; `name` is what the API reference calls its type."""
    if is_expression(value):
        return
    if not _FITS[place.kind](value):
        rule = f"must be {_WORDS.get(place.kind, place.kind)}, got {_short(value)}"
        yield Problem(path, rule, _see(name))
        return
    if isinstance(value, str) and _LOCAL_JOB.fullmatch(value):
        return
    for rule in broken_limits(value, place.limits):
        close = did_you_mean(str(value), place.limits["enum"]) if "enum" in place.limits else ""
        yield Problem(path, rule, close if close.startswith("Did") else _see(name))
    if isinstance(value, list):
        element = place.inner(0)
        for position, item in enumerate(value):
            assert element is not None  # noqa: S101 - a list has elements
            yield from _problems(item, element, f"{path}[{position}]", element.name)
    elif place.kind == "map" and isinstance(value, Mapping):
        yield from _in_map(value, place, path)
    elif isinstance(value, Mapping):
        yield from _in_structure(value, place, path, name)


def _in_map(value: Mapping[str, object], place: Shape, path: str) -> Iterator[Problem]:
    inner = place.inner("")
    for key, item in value.items():
        for rule in broken_limits(key, place.key.limits):
            yield Problem(f"{path} key", rule, _see(place.name))
        assert inner is not None  # noqa: S101 - a map has values
        yield from _problems(item, inner, f"{path}.{key}", inner.name)


def _in_structure(
    value: Mapping[str, object], place: Shape, path: str, name: str
) -> Iterator[Problem]:
    for member in place.required:
        if value.get(member) is None:
            yield Problem(_join(path, member), "is missing", f"It is required: {_see(name)}")
    for member, item in value.items():
        inner = place.inner(member)
        if inner is None or member in _UNKNOWN_TO_PIPELINES:
            yield _unknown(member, item, place, path, name)
        elif item is not None:
            yield from _problems(item, inner, _join(path, member), inner.name)


def _unknown(member: str, item: object, place: Shape, path: str, name: str) -> Problem:
    source = _UNKNOWN_TO_PIPELINES.get(member)
    if source is not None:
        remedy = f"Remove it: Pipelines does not know it, see {source}."
    else:
        remedy = _nearest(member, place.members)
    return Problem(_join(path, member), f"is not a member of {name}, got {_short(item)}", remedy)


def _nearest(name: str, known: list[str]) -> str:
    """Return a remedy with the members that are called most alike, from their beginning."""
    close = get_close_matches(name, known, n=2)
    if not close:
        return did_you_mean(name, known)
    close.sort(key=lambda one: -_alike(name, one))
    return f"Did you mean {' or '.join(close)}?"


def _alike(one: str, other: str) -> int:
    """Return how many signs two names begin with alike."""
    equal = [a == b for a, b in zip(one, other, strict=False)]
    return equal.index(False) if False in equal else len(equal)


def _expressions(value: object, place: Shape | None, path: str) -> Iterator[Place]:
    if place is None:
        return
    if is_expression(value):
        yield path, value, place
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _expressions(item, place.inner(key), _join(path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _expressions(item, place.inner(0), f"{path}[{position}]")


def _join(path: str, member: str) -> str:
    return f"{path}.{member}" if path else member


def _see(name: str) -> str:
    return f"See {name} in SageMaker's API reference."


def _short(value: object) -> str:
    return "null" if value is None else repr(value)[:80]


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_FITS: dict[str, Callable[[object], bool]] = {
    "structure": lambda value: isinstance(value, Mapping),
    "map": lambda value: isinstance(value, Mapping),
    "list": lambda value: isinstance(value, list),
    "string": _is_text,
    "blob": _is_text,
    "timestamp": lambda value: _is_text(value) or _is_number(value),
    "integer": _is_whole,
    "long": _is_whole,
    "float": _is_number,
    "double": _is_number,
    "boolean": lambda value: isinstance(value, bool),
}
