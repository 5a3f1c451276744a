"""Origins: the file and field that a part of a definition comes from, to correct it there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sagetabular.settings.models.units import step_title
from sagetabular.steps.named import named_places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings import ProjectSettings

_CONF = "conf/pipeline.yaml"
# Parameter → the field of `conf/pipeline.yaml` that its default is from.
FIELDS = {
    "Prefix": "name",
    "ModelPackageGroup": "name",
    "Database": "data.database",
    "Table": "data.table",
    "Workgroup": "data.workgroup",
    "DataVersion": "data.version",
    "Folds": "split.folds",
    "Seed": "split.seed",
    "MaxTrainingJobs": "tuning.trials",
    "MaxParallelTrainingJobs": "tuning.parallel",
    "ModelApprovalStatus": "registration.approval",
    "ProcessingInstanceType": "resources.processing.instance_type",
    "TrainingInstanceType": "resources.training.instance_type",
}
_SUBJECT = re.compile(r"(?P<subject>parameter \w+|[\w-]+)(?P<mark>\.|: | )(?P<rest>.*)", re.DOTALL)


def find_origins(settings: ProjectSettings) -> dict[str, str]:
    """Return step or `parameter NAME`, as problems begin with it → file and field."""
    pipeline = settings.pipeline
    gate = pipeline.selection.gate_of(pipeline.task)[0]
    fields = FIELDS | {pipeline.metric.parameter: f"selection.{gate}"}
    found = {f"parameter {name}": f"{_CONF}: {field}" for name, field in fields.items()}
    for place, value in named_places(settings.units):
        found.setdefault(f"parameter {value.parameter}", place)
    for unit in settings.units.values():
        for name in unit.steps:
            found[step_title(name, unit.model.title)] = f"{unit.label}: steps.{name}"
    return found


def with_origin(problem: str, origins: Mapping[str, str]) -> str | None:
    """Return a problem with file and field in place of its subject; None if they are not known."""
    found = _SUBJECT.fullmatch(problem)
    if found is None or found["subject"] not in origins:
        return None
    origin, rest = origins[found["subject"]], found["rest"]
    is_parameter = found["subject"].startswith("parameter ") and found["mark"] == " "
    return f"{origin} {rest}" if is_parameter else f"{origin}: {rest}"
