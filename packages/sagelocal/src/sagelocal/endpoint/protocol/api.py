"""The API of the endpoint: requests and answers, checked by botocore's description of SageMaker."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, NoReturn

import botocore.session
from botocore.validate import ParamValidator

from sagelocal.definition.limits import limit_problems
from sagelocal.files import JsonObject

VALIDATION, NOT_FOUND, CONFLICT = "ValidationException", "ResourceNotFound", "ConflictException"
UNKNOWN_OPERATION, NO_JSON = "UnknownOperationException", "SerializationException"
# The service gives such names to the jobs of pipelines itself, and so are those of sagelocal.
_LONGER_HERE = {"HyperParameterTuningJobName"}
_LIMITS = ("min", "max", "pattern", "enum")
# An escaped character, a class, or a dot that stands for any character.
_PART = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\.")
_IN_LINE = r"[^\n\r\x85\u2028\u2029]"


class ServiceError(Exception):
    """What the service answers instead of what was asked for.

    Args:
        code: The name of the error, which clients go by.
        message: What is wrong, and with which value.
        status: Of the HTTP answer; no client tries again after one below 500.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def refuse(message: str) -> NoReturn:
    """Raise that a request is not valid.

    Raises:
        ServiceError: Always.
    """
    raise ServiceError(VALIDATION, message)


@cache
def service_model() -> Any:
    """Return botocore's description of SageMaker."""
    return botocore.session.Session().get_service_model("sagemaker")


def read_request(operation: str, body: bytes) -> JsonObject:
    """Return the members of a request.

    Args:
        operation: Its name, which the service has.
        body: JSON.

    Raises:
        ServiceError: If it is no JSON object, or not what the operation takes.
    """
    try:
        request = json.loads(body or b"{}", parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ServiceError(NO_JSON, f"The body of the request is no JSON: {error}.") from error
    if not isinstance(request, dict):
        raise ServiceError(NO_JSON, f"The request must be an object, got {str(request)[:80]!r}.")
    shape = service_model().operation_model(operation).input_shape
    try:
        report = ParamValidator().validate(request, shape)
    except RecursionError as error:
        raise ServiceError(NO_JSON, "The request is nested too deeply.") from error
    except (
        OverflowError,
        RuntimeError,
        ValueError,
        OSError,
    ) as error:  # only times are computed with
        refuse(f"A time of the request is out of range: {error}.")
    if report.has_errors():
        refuse(report.generate_report())
    if problems := list(_problems(request, shape, "")):
        refuse(f"{len(problems)} validation error(s) detected: {' '.join(problems)}")
    return request


def shaped_answer(operation: str, answer: JsonObject) -> JsonObject:
    """Return an answer as the operation gives it: no other members, times in seconds since 1970."""
    shape = service_model().operation_model(operation).output_shape
    return _shaped(answer, shape) if shape is not None else {}


def described(shape: str, value: JsonObject) -> JsonObject:
    """Return a value with the members of a structure of the API alone, times as they are."""
    members = service_model().shape_for(shape).members
    return {name: value[name] for name in members if value.get(name) is not None}


def seconds(when: str) -> float:
    """Return a time of a record, ISO 8601, in seconds since 1970."""
    return datetime.fromisoformat(when).timestamp()


def moment(value: object) -> datetime:
    """Return a time of a request, which is a number or text, in UTC where it does not say."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _problems(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Yield what botocore's validator does not see: lengths, patterns, enumerations."""
    if shape.type_name == "structure":
        for name, inner in value.items():
            yield from _problems(inner, shape.members[name], f"{path}.{name}" if path else name)
        return
    if shape.type_name in ("integer", "long") and isinstance(value, bool):
        yield f"{path} must be a whole number, got {value}."
    if shape.type_name == "timestamp":
        yield from _time_problems(value, path)
    elif shape.name not in _LONGER_HERE:
        limits = {name: shape.metadata[name] for name in _LIMITS if shape.metadata.get(name)}
        if "pattern" in limits:
            limits["pattern"] = _of_one_line(limits["pattern"])
        yield from limit_problems(value, limits, path)
    if shape.type_name == "list":
        for position, inner in enumerate(value):
            yield from _problems(inner, shape.member, f"{path}[{position}]")
    if shape.type_name == "map":
        for name, inner in value.items():
            yield from _problems(name, shape.key, f"{path} (key {name})")
            yield from _problems(inner, shape.value, f"{path}.{name}")


def _of_one_line(pattern: str) -> str:
    """Return a pattern whose dots stand for what Java's do: any character but a line break.

    A pattern that names line breaks itself, as that of definitions, is left as it is: its parts
    overlap, and to find that none fits would take forever.
    """
    if r"\n" in pattern:
        return pattern
    return _PART.sub(lambda part: _IN_LINE if part[0] == "." else part[0], pattern)


def _time_problems(value: Any, path: str) -> Iterator[str]:
    try:
        moment(value)
    except (ValueError, OverflowError, OSError):
        yield f"{path} must be a time in seconds since 1970, got {value!r:.80}."


def _shaped(value: Any, shape: Any) -> Any:
    if shape.type_name == "structure":
        members = shape.members.items()
        found = {name: (value.get(name), inner) for name, inner in members}
        return {name: _shaped(*pair) for name, pair in found.items() if pair[0] is not None}
    if shape.type_name == "list":
        return [_shaped(inner, shape.member) for inner in value]
    if shape.type_name == "map":
        return {name: _shaped(inner, shape.value) for name, inner in value.items()}
    if shape.type_name == "timestamp" and isinstance(value, str):
        return seconds(value)
    return value
