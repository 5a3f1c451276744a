"""Every request is one that the API accepts: members, types, lengths, enumerations, patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.validate import ParamValidator

from sagetabular.compiling.checks.expressions import GET, JOIN, JSON_GET, is_expression, references
from sagetabular.compiling.checks.limits import limit_problems, limits_of
from sagetabular.compiling.checks.references import (
    OPERATIONS,
    ReferenceProblemError,
    Scope,
    service_model,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import Shape

# Type of step → member that Pipelines fills in itself when it makes the request.
FILLED_IN = {
    "Processing": "ProcessingJobName",
    "Training": "TrainingJobName",
    "Tuning": "HyperParameterTuningJobName",
    "Model": "ModelName",
    "Transform": "TransformJobName",
}
EXECUTION_ID, EXECUTION_ID_LENGTH = "Execution.PipelineExecutionId", 12
# What a value that is known only at run time is replaced with, to check the rest of the request.
PLACEHOLDERS: dict[str, Any] = {
    "integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": True
}  # fmt: skip
ACCEPTED = {
    "string": {"string"},
    "integer": {"integer", "long"},
    "long": {"integer", "long"},
    "float": {"integer", "long", "float", "double"},
    "double": {"integer", "long", "float", "double"},
    "boolean": {"boolean"},
}


def request_problems(scope: Scope) -> Iterator[str]:
    """Yield one line for everything in a request that the API would refuse."""
    for step in scope.all_steps:
        if step["Type"] in OPERATIONS:
            shape = _input_shape(step)
            yield from _shape_problems(step, shape)
            for path, value, place in _leaves(step["Arguments"], shape, step["Name"]):
                if is_expression(value):
                    yield from _type_problems(value, place, path, scope)
                    yield from _join_problems(value, place, path, scope)
                    yield from _default_problems(value, place, scope)
                else:
                    yield from limit_problems(value, limits_of(place), path)


def parameter_limits(scope: Scope) -> dict[str, list[dict[str, Any]]]:
    """Return parameter → limits of all places that it fills alone."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in scope.parameters}
    for step in scope.all_steps:
        if step["Type"] in OPERATIONS:
            for _, value, place in _leaves(step["Arguments"], _input_shape(step), step["Name"]):
                name = _parameter(value)
                if name in found and (limits := limits_of(place)) not in found[name]:
                    found[name].append(limits)
    return found


def _input_shape(step: Mapping[str, Any]) -> Any:
    return service_model().operation_model(OPERATIONS[step["Type"]][0]).input_shape


def _parameter(value: Any) -> str:
    """Return the parameter that an expression stands for; empty for anything else."""
    return value.get(GET, "").partition("Parameters.")[2] if is_expression(value) else ""


def _shape_problems(step: Mapping[str, Any], shape: Any) -> Iterator[str]:
    """Yield unknown and missing members, and literals of the wrong type, as botocore does."""
    filled = {FILLED_IN[step["Type"]]: "job"} if step["Type"] in FILLED_IN else {}
    request = {**filled, **_fill(step["Arguments"], shape)}
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        for line in report.generate_report().splitlines():
            yield f"{step['Name']}: {line}."


def _fill(value: Any, shape: Any) -> Any:
    """Replace expressions by placeholders of the type that their place asks for."""
    if is_expression(value):
        return _placeholder(shape)
    if isinstance(value, dict):
        return {key: _fill(item, _member(shape, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, getattr(shape, "member", None)) for item in value]
    return value


def _placeholder(shape: Any) -> Any:
    if shape is None or shape.type_name == "string":
        return "x" * max(1, shape.metadata.get("min", 1) if shape is not None else 1)
    return PLACEHOLDERS[shape.type_name]


def _member(shape: Any, key: str) -> Any:
    if shape is None or shape.type_name not in ("structure", "map"):
        return None
    return shape.value if shape.type_name == "map" else shape.members.get(key)


def _leaves(value: Any, shape: Any, path: str) -> Iterator[tuple[str, Any, Shape]]:
    """Yield path, value and shape of all values below `value`, but not of structures."""
    if shape is None:  # an unknown member, reported already
        return
    if is_expression(value) or not isinstance(value, dict | list):
        yield path, value, shape
    elif isinstance(value, list):
        yield path, value, shape
        for position, item in enumerate(value):
            yield from _leaves(item, getattr(shape, "member", None), f"{path}[{position}]")
    else:
        if shape.type_name == "map":
            yield path, value, shape
            for key in value:
                yield f"{path} key", key, shape.key
        for key, item in value.items():
            yield from _leaves(item, _member(shape, key), f"{path}.{key}")


def _type_problems(expression: Any, place: Any, path: str, scope: Scope) -> Iterator[str]:
    if JOIN in expression:
        found = "string"
    elif JSON_GET in expression:
        return
    else:
        try:
            found = scope.type_of(next(references(expression)))
        except ReferenceProblemError:  # reported as a reference already
            return
    if found not in ACCEPTED.get(place.type_name, {found}):
        yield f"{path} must be {place.type_name}, but {expression} is {found}."


def _join_problems(expression: Any, place: Any, path: str, scope: Scope) -> Iterator[str]:
    """Yield a line if what is known of a joined text breaks the limit or the pattern."""
    if JOIN not in expression:
        return
    samples = [_sample(part, scope) for part in expression[JOIN]["Values"]]
    least, maximum = sum(len(sample or "") for sample in samples), place.metadata.get("max")
    if maximum is not None and least > maximum:
        yield f"{path} may have {maximum} characters, got {least} and more."
    elif "pattern" in place.metadata and None not in samples:
        rule = {"pattern": place.metadata["pattern"]}
        yield from limit_problems("".join(map(str, samples)), rule, path)


def _sample(part: Any, scope: Scope) -> str | None:
    """Return a part of a text as it may become, and no longer than that; None if that is open."""
    if not is_expression(part):
        return str(part)
    if part.get(GET) == EXECUTION_ID:
        return "x" * EXECUTION_ID_LENGTH
    name = _parameter(part)
    return str(scope.defaults.get(name, "x")) if name in scope.parameters else None


def _default_problems(expression: Any, place: Any, scope: Scope) -> Iterator[str]:
    """Yield a line if a parameter's default does not fit the place that it fills alone."""
    name = _parameter(expression)
    if name in scope.defaults:
        yield from limit_problems(scope.defaults[name], limits_of(place), f"parameter {name}")
