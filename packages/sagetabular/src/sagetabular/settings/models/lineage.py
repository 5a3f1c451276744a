"""Which models learned from the rows of this project, and from no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.settings.models.filling import TRAINING_ROWS
from sagetabular.settings.models.steps import Register
from sagetabular.settings.models.units import origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sagetabular.settings import ProjectSettings
    from sagetabular.settings.models.inputs import InputSettings
    from sagetabular.settings.models.units import AnyUnitStep

_MODEL = "model"  # an artefact, no rows
_OWN_STEPS = "data"


def is_of_these_rows(step: AnyUnitStep, order: Sequence[AnyUnitStep]) -> bool:
    """Return whether a step's model has learned from the training rows of Preprocess alone.

    Every channel counts: one of them may be all that the training program reads.

    Args:
        step: It takes the model.
        order: The steps of all models.
    """
    steps = {other.key: other for other in order}
    fit = steps.get(origin_of(step))
    if fit is None or fit.settings.inputs["train"].source != TRAINING_ROWS:
        return False
    return all(_is_ours(channel, steps) for channel in _channels(fit))


def lineage_notes(settings: ProjectSettings) -> list[str]:
    """Return a note for each registration of a model that has learned from other rows."""
    registrations = [
        (unit.label, step)
        for unit in settings.units.values()
        for step in unit.steps.values()
        if isinstance(step.settings, Register)
    ]
    return [
        f"{label}: steps.{step.name}: the model was trained on other channels than "
        f"{TRAINING_ROWS}, so it is registered without data fingerprint and data-quality baseline."
        for label, step in registrations
        if not is_of_these_rows(step, settings.graph.order)
    ]


def _channels(step: AnyUnitStep) -> Iterator[InputSettings]:
    for name, channel in step.settings.inputs.items():
        if name != _MODEL:
            yield channel


def _is_ours(channel: InputSettings, steps: dict[str, AnyUnitStep]) -> bool:
    """Return whether what a channel holds was made of this project's rows, by whichever steps."""
    link = channel.link
    if link is None:
        return False
    if link.unit == _OWN_STEPS:
        return True
    maker = steps.get(f"{link.unit}.{link.step}")
    return maker is None or all(_is_ours(one, steps) for one in _channels(maker))
