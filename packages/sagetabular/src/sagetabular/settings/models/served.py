"""Which fitted models an image of AWS serves: these carry the code for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.settings.models.images import Algorithm, FrameworkImage
from sagetabular.settings.models.steps import Create, Fit, Register, Train

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings.models.units import AnyUnitStep, Unit


def served_by_aws(units: Mapping[str, Unit]) -> set[str]:
    """Return `<unit>.<step>` of the steps that fit a model which such an image is to serve.

    A program of one's own, and an algorithm, decide themselves what lies in their artefacts.
    """
    fitted = {origin_of(step) for unit in units.values() for step in _served(unit)}
    return {
        step.key
        for unit in units.values()
        for step in unit.steps.values()
        if step.key in fitted and _fits_by_itself(unit, step)
    }


def origin_of(step: AnyUnitStep) -> str:
    """Return `<unit>.<step>` of what fitted the model of a step; nothing if it lies in S3."""
    link = step.settings.inputs["model"].link
    return f"{link.unit}.{link.step}" if link else ""


def _served(unit: Unit) -> list[AnyUnitStep]:
    """The steps of a unit that give a model to an image of AWS."""
    steps = [step for step in unit.steps.values() if isinstance(step.settings, Create | Register)]
    return [
        step
        for step in steps
        if isinstance(step.settings.image or unit.model.image, FrameworkImage)
    ]


def _fits_by_itself(unit: Unit, step: AnyUnitStep) -> bool:
    if isinstance(step.settings, Train):
        image = step.settings.image or unit.model.image
        return step.settings.entry_point is None and not isinstance(image, Algorithm)
    return isinstance(step.settings, Fit)
