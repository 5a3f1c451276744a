"""What the service would refuse, found at compile time: references, requests, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.errors import UserError
from pipelines.training.checks.references import Scope, reference_problems
from pipelines.training.checks.requests import request_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_definition", "check_values", "definition_problems"]


def definition_problems(definition: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a pipeline definition, one line each; empty if nothing is."""
    scope = Scope(definition)
    return [*reference_problems(scope), *request_problems(scope)]


def check_definition(definition: Mapping[str, Any]) -> None:
    """Accept or refuse a pipeline definition.

    Raises:
        UserError: SageMaker would refuse it.
    """
    problems = definition_problems(definition)
    if problems:
        more = f" ({len(problems) - 1} more such findings)" if problems[1:] else ""
        msg = f"The compiled definition breaks a rule of SageMaker: {problems[0]}{more}"
        raise UserError(
            msg, "Correct the setting or the code in pipelines/training/steps behind it."
        )


def check_values(definition: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Accept or refuse the values that the parameters get in one execution.

    Raises:
        UserError: A value does not fit the places that its parameter fills.
    """
    parameters = [
        {**parameter, "DefaultValue": values[parameter["Name"]]}
        for parameter in definition["Parameters"]
    ]
    for problem in definition_problems({**definition, "Parameters": parameters}):
        raise UserError(problem[0].upper() + problem[1:], "Give it another value with --set.")
