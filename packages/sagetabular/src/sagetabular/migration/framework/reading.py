"""Configuration files of dynamic-sagemaker-pipelines-framework → a plan."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.migration.framework.account import account_changes
from sagetabular.migration.framework.declaring import Declared, declare
from sagetabular.migration.framework.files import File, FrameworkModel, FrameworkPipeline
from sagetabular.migration.framework.steps import convert
from sagetabular.migration.naming import hint, identifier, title_of
from sagetabular.migration.plan import Change, NewModel, Place, Plan
from sagetabular.migration.programs import find_folder, read_programs
from sagetabular.migration.schema import note_dropped, read_as
from sagetabular.settings import RESERVED_FOLDERS
from sagetabular.settings.models.dependencies import parse_chain, render_chain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.migration.placeholders import Placeholders

# Where the framework looks for programs of models that name no folder.
SOURCE_VARIABLE = "SMP_SOURCE_DIR_PATH"
ISOLATED = (
    "All jobs are cut off from the network, as none was so far: set isolation in conf/aws.yaml for "
    "classes of steps that call services."
)
_STEP_NAME = re.compile(r"[^\s\[\],<>]+")


@dataclass
class _Merged:
    """Content of all files together."""

    models: dict[str, tuple[FrameworkModel, Place, Path]] = field(default_factory=dict)
    pipeline: tuple[FrameworkPipeline, Place] | None = None


def read_framework(
    files: Mapping[Path, tuple[str, Mapping[str, Any]]],
    placeholders: Placeholders,
    source: Path | None,
) -> Plan:
    """Read the files of one pipeline.

    Args:
        files: Path → name for errors, and document.
        placeholders: Values of placeholders.
        source: The repository that folders of programs are relative to; else they are looked for
            at each file and above it.

    Raises:
        UserError: The files do not describe a pipeline.
    """
    plan = Plan()
    merged = _merge(files, placeholders, plan)
    if merged.pipeline is None:
        places = ", ".join(name for name, _ in files.values())
        msg = f"{places}: none holds conf.sagemakerPipeline, which lists the steps."
        raise UserError(msg, "Name the file of the model that holds it as well.")
    pipeline, place = merged.pipeline
    _note_models(merged, pipeline, plan)
    units = _unit_names(pipeline)
    by_unit = {
        key: _declare(key, unit, merged, pipeline, place, plan) for key, unit in units.items()
    }
    steps = _by_name([step for found in by_unit.values() for step in found])
    for key, unit in units.items():
        model, _, path = merged.models[key]
        fallback = None if model.source_directory else placeholders.get(SOURCE_VARIABLE)
        starts = [source or Path(fallback or path.parent)]
        plan.models.append(_new_model(unit, by_unit[key], merged.models[key], steps, starts, plan))
    lines = _dependencies(pipeline, place.at("dependencies"), steps)
    if lines:
        where = place.at("dependencies")
        plan.changes.append(Change("conf/pipeline.yaml", ("dependencies",), lines, ([],), where))
    plan.remarks.append(ISOLATED)
    for name in placeholders.used:
        plan.remarks.append(
            f"{name} is written out: no model.yaml takes a pipeline parameter there."
        )
    return plan


def _merge(
    files: Mapping[Path, tuple[str, Mapping[str, Any]]], placeholders: Placeholders, plan: Plan
) -> _Merged:
    merged = _Merged()
    for path, (name, document) in files.items():
        place = Place(name, ("conf",))
        file = read_as(File, _filled(document, placeholders, place), Place(name))
        conf = file.conf.model_copy(update={"models": {}})
        note_dropped(file.model_copy(update={"conf": conf}), Place(name), plan)
        plan.changes += account_changes(conf, placeholders, place, plan)
        for key, model in file.conf.models.items():
            _add_model(merged, key, model or FrameworkModel(), place.at("models", key), path)
        if conf.pipeline and merged.pipeline:
            msg = f"{place.at('sagemakerPipeline')} stands in {merged.pipeline[1].file} as well."
            raise UserError(msg, "Import the two pipelines one after the other, or merge them.")
        if conf.pipeline:
            merged.pipeline = (conf.pipeline, place.at("sagemakerPipeline"))
    return merged


def _filled(
    document: Mapping[str, Any], placeholders: Placeholders, place: Place
) -> Mapping[str, Any]:
    """Replace placeholders where models and steps are described; the account's stay names."""
    conf = document["conf"]
    if not isinstance(conf, dict):
        return document
    parts = {
        key: placeholders.fill(conf[key], place.at(key))
        for key in ("models", "sagemakerPipeline")
        if key in conf
    }
    return {**document, "conf": {**conf, **parts}}


def _add_model(merged: _Merged, key: str, model: FrameworkModel, place: Place, path: Path) -> None:
    if key in merged.models:
        msg = f"{place} stands in {merged.models[key][1].file} as well."
        raise UserError(msg, "Keep one of the two models.")
    merged.models[key] = (model, place, path)


def _note_models(merged: _Merged, pipeline: FrameworkPipeline, plan: Plan) -> None:
    for key, (model, place, _) in merged.models.items():
        if key in pipeline.models:
            note_dropped(model, place, plan)
        else:
            plan.drop(place, "sagemakerPipeline has no steps of it")


def _unit_names(pipeline: FrameworkPipeline) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in pipeline.models:
        found[key] = identifier(key, {*found.values(), *RESERVED_FOLDERS}, other="model")
    return found


def _declare(
    key: str, unit: str, merged: _Merged, pipeline: FrameworkPipeline, place: Place, plan: Plan
) -> list[Declared]:
    where = place.at("models", key)
    if key not in merged.models:
        msg = f"{where} names a model that no file describes."
        raise UserError(msg, hint(key, merged.models) if merged.models else "Add its file.")
    model, model_place, _ = merged.models[key]
    return declare(unit, model, model_place, pipeline.models[key].steps, where.at("steps"), plan)


def _by_name(declared: Sequence[Declared]) -> dict[str, Declared]:
    found: dict[str, Declared] = {}
    for step in declared:
        if step.step.name in found:
            msg = f"{step.place.at('step_name')} is that of another step: {step.step.name!r}."
            raise UserError(msg, "Give each step a name of its own.")
        found[step.step.name] = step
    return found


def _new_model(
    unit: str,
    declared: Sequence[Declared],
    given: tuple[FrameworkModel, Place, Path],
    steps: Mapping[str, Declared],
    starts: Sequence[Path],
    plan: Plan,
) -> NewModel:
    model, place, _ = given
    written = {step.key: convert(step, steps, plan) for step in declared}
    images = [entry["image"] for entry in written.values() if "image" in entry]
    if not images:
        raise UserError(f"{place} has no step with an image.", "Add one that starts a job.")
    for entry in written.values():
        if entry.get("image") == images[0]:
            del entry["image"]
    document = {"title": title_of(unit), "image": images[0], "steps": written}
    programs = [entry["entry_point"] for entry in written.values() if "entry_point" in entry]
    if not programs:
        return NewModel(unit, document)
    where = place.at("source_directory")
    folder = find_folder(model.source_directory or ".", programs, starts, where)
    return NewModel(unit, document, read_programs(folder, where, plan))


def _dependencies(
    pipeline: FrameworkPipeline, place: Place, steps: Mapping[str, Declared]
) -> list[str]:
    """Return lines of the framework in this project's notation, with groups and free spaces."""

    def renamed(match: re.Match[str]) -> str:
        if match[0] not in steps:
            msg = f"{place.at(number)} names no step: {match[0][:100]!r}."
            raise UserError(msg, hint(match[0], steps))
        return f"{steps[match[0]].unit}.{steps[match[0]].key}"

    found = []
    for number, line in enumerate(pipeline.dependencies):
        own = _STEP_NAME.sub(renamed, line)
        found.append(render_chain(parse_chain(own, str(place.at(number)))))
    return found
