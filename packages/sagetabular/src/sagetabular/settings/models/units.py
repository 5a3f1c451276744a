"""A model's unit: what other parts ask about its steps, and which an image of AWS serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from sagetabular.settings.models.steps import (
    Create,
    Evaluate,
    Fit,
    Process,
    Register,
    StepSettings,
    Train,
    Transform,
    Tune,
)
from sagetabular.settings.resources import Algorithm, FrameworkImage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sagetabular.settings.models.model import Model

S = TypeVar("S", bound=StepSettings)
S_co = TypeVar("S_co", bound=StepSettings, covariant=True)

_OUTPUTS: Mapping[type[StepSettings], list[str]] = {
    Train: ["model"],
    Fit: ["model"],
    Tune: ["trial"],
    Transform: ["output"],
    Evaluate: ["evaluation"],
}


@dataclass(frozen=True)
class UnitStep(Generic[S_co]):
    """A step of a model's unit.

    Attributes:
        unit: Name of the model.
        name: Name of the step in its unit.
        settings: Its settings, with all inputs and the defaults of model and project.
        follows: The step of the unit whose result it takes beside its inputs: the tune step before
            a fit or evaluate step, the create step before a transform step.
    """

    unit: str
    name: str
    settings: S_co
    follows: str | None = None

    @property
    def key(self) -> str:
        """`<unit>.<step>`, as other steps refer to it."""
        return f"{self.unit}.{self.name}"

    @property
    def outputs(self) -> list[str]:
        """Names of what other steps can take as inputs."""
        if isinstance(self.settings, Process):
            return list(self.settings.outputs)
        return _OUTPUTS.get(type(self.settings), [])


AnyUnitStep = UnitStep[StepSettings]


@dataclass(frozen=True)
class Unit:
    """A model: its folder and its steps.

    Attributes:
        name: What it is called; names its folder in the code that travels.
        label: Its `model.yaml`, as errors name it.
        folder: Where it lies.
        model: What its `model.yaml` says.
        steps: Name → step, in the order written.
    """

    name: str
    label: str
    folder: Path
    model: Model
    steps: dict[str, AnyUnitStep]

    def last(self, kind: type[S]) -> UnitStep[S] | None:
        """Return the last step of a class; None if there is none."""
        found = [step for step in self.steps.values() if isinstance(step.settings, kind)]
        return cast("UnitStep[S]", found[-1]) if found else None

    @property
    def ranked(self) -> bool:
        """True if it takes part in the selection."""
        return self.last(Evaluate) is not None


def step_title(name: str, title: str) -> str:
    """Return the name of a step in the pipeline: `tune` of `XGBoost` is `TuneXGBoost`."""
    words = name.split("_")
    return "".join(word[:1].upper() + word[1:] for word in words) + title


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
    """Return the steps of a unit that give a model to an image of AWS."""
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
