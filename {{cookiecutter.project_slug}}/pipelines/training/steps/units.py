"""The steps of all models, in an order in which each can refer to those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.training.settings import steps as classes
from pipelines.training.steps.create import create
from pipelines.training.steps.evaluate import evaluate
from pipelines.training.steps.fit import fit
from pipelines.training.steps.process import process
from pipelines.training.steps.register import register
from pipelines.training.steps.task import Task
from pipelines.training.steps.train import train
from pipelines.training.steps.transform import transform
from pipelines.training.steps.tune import tune

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipelines.training.steps.job import Context, JobStep

_BUILDERS: dict[Any, Callable[[Task], JobStep]] = {
    classes.Process: process,
    classes.Train: train,
    classes.Tune: tune,
    classes.Fit: fit,
    classes.Create: create,
    classes.Transform: transform,
    classes.Evaluate: evaluate,
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

    def ranked(self, kind: type[classes.Step]) -> dict[str, JobStep]:
        """Of each model that takes part in the selection the last step of a class, if it has one.

        In the order that breaks ties.
        """
        units = [unit for unit in self.context.settings.units.values() if unit.ranked]
        last = {unit.name: unit.last(kind) for unit in units}
        return {name: self.built[step.key] for name, step in last.items() if step}

    def registrations(self, select: JobStep) -> dict[str, JobStep]:
        """The step of each ranked model that registers it should it win."""
        units = [unit for unit in self.context.settings.units.values() if unit.ranked]
        steps = {unit.name: unit.last(classes.Register) for unit in units}
        return {
            name: register(Task(self.context, step, self.built), select)
            for name, step in steps.items()
            if step
        }


def build_units(context: Context, ingest: JobStep, preprocess: JobStep) -> UnitSteps:
    """Build the steps of all models."""
    built = {"data.ingest": ingest, "data.preprocess": preprocess}
    for step in context.settings.graph.order:
        built[step.key] = _BUILDERS[type(step.settings)](Task(context, step, built))
    return UnitSteps(context, built)
