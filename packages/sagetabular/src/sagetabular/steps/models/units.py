"""The steps of all models, in an order in which each can refer to those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.settings.models import steps as classes
from sagetabular.steps.models.process import evaluate as evaluation
from sagetabular.steps.models.process import process
from sagetabular.steps.models.register import register
from sagetabular.steps.models.serving import create, transform
from sagetabular.steps.models.task import Task
from sagetabular.steps.models.train import fit, train
from sagetabular.steps.models.tune import tune

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagetabular.steps.context import Context, JobStep

_BUILDERS: dict[type[classes.StepSettings], Callable[[Task[Any]], JobStep]] = {
    classes.Process: process,
    classes.Train: train,
    classes.Tune: tune,
    classes.Fit: fit,
    classes.Create: create,
    classes.Transform: transform,
    classes.Evaluate: evaluation,
    classes.Register: register,
}


@dataclass(frozen=True)
class UnitSteps:
    """The steps of all models, but for the registrations of the winner.

    Attributes:
        context: The project.
        built: `<unit>.<step>` → step, the project's own under `data`.
    """

    context: Context
    built: Mapping[str, JobStep]

    @property
    def steps(self) -> list[JobStep]:
        """All that belong to models, each after those it refers to."""
        return [self.built[step.key] for step in self.context.settings.graph.order]

    def evaluations(self) -> dict[str, JobStep]:
        """Return model → its Evaluate step, in the order that breaks ties."""
        return self._last(classes.Evaluate)

    def searches(self) -> dict[str, JobStep]:
        """Return model → its Tune step, of those that compete and have one."""
        return self._last(classes.Tune)

    def _last(self, kind: type[classes.StepSettings]) -> dict[str, JobStep]:
        units = [unit for unit in self.context.settings.units.values() if unit.ranked]
        last = {unit.name: unit.last(kind) for unit in units}
        return {name: self.built[step.key] for name, step in last.items() if step}

    def registrations(self, select: JobStep) -> dict[str, JobStep]:
        """Build the step of each ranked model that registers it should it win."""
        units = [unit for unit in self.context.settings.units.values() if unit.ranked]
        steps = {unit.name: unit.last(classes.Register) for unit in units}
        return {
            name: register(Task(self.context, step, self.built), select)
            for name, step in steps.items()
            if step
        }


def models(
    context: Context, ingest: JobStep, preprocess: JobStep, evaluate: str | None = None
) -> UnitSteps:
    """Build the steps of all models.

    Args:
        context: The project.
        ingest: The Ingest step.
        preprocess: The Preprocess step.
        evaluate: A module beside `pipeline.py` that replaces the job of every Evaluate.
    """
    built = {"data.ingest": ingest, "data.preprocess": preprocess}
    for step in context.settings.graph.order:
        built[step.key] = _BUILDERS[type(step.settings)](Task(context, step, built, evaluate))
    return UnitSteps(context, built)
