"""The three files of a model tuner → a plan: one model with a tune step."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.migration.naming import identifier, title_of
from sagetabular.migration.plan import Change, NewModel, Place, Plan
from sagetabular.migration.schema import note_dropped, read_as
from sagetabular.migration.tuner.files import (
    Hyperparameters,
    Ranges,
    TunerCategoricalRange,
    TunerManifest,
    TunerParameters,
)
from sagetabular.migration.tuner.tasks import CONF, TRAINING, read_training, settle_task
from sagetabular.settings import RESERVED_FOLDERS
from sagetabular.settings.models.steps import OWN_INPUTS
from sagetabular.settings.project import Tuning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings.project import PipelineConf

# The limit of a training job, with its wait for spot instances: it stood in the system's code.
MINUTES = 1440
KINDS = ("integer", "continuous", "categorical")


def read_tuner(
    files: Mapping[str, tuple[str, Mapping[str, Any]]],
    like: str,
    pipeline: PipelineConf,
    positive: str | None = None,
) -> Plan:
    """Read the files of one tuning job.

    Args:
        files: `parameters`, `hyperparameters` and `manifest` → name for errors, and document.
        like: The model whose code the new one begins with, since these files name an algorithm
            of which they hold no code.
        pipeline: The project's `conf/pipeline.yaml`.
        positive: The positive class of a binary target, which the files do not name.

    Raises:
        UserError: A file breaks a rule, or describes another task than the project has.
    """
    plan = Plan()
    places = {kind: Place(name) for kind, (name, _) in files.items()}
    parameters = read_as(TunerParameters, files["parameters"][1], places["parameters"])
    hyperparameters = read_as(
        Hyperparameters, files["hyperparameters"][1], places["hyperparameters"]
    )
    manifest = read_as(TunerManifest, files["manifest"][1], places["manifest"])
    for found, place in zip((parameters, hyperparameters, manifest), places.values(), strict=True):
        note_dropped(found, place, plan)
    name = identifier(
        parameters.model.name or parameters.tuning_job_name, RESERVED_FOLDERS, other="model"
    )
    inputs = _channels(manifest, parameters.input_content_type, places["manifest"], plan)
    ranges = _ranges(hyperparameters.parameter_ranges, places["hyperparameters"])
    document = _document(name, parameters, ranges, inputs)
    fixed = _fixed(hyperparameters, places["hyperparameters"], plan)
    if fixed:
        document["hyperparameters"] = fixed
    plan.models.append(NewModel(name, document, like=like))
    plan.changes += _limits(parameters, places["parameters"])
    plan.note(places["parameters"], f"is the model {name}, which begins with the code of {like}")
    settle_task(parameters, hyperparameters, places, pipeline, positive, plan)
    return plan


def _fixed(hyperparameters: Hyperparameters, place: Place, plan: Plan) -> dict[str, Any]:
    """Return the fixed hyperparameters, without what is said of the target among them."""
    fixed = {key: typed(value) for key, value in hyperparameters.static.items()}
    if read_training(fixed):
        del fixed[TRAINING]
        what = f"target and columns are those of {CONF}"
        plan.drop(place.at("staticHyperParameters", TRAINING), what)
    return fixed


def _document(
    name: str, parameters: TunerParameters, ranges: dict[str, Any], inputs: dict[str, Any]
) -> dict[str, Any]:
    job = {
        "instance_type": parameters.instance_type,
        "volume_gb": parameters.volume_gb,
        "max_minutes": MINUTES,
        "inputs": inputs,
    }
    tuning = {
        "strategy": parameters.tuning_strategy,
        "early_stopping": parameters.early_stopping.lower(),
        "ranges": ranges,
    }
    # Trials keep no model, so that of the best one is fitted before one can be created.
    spot = {"spot": True, "max_wait_minutes": MINUTES} if parameters.spot else {}
    steps = {"tune": job | spot, "fit": job, "create": {}}
    return {"title": title_of(name), "image": "project", "tuning": tuning, "steps": steps}


def _ranges(given: Ranges, place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in KINDS:
        field = f"{kind}_parameter_ranges"
        for entry in getattr(given, field):
            if entry.name in found:
                msg = f"{place.at('parameterRanges')} has {entry.name[:100]!r} twice."
                raise UserError(msg, "Keep one of them.")
            if isinstance(entry, TunerCategoricalRange):
                found[entry.name] = {"type": kind, "values": [typed(text) for text in entry.values]}
                continue
            bounds = {"min": entry.min_value, "max": entry.max_value}
            found[entry.name] = {"type": kind, **bounds, "scaling": entry.scaling_type}
    return found


def typed(value: str | float | bool) -> str | int | float | bool:
    """Return a hyperparameter as it was meant: these files hold text alone, such as `"50"`."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    is_number = isinstance(found, int | float) and math.isfinite(found) and abs(found) < 2**63
    return found if is_number else value


def _channels(
    manifest: TunerManifest, content_type: str | None, place: Place, plan: Plan
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, channel in enumerate(manifest.channels):
        where, source = place.at("channels", number), channel.source
        if source.data_type not in ("S3Prefix", "ManifestFile"):
            plan.drop(where, f"inputs cannot be of the type {source.data_type!r}")
            continue
        name = identifier(channel.name, {*found, *OWN_INPUTS}, other="channel")
        if name != channel.name:
            plan.note(where, f"is the channel {name} now")
        found[name] = {"source": source.uri, "data_type": source.data_type}
        found[name]["distribution"] = source.distribution
        if content_type:
            found[name]["content_type"] = content_type
    if "train" not in found:
        plan.note(place, "has no channel train: trials take that of this project's Preprocess")
    return found


def _limits(parameters: TunerParameters, place: Place) -> list[Change]:
    """Take over the number of trials, which is one for the project, whatever its models."""
    new = Tuning()
    numbers = {"parallel": parameters.parallel, "trials": parameters.trials}
    names = {"parallel": "maxParallelTrainingJobs", "trials": "maxNumberOfTrainingJobs"}
    return [
        Change(
            CONF,
            ("tuning", key),
            number,
            (getattr(new, key),),
            place.at(names[key]),
        )
        for key, number in numbers.items()
    ]
