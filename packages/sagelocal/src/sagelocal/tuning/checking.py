"""Checks of searches before anything runs: their parents, and which of their trials are named."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from sagelocal.definition.expressions import Reference, references
from sagelocal.definition.graph import Definition
from sagelocal.errors import DefinitionError
from sagelocal.tuning.warm_start import check_parents

# What the SDK says of `TuningStep.get_top_model_s3_uri`: places 0 to 49.
_KEPT = 50


def check_searches(
    definition: Definition,
    parameters: Mapping[str, object],
    home: Path,
    selected: Collection[str] | None,
) -> None:
    """Check what is known of all searches before anything has run.

    Args:
        definition: The pipeline.
        parameters: The value of every parameter.
        home: The folder that holds `executions/`.
        selected: The only steps that run; None for all.

    Raises:
        DefinitionError: If a parent does not exist or does not fit, or if a step refers to a trial
            that the service does not keep.
    """
    for step in definition.steps.values():
        for reference in references(step.arguments):
            _check_place(step.name, reference, definition)
    check_parents(definition, parameters, home, selected)


def _check_place(step: str, reference: Reference, definition: Definition) -> None:
    if reference.scope != "Steps" or definition.steps[reference.name].kind != "Tuning":
        return
    member, *rest = reference.path
    place = rest[0] if rest else None
    if member == "TrainingJobSummaries" and isinstance(place, int) and place >= _KEPT:
        raise DefinitionError(
            f"Step {step} refers to TrainingJobSummaries[{place}] of {reference.name}, and a "
            f"tuning step keeps the {_KEPT} best trials.",
            f"Use a place from 0, the best, to {_KEPT - 1}.",
        )
