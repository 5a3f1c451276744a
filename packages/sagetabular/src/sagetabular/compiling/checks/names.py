"""Names and sizes that belong to no request of a step: those of the pipeline itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagetabular.compiling.checks.limits import limit_problems, limits_of
from sagetabular.compiling.checks.references import service_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagetabular.compiling.checks.references import Scope


def name_problems(definition: Mapping[str, Any], scope: Scope) -> Iterator[str]:
    """Yield one line for every name of a step or parameter that SageMaker would refuse.

    Args:
        definition: The pipeline definition.
        scope: The same, by names.
    """
    for step in scope.all_steps:
        yield from limit_problems(step["Name"], _limits("StepName"), f"{step['Name']}: its name")
    for name in scope.parameters:
        limits = _limits("PipelineParameterName")
        yield from limit_problems(name, limits, f"parameter {name}: its name")
    entries = _limits("ParameterList")
    yield from limit_problems(definition["Parameters"], entries, "the list of parameters")
    text = json.dumps(definition, indent=1, ensure_ascii=False)
    yield from limit_problems(text, {"max": _limits("PipelineDefinition")["max"]}, "the definition")


def _limits(shape: str) -> dict[str, Any]:
    return limits_of(service_model().shape_for(shape))
