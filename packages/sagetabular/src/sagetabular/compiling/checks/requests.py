"""Every request is one that the API accepts: members, types, lengths, enumerations, patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagelocal.definition import (
    Problem,
    expression_places,
    fits,
    limit_problems,
)
from sagelocal.definition import request_problems as problems_of_request
from sagetabular.compiling.checks.expressions import GET, JOIN, JSON_GET, is_expression, references
from sagetabular.compiling.checks.references import JOBS, ReferenceProblemError, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

EXECUTION_ID, EXECUTION_ID_LENGTH = "Execution.PipelineExecutionId", 12


def request_problems(scope: Scope) -> Iterator[str]:
    """Yield one line for everything in a request that the API would refuse."""
    for step in scope.all_steps:
        if step["Type"] in JOBS:
            for problem in problems_of_request(step["Type"], step["Arguments"]):
                yield _line(step["Name"], problem)
            for inner, value, place in expression_places(step["Type"], step["Arguments"]):
                path = f"{step['Name']}.{inner}"
                yield from _type_problems(value, place, path, scope)
                yield from _join_problems(value, place, path, scope)
                yield from _default_problems(value, place, scope)


def parameter_limits(scope: Scope) -> dict[str, list[dict[str, Any]]]:
    """Return parameter → limits of all places that it fills alone."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in scope.parameters}
    for step in scope.all_steps:
        if step["Type"] in JOBS:
            for _, value, place in expression_places(step["Type"], step["Arguments"]):
                name = _parameter(value)
                if name in found and place.limits not in found[name]:
                    found[name].append(place.limits)
    return found


def _line(step: str, problem: Problem) -> str:
    """Return a problem in one line; the nearest name is part of it."""
    place = f".{problem.place}" if problem.place else ":"
    close = f" {problem.remedy}" if problem.remedy.startswith("Did") else ""
    return f"{step}{place} {problem.rule}.{close}"


def _parameter(value: Any) -> str:
    """Return the parameter that an expression stands for; empty for anything else."""
    return value.get(GET, "").partition("Parameters.")[2] if is_expression(value) else ""


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
    if not fits(found, place.kind):
        yield f"{path} must be {place.kind}, but {expression} is {found}."


def _join_problems(expression: Any, place: Any, path: str, scope: Scope) -> Iterator[str]:
    """Yield a line if what is known of a joined text breaks the limit or the pattern."""
    if JOIN not in expression:
        return
    samples = [_sample(part, scope) for part in expression[JOIN]["Values"]]
    least, maximum = sum(len(sample or "") for sample in samples), place.limits.get("max")
    if maximum is not None and least > maximum:
        yield f"{path} may have {maximum} characters, got {least} and more."
    elif "pattern" in place.limits and None not in samples:
        rule = {"pattern": place.limits["pattern"]}
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
        yield from limit_problems(scope.defaults[name], place.limits, f"parameter {name}")
