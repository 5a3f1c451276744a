"""The pipeline's parameters: whatever may change from one execution to the next."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, TypeVar

from sagetabular.settings.models.steps import (
    Register,
    StepSettings,
    TrainingJobSettings,
    Transform,
    Tune,
)
from sagetabular.steps.named import named_parameters
from sagetabular.steps.sdk import (
    Parameter,
    ParameterFloat,
    ParameterInteger,
    ParameterString,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sagetabular.settings import ProjectSettings, Unit
    from sagetabular.settings.models.units import AnyUnitStep

S = TypeVar("S", bound=StepSettings)

APPROVALS = ["PendingManualApproval", "Approved", "Rejected"]


@dataclass(frozen=True)
class Parameters:
    """One attribute per parameter; those of the account have no default.

    Those that the models' files name are in `named`, under these names.
    """

    role: ParameterString
    bucket: ParameterString
    image: ParameterString
    jobs_image: ParameterString
    commit: ParameterString
    tracking: ParameterString
    prefix: ParameterString
    database: ParameterString
    table: ParameterString
    workgroup: ParameterString
    query: ParameterString
    data_uri: ParameterString
    data_version: ParameterString
    folds: ParameterInteger
    seed: ParameterInteger
    trials: ParameterInteger
    parallel_trials: ParameterInteger
    gate: ParameterFloat
    approval: ParameterString
    group: ParameterString
    processing_instance: ParameterString
    wrangler_instance: ParameterString
    training_instance: ParameterString
    named: Mapping[str, ParameterString] = field(default_factory=dict)

    @property
    def minimum_r2(self) -> ParameterFloat:
        """What `gate` was called when there was one metric."""
        return self.gate

    def used_by(self, settings: ProjectSettings) -> list[Parameter]:
        """Return those that the steps refer to, in the order above: no other has an effect."""
        units = settings.units.values()
        steps = [step for unit in units for step in unit.steps.values()]
        images = {
            step.settings.image or settings.units[step.unit].model.image
            for step in steps
            if not isinstance(step.settings, Transform)
        }
        tuned = [unit.model.tuning for unit in units if unit.last(Tune)]
        data = settings.pipeline.data
        used = {
            **dict.fromkeys(("database", "table", "workgroup"), data.reads_tables),
            "query": data.source == "athena",
            "data_uri": data.source == "s3",
            "wrangler_instance": data.source == "data_wrangler",
            "image": "project" in images,
            "trials": any(tuning.strategy != "Grid" for tuning in tuned if tuning),
            "parallel_trials": bool(tuned),
            "training_instance": _left(steps, TrainingJobSettings, lambda own: own.instance_type),
            "tracking": settings.pipeline.tracking in ("auto", "mlflow", "both"),
            "approval": _left(steps, Register, lambda own: own.approval),
            "group": _left(steps, Register, lambda own: own.group),
        }
        return [
            *(value for name, value in self._own() if used.get(name, True)),
            *self.named.values(),
        ]

    def _own(self) -> Iterator[tuple[str, Parameter]]:
        """Yield attribute and parameter of all but those that the models' files name."""
        for entry in fields(self):
            if entry.name != "named":
                yield entry.name, getattr(self, entry.name)

    def with_named(self, units: Mapping[str, Unit]) -> Parameters:
        """Return them with those that the models' files name.

        Raises:
            UserError: One of these cannot be declared.
        """
        taken = [parameter.name for _, parameter in self._own()]
        return replace(self, named=named_parameters(units, taken))


def _left(steps: Iterable[AnyUnitStep], kind: type[S], setting: Callable[[S], object]) -> bool:
    """Return whether a step of a class leaves a setting to the pipeline."""
    own = [step.settings for step in steps if isinstance(step.settings, kind)]
    return any(setting(settings) is None for settings in own)


def make_parameters(settings: ProjectSettings) -> Parameters:
    """Declare the parameters; defaults come from `conf/pipeline.yaml` and the models' files.

    Raises:
        UserError: A model's file names one that cannot be declared.
    """
    conf = settings.pipeline
    data, split, tuning = conf.data, conf.split, conf.tuning
    own = Parameters(
        role=ParameterString("RoleArn"),
        bucket=ParameterString("Bucket"),
        image=ParameterString("ImageUri"),
        jobs_image=ParameterString("JobsImageUri"),
        commit=ParameterString("Commit"),
        tracking=ParameterString("TrackingUri"),
        prefix=ParameterString("Prefix", default_value=conf.name),
        database=ParameterString("Database", default_value=data.database),
        table=ParameterString("Table", default_value=data.table),
        workgroup=ParameterString("Workgroup", default_value=data.workgroup),
        query=ParameterString("QueryUri"),
        data_uri=ParameterString("DataUri", default_value=data.uri),
        data_version=ParameterString("DataVersion", default_value=data.version or "none"),
        folds=ParameterInteger("Folds", default_value=split.folds),
        seed=ParameterInteger("Seed", default_value=split.seed),
        trials=ParameterInteger("MaxTrainingJobs", default_value=tuning.trials),
        parallel_trials=ParameterInteger("MaxParallelTrainingJobs", default_value=tuning.parallel),
        gate=ParameterFloat(conf.metric.parameter, default_value=conf.gate),
        approval=ParameterString(
            "ModelApprovalStatus", enum_values=APPROVALS, default_value=conf.registration.approval
        ),
        group=ParameterString("ModelPackageGroup", default_value=conf.name),
        processing_instance=ParameterString(
            "ProcessingInstanceType", default_value=conf.resources.processing.instance_type
        ),
        wrangler_instance=ParameterString(
            "DataWranglerInstanceType", default_value=conf.resources.data_wrangler.instance_type
        ),
        training_instance=ParameterString(
            "TrainingInstanceType", default_value=conf.resources.training.instance_type
        ),
    )
    return own.with_named(settings.units)
