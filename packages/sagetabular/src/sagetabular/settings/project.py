"""`conf/pipeline.yaml` as typed settings."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from sagetabular.jobs.scoring.metrics import Metric, Task
from sagetabular.settings.data import Data
from sagetabular.settings.loading import EarlyStopping, RuleError, Settings
from sagetabular.settings.models.tuning import Completion, SearchMinutes
from sagetabular.settings.models.unit_steps import Defaults
from sagetabular.settings.repeating import Cache, CacheSettings, Retries
from sagetabular.settings.resources import Resources
from sagetabular.settings.scoring.selection import Selection
from sagetabular.settings.tasks import check_task

Share = Annotated[float, Field(gt=0, lt=1)]
# SageMaker's quota of the training jobs of one tuning job.
MOST_TRIALS = 750


def _check_folds(value: object) -> object:
    if isinstance(value, int) and value in (1, -1):
        msg = f"must be 2 or more, or 0 for one validation split, got {value}."
        raise RuleError(msg, "Set it to 5, or drop it for the default.")
    return value


class Split(Settings):
    """The split of rows into test rows and folds.

    Attributes:
        kind: How rows are drawn: by quantiles of the target, or by class, for `stratified`, which
            is the default for classes.
        by: The group, or the time to order by.
        test: Share of the test rows.
        folds: Number of folds; 0 for one validation split.
        validation: Share of the training rows in that split.
        seed: Of what is drawn.
    """

    kind: Literal["random", "stratified", "grouped", "time"] = "random"
    by: str | None = None
    test: Share = 0.2
    folds: Annotated[int, BeforeValidator(_check_folds), Field(ge=0, le=50)] = 5
    validation: Share = 0.125
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 23

    @model_validator(mode="after")
    def _by_fits_kind(self) -> Self:
        needs_column = self.kind in ("grouped", "time")
        if needs_column and self.by is None:
            msg = f"needs the field `by` for kind {self.kind!r}."
            raise RuleError(msg, "Add `by: <column>`: the group, or the time to order by.")
        if not needs_column and self.by is not None:
            msg = f"takes no `by` for kind {self.kind!r}, got {self.by!r}."
            raise RuleError(msg, "Remove it, or choose kind grouped or time.")
        return self


class Tuning(Settings):
    """The number of hyperparameter settings that each model tries, and when it stops."""

    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] = 20
    parallel: Annotated[int, Field(ge=1, le=100)] = 4
    early_stopping: EarlyStopping = "off"
    completion: Completion | None = None
    max_minutes: SearchMinutes | None = None


class Registration(Settings):
    """The state in which a model version enters the registry."""

    approval: Literal["PendingManualApproval", "Approved", "Rejected"] = "PendingManualApproval"


class PipelineConf(Settings):
    """The whole of `conf/pipeline.yaml`; `own` is free: what a project's own steps read."""

    task: Task = "regression"
    name: Annotated[str, Field(pattern=r"^[a-z0-9](-*[a-z0-9])*$", min_length=3, max_length=32)]
    data: Data
    split: Split = Split()
    tuning: Tuning = Tuning()
    selection: Selection = Selection()
    registration: Registration = Registration()
    tracking: Literal["auto", "mlflow", "experiments", "both", "none"] = "auto"
    resources: Resources = Resources()
    cache: Cache = CacheSettings()
    retries: Retries = Field(default_factory=list)
    defaults: Defaults = Defaults()
    dependencies: list[str] = Field(default_factory=list)
    models: Annotated[list[str], Field(min_length=1)] | None = None
    own: dict[str, Any] = Field(default_factory=dict)

    @property
    def metric(self) -> Metric:
        """The metric that ranks the models."""
        return self.selection.metric_of(self.task)

    @property
    def gate(self) -> float:
        """The worst score on the test rows that is registered."""
        return self.selection.gate_of(self.task)[1]

    @model_validator(mode="before")
    @classmethod
    def _classes_are_stratified(cls, values: Any) -> Any:
        """Fill in the kind of split for classes, if it is left out."""
        if not isinstance(values, dict) or values.get("task") not in ("binary", "multiclass"):
            return values
        split = values.get("split", {})
        if not isinstance(split, dict) or "kind" in split:
            return values
        return {**values, "split": {"kind": "stratified", **split}}

    @model_validator(mode="after")
    def _data_fit_task(self) -> Self:
        check_task(self.data, self.task)
        return self

    @model_validator(mode="after")
    def _selection_fits_task(self) -> Self:
        self.selection.gate_of(self.task)
        if self.tuning.completion is not None:
            self.tuning.completion.check_metric(self.metric)
        return self

    @model_validator(mode="after")
    def _split_column_is_declared(self) -> Self:
        if self.split.by is not None and self.split.by not in self.data.columns:
            msg = f"must declare the column that split.by names, got {self.split.by!r}."
            raise RuleError(msg, f"Declared are {', '.join(self.data.columns)}.")
        return self

    @model_validator(mode="after")
    def _split_column_is_fit(self) -> Self:
        if self.split.by is None:
            return self
        name, column = self.split.by, self.data.columns[self.split.by]
        if column.optional:
            msg = f"must not declare the column that split.by names as optional, got {name!r}."
            raise RuleError(msg, f"Write `{name}: {column.type}` under data.columns.")
        if self.split.kind == "time" and column.type == "category":
            msg = f"must order rows by a time or a number: split.by has the category {name!r}."
            raise RuleError(msg, f"Write `{name}: time` under data.columns, or name another.")
        return self
