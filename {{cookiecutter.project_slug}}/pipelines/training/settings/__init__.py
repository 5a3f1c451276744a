"""`conf/` and `models/` as typed settings; every error names file and field."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pipelines.errors import UserError
from pipelines.training.settings.loading import load_settings
from pipelines.training.settings.model import Model
from pipelines.training.settings.project import Aws, Pipeline

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Aws", "Model", "Pipeline", "ProjectSettings", "load_project"]

# Select mounts the evaluation of each model under its name, beside the jobs' code.
RESERVED_FOLDERS = {"code"}
# A Processing job takes ten inputs, the code is one of them; Track has Select's output too.
MOST_MODELS = {"none": 9, "mlflow": 8}


@dataclass(frozen=True)
class ProjectSettings:
    """Everything that the files of a project say; `models` in the order that breaks ties."""

    root: Path
    pipeline: Pipeline
    aws: Aws
    models: dict[str, Model]


def load_project(root: Path) -> ProjectSettings:
    """Read `conf/` and `models/` below `root`.

    Raises:
        UserError: A file is missing or a field breaks its rule.
    """
    pipeline = load_settings(Pipeline, root / "conf/pipeline.yaml", "conf/pipeline.yaml")
    aws = load_settings(Aws, root / "conf/aws.yaml", "conf/aws.yaml")
    models = {name: _load_model(root, name) for name in _model_names(root, pipeline.models)}
    _check_titles(models)
    _check_count(models, pipeline)
    if not (root / pipeline.data.query).is_file():
        msg = f"conf/pipeline.yaml: data.query must name a file, got {pipeline.data.query!r}."
        raise UserError(msg, "Write the query there, or drop the key for queries/ingest.sql.")
    return ProjectSettings(root, pipeline, aws, models)


def _model_names(root: Path, listed: list[str] | None) -> list[str]:
    """The models to use: those that `conf/pipeline.yaml` lists, else all folders by name."""
    found = sorted(path.parent.name for path in (root / "models").glob("*/model.yaml"))
    if not found:
        msg = "models/: holds no model, i.e. no folder with a model.yaml."
        raise UserError(msg, "Restore models/ from git.")
    for position, name in enumerate(listed or []):
        field = f"conf/pipeline.yaml: models.{position}"
        if name not in found:
            close = get_close_matches(name, found, n=1)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            msg = f"{field} must name a folder of models/, got {name!r}."
            raise UserError(msg, f"{hint}There are {', '.join(found)}.")
        if name in listed[:position]:  # type: ignore[index]
            raise UserError(f"{field} names {name!r} a second time.", "Remove it.")
    return found if listed is None else listed


def _load_model(root: Path, name: str) -> Model:
    label = f"models/{name}/model.yaml"
    if not (name.isidentifier() and name.isascii()) or name in RESERVED_FOLDERS:
        msg = f"models/: a model folder must be a Python name that is not reserved, got {name!r}."
        raise UserError(msg, "Use letters, digits and underscores, and a name other than `code`.")
    if not (root / "models" / name / "model.py").is_file():
        msg = f"models/{name}/model.py: the file is missing."
        raise UserError(msg, "Write it with the functions fit, predict, save and load.")
    return load_settings(Model, root / label, label)


def _check_count(models: dict[str, Model], pipeline: Pipeline) -> None:
    most = MOST_MODELS[pipeline.tracking]
    if len(models) > most:
        msg = f"models/: may hold {most} models with tracking: {pipeline.tracking}"
        raise UserError(
            f"{msg}, got {len(models)}.",
            f"List at most {most} of them under models in conf/pipeline.yaml.",
        )


def _check_titles(models: dict[str, Model]) -> None:
    """Titles name the steps, so two models cannot share one."""
    owners: dict[str, str] = {}
    for name, model in models.items():
        if model.title in owners:
            owner = owners[model.title]
            msg = f"models/{name}/model.yaml: title {model.title!r} is also that of {owner}."
            raise UserError(msg, "Give each model a title of its own.")
        owners[model.title] = name
