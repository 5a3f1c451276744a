"""`conf/` and `models/` as typed settings; every error names file and field."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.settings.aws import Aws
from sagetabular.settings.data_checks import check_data, check_flow, check_one_hot
from sagetabular.settings.hyperparameter_names import check_hyperparameters, check_weights
from sagetabular.settings.loading import RuleError, load_settings
from sagetabular.settings.models.filling import make_unit
from sagetabular.settings.models.graph import Graph, make_graph
from sagetabular.settings.models.model import RESERVED_FOLDERS, Model, find_models, model_file
from sagetabular.settings.models.steps import Evaluate, Tune
from sagetabular.settings.models.units import Unit, served_by_aws
from sagetabular.settings.project import PipelineConf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sagetabular.settings.models.tuning import Completion

# Select reads nine evaluations, or nine collections of nine: a Processing job takes ten inputs, and
# one of them is the code.
MOST_AT_ONCE = 9
MOST_RANKED = MOST_AT_ONCE**2
# Track has Select's output too.
MOST_TRACKED = 8
# The stage that a project is compiled for: its own code calls `Build(root)`, which knows none.
COMPILED_STAGE: ContextVar[str | None] = ContextVar("COMPILED_STAGE", default=None)

__all__ = [
    "COMPILED_STAGE",
    "RESERVED_FOLDERS",
    "Aws",
    "Model",
    "PipelineConf",
    "ProjectSettings",
    "Unit",
    "load_project",
]


@dataclass(frozen=True)
class ProjectSettings:
    """Everything that the files of a project say.

    Attributes:
        root: Folder of the project.
        pipeline: `conf/pipeline.yaml`.
        aws: `conf/aws.yaml`, for one stage if one was asked for.
        units: Name → model with its steps, in the order that breaks ties.
        graph: How the steps hang together.
        stage: That `aws` is for.
    """

    root: Path
    pipeline: PipelineConf
    aws: Aws
    units: Mapping[str, Unit]
    graph: Graph
    stage: str | None = None

    @property
    def models(self) -> dict[str, Model]:
        """Name → what `model.yaml` says."""
        return {name: unit.model for name, unit in self.units.items()}

    @property
    def own(self) -> Mapping[str, Any]:
        """The section `own` of `conf/pipeline.yaml`, for the project's own steps."""
        return self.pipeline.own

    @property
    def served_by_aws(self) -> set[str]:
        """`<unit>.<step>` of the steps whose models an image of AWS is to serve."""
        return served_by_aws(self.units)


def load_project(root: Path, stage: str | None = None) -> ProjectSettings:
    """Read `conf/` and `models/` below `root`.

    Args:
        root: Folder of the project.
        stage: Of `conf/aws.yaml`, whose keys count more than those at its top.

    Raises:
        UserError: A file is missing, a field breaks its rule, or there is no such stage.
    """
    pipeline = load_settings(PipelineConf, root / "conf/pipeline.yaml", "conf/pipeline.yaml")
    whole = load_settings(Aws, root / "conf/aws.yaml", "conf/aws.yaml")
    aws = whole.in_stage(stage)
    units = {
        name: make_unit(name, model_file(root, folder), folder, model, pipeline.defaults)
        for name, (folder, model) in find_models(root, pipeline.models).items()
    }
    _check_titles(units)
    _check_ranked(units, pipeline)
    _check_searches(units, pipeline)
    for unit in units.values():
        check_hyperparameters(unit)
        check_weights(unit, pipeline.data)
    check_data(root, pipeline.data, aws)
    check_flow(pipeline.data)
    check_one_hot(pipeline)
    graph = make_graph(units, pipeline.dependencies)
    return ProjectSettings(root, pipeline, aws, units, graph, stage)


def _check_titles(units: Mapping[str, Unit]) -> None:
    """Refuse a title that two models share, since titles name the steps."""
    owners: dict[str, str] = {}
    for name, unit in units.items():
        title = unit.model.title
        if title in owners:
            msg = f"{unit.label}: title {title!r} is also that of {owners[title]}."
            raise UserError(msg, "Give each model a title of its own.")
        owners[title] = name


def _check_ranked(units: Mapping[str, Unit], pipeline: PipelineConf) -> None:
    """Check that there are models to select from, and of each what ranks them."""
    ranked = [unit for unit in units.values() if unit.ranked]
    if not ranked:
        msg = "models/: at least one model needs an evaluate step to be selected."
        raise UserError(msg, "Add `evaluate` to the steps of a model.yaml.")
    _check_counts(ranked, pipeline)
    for unit in ranked:
        evaluate = unit.last(Evaluate)
        if pipeline.selection.by == "cv" and evaluate is not None and evaluate.follows is None:
            msg = f"conf/pipeline.yaml: selection.by: cv needs a tune step in {unit.label}."
            raise UserError(msg, "Add one before evaluate, or rank by the test rows: `by: test`.")


def _check_searches(units: Mapping[str, Unit], pipeline: PipelineConf) -> None:
    """Check that a search can end early as it says, by Hyperband or by a score."""
    folds = pipeline.split.folds
    for unit in units.values():
        tuning = unit.model.tuning
        if tuning and tuning.completion:
            _check_completion(unit, tuning.completion, pipeline)
        if tuning and tuning.strategy == "Hyperband" and folds <= tuning.first_folds:
            msg = f"{unit.label}: tuning.min_folds must be below split.folds of conf/pipeline.yaml"
            remedy = "Lower it, or use Bayesian or Random."
            raise UserError(f"{msg}, got {tuning.first_folds} of {folds}.", remedy)


def _check_completion(unit: Unit, completion: Completion, pipeline: PipelineConf) -> None:
    try:
        completion.check_metric(pipeline.metric)
    except RuleError as err:
        raise UserError(f"{unit.label}: tuning {err}", err.remedy) from err


def _check_counts(ranked: Sequence[Unit], pipeline: PipelineConf) -> None:
    """Check that the models fit into a Processing job's ten inputs."""
    tuned = [unit for unit in ranked if unit.last(Tune)]
    if pipeline.tracking != "none" and len(tuned) > MOST_TRACKED:
        msg = f"models/: may hold {MOST_TRACKED} tuned models with tracking: {pipeline.tracking}"
        remedy = "List fewer of them under models in conf/pipeline.yaml, or write `tracking: none`."
        raise UserError(f"{msg}, got {len(tuned)}.", remedy)
    if len(ranked) > MOST_RANKED:
        msg = f"models/: may hold {MOST_RANKED} models with an evaluate step, got {len(ranked)}."
        raise UserError(msg, "List fewer of them under models in conf/pipeline.yaml.")
