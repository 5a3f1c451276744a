"""What the service would refuse, found at compile time: references, requests, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.errors import UserError
from pipelines.training.checks.references import Scope, reference_problems
from pipelines.training.checks.requests import request_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_definition", "definition_problems"]


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
