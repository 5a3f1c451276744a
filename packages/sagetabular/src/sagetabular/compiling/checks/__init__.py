"""Errors that the service would report, found at compile time: references, requests, limits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagetabular.compiling.checks.searches import search_problems
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.settings import ProjectSettings

# sagelocal is imported where it is used: not every command needs it.
__all__ = [
    "check_definition",
    "check_searches",
    "check_values",
    "definition_problems",
    "find_limits",
]


def definition_problems(definition: Mapping[str, Any]) -> list[str]:
    """Return all errors of a pipeline definition, one line each; empty if there is none."""
    from sagetabular.compiling.checks.references import Scope, name_problems, reference_problems
    from sagetabular.compiling.checks.requests import request_problems

    scope = Scope(definition)
    found = [
        *name_problems(definition, scope),
        *reference_problems(scope),
        *request_problems(scope),
        *search_problems(definition, scope.defaults),
    ]
    return found or _graph_problems(definition)


def _graph_problems(definition: Mapping[str, Any]) -> list[str]:
    """Return what no part of a definition shows by itself: cycles, steps behind a Fail step."""
    from sagelocal import SageLocalError
    from sagelocal.definition import parse_definition

    try:
        parse_definition(json.dumps(definition).encode())
    except SageLocalError as error:
        return [error.message.removeprefix("Step ")]
    return []


def check_definition(
    definition: Mapping[str, Any], settings: ProjectSettings | None = None
) -> None:
    """Accept or refuse a pipeline definition.

    Args:
        definition: The definition's JSON.
        settings: What it was made of, to name file and field of what is wrong.

    Raises:
        UserError: SageMaker would refuse it.
    """
    problems = definition_problems(definition)
    if problems:
        more = f" ({len(problems) - 1} more such findings)" if problems[1:] else ""
        remedy = "Correct the setting, or the step in pipelines/training/pipeline.py."
        raise UserError(f"{_located(problems[0], settings)}{more}", remedy)


def _located(problem: str, settings: ProjectSettings | None) -> str:
    """Return a problem with the place that it comes from."""
    if settings is not None:
        from sagetabular.compiling.checks.origins import find_origins, with_origin

        located = with_origin(problem, find_origins(settings))
        if located is not None:
            return located
    return f"The compiled definition breaks a rule of SageMaker: {problem}"


def find_limits(definition: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return parameter → what SageMaker demands of its value; this can be written as JSON."""
    from sagetabular.compiling.checks.references import Scope
    from sagetabular.compiling.checks.requests import parameter_limits

    return parameter_limits(Scope(definition))


def check_values(
    limits: Mapping[str, Sequence[Mapping[str, Any]]], values: Mapping[str, Any]
) -> None:
    """Accept or refuse the values that the parameters get in one execution.

    Args:
        limits: What `find_limits` returned.
        values: Parameter → value.

    Raises:
        UserError: A value does not fit the places that its parameter fills.
    """
    from sagelocal.definition import limit_problems

    for name, places in limits.items():
        for place in places:
            for problem in limit_problems(values[name], place, f"Parameter {name}"):
                raise UserError(problem, "Give it another value with --set.")


def check_searches(definition: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Accept or refuse the searches that the parameters' values make.

    Raises:
        UserError: The bounds of a range, or the folds of Hyperband, do not fit each other.
    """
    for problem in search_problems(definition, values):
        raise UserError(problem, "Give it another value with --set.")
