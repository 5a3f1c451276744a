"""All steps of a pipeline under their new names, and what others can take from each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.migration.framework.blocks import (
    Block,
    FrameworkEvaluation,
    FrameworkRegistry,
    FrameworkTransform,
    Processing,
    Training,
)
from sagetabular.migration.naming import hint, identifier, step_name, title_of
from sagetabular.migration.schema import Foreign, note_dropped, read_as
from sagetabular.settings.models.units import step_title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.migration.framework.files import FrameworkModel, FrameworkStep
    from sagetabular.migration.plan import Place, Plan

# The channel that a Processing step without any is taken to have.
ONLY_CHANNEL = "train"
METRICS = "model_evaluation_metrics"
# Class → its settings, and the name of their block where `step_type` gives none.
BLOCKS: dict[str, tuple[type[Foreign], str | None]] = {
    "Processing": (Processing, None),
    "Training": (Training, "train"),
    "CreateModel": (FrameworkRegistry, "registry"),
    "Transform": (FrameworkTransform, "transform"),
    "Metrics": (FrameworkEvaluation, "evaluate"),
    "RegisterModel": (FrameworkRegistry, "registry"),
}
_OUTPUTS = {"Training": ["model"], "Transform": ["output"], "Metrics": [METRICS]}


@dataclass(frozen=True)
class Declared:
    """A step of the pipeline.

    Attributes:
        unit: Name of its model in this project.
        key: Its own name there.
        step: What the pipeline says about it.
        settings: The block of settings that it names.
        outputs: Name so far → name here, of all that other steps can take.
        place: Where the pipeline lists it.
        block: Where its settings stand.
    """

    unit: str
    key: str
    step: FrameworkStep
    settings: Foreign
    outputs: Mapping[str, str]
    place: Place
    block: Place

    def link(self, output: str, prefix: str = "") -> str:
        """Return how an input of another step names an output."""
        below = "".join(f"/{part}" for part in prefix.split("/") if part)
        return f"{self.unit}.{self.key}.{self.outputs[output]}{below}"


def declare(
    unit: str,
    model: FrameworkModel,
    model_place: Place,
    steps: list[FrameworkStep],
    place: Place,
    plan: Plan,
) -> list[Declared]:
    """Name the steps of a model and find their settings.

    Args:
        unit: Name of the model in this project.
        model: Its blocks of settings.
        model_place: Where they stand.
        steps: Its steps, in the order of the file.
        place: Where they stand.
        plan: Takes a remark for each new name.

    Raises:
        UserError: A step names no block, or the block breaks a rule.
    """
    found: list[Declared] = []
    for number, step in enumerate(steps):
        where = place.at(number)
        taken = [other.key for other in found]
        registers = step.kind == "RegisterModel"
        key = step_name(step.name, unit, taken, registers=registers)
        name = _block_name(step, where)
        if step.block not in (None, name):
            plan.drop(where.at("step_type"), f"a {step.kind} step has the settings {name!r}")
        settings = _settings(step, name, model, model_place)
        block = model_place.at(name)
        if not any(other.block == block for other in found):
            note_dropped(settings, block, plan)
        outputs = _outputs(step, settings)
        found.append(Declared(unit, key, step, settings, outputs, where, block))
        plan.note(
            where, f"{step.name!r} is {unit}.{key}, {step_title(key, title_of(unit))} in SageMaker"
        )
    _note_unused(model, model_place, found, plan)
    return found


def _block_name(step: FrameworkStep, place: Place) -> str:
    name = step.block or BLOCKS[step.kind][1]
    if name is None:
        msg = f"{place.at('step_type')} is missing: it names the settings of {step.name!r}."
        raise UserError(msg, "Add it, for example `step_type: preprocess`.")
    # The framework reads `step_type` for two classes alone; the other blocks have fixed names.
    return name if step.kind in ("Processing", "Training") else str(BLOCKS[step.kind][1])


def _settings(step: FrameworkStep, name: str, model: FrameworkModel, place: Place) -> Foreign:
    blocks = model.model_extra or {}
    if name not in blocks:
        msg = f"{place} has no settings {name!r}, which the step {step.name!r} needs."
        raise UserError(msg, hint(name, blocks) if blocks else f"Add {name}.")
    return read_as(BLOCKS[step.kind][0], blocks[name], place.at(name))


def _outputs(step: FrameworkStep, settings: Foreign) -> dict[str, str]:
    names = _OUTPUTS.get(step.kind, [])
    if step.kind == "Processing" and isinstance(settings, Block):
        names = [*settings.channels] or [ONLY_CHANNEL]
    found: dict[str, str] = {}
    for name in names:
        found[name] = identifier(name, found.values(), other="output")
    return found


def _note_unused(model: FrameworkModel, place: Place, found: list[Declared], plan: Plan) -> None:
    used = {declared.block.path[-1] for declared in found}
    for name in model.model_extra or {}:
        if name not in used:
            plan.drop(place.at(name), "no step of the pipeline uses it")
