"""Configuration files → a plan, by whichever reader knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.migration.documents import label_of, read_document
from sagetabular.migration.framework.reading import read_framework
from sagetabular.migration.tuner.reading import read_tuner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sagetabular.migration.placeholders import Placeholders
    from sagetabular.migration.plan import Plan
    from sagetabular.settings.project import PipelineConf

# Kind of file → keys that no other has. The last three make up a tuning job.
_KEYS = {
    "framework": {"conf"},
    "parameters": {"tuningJobName", "tuningStrategy", "maxNumberOfTrainingJobs"},
    "hyperparameters": {"parameterRanges", "staticHyperParameters"},
    "manifest": {"channels"},
}
_TUNER = {
    "parameters": "ml-parameters.json",
    "hyperparameters": "hyperparameters.json",
    "manifest": "manifest.json",
}


@dataclass(frozen=True)
class Options:
    """Options of the command line beside the files.

    Attributes:
        placeholders: Values of placeholders.
        source: The repository with the programs; None to look for it at each file.
        like: The model whose code one begins with that comes without code.
        pipeline: `conf/pipeline.yaml` of the project.
        positive: The positive class of a tuner's target.
    """

    placeholders: Placeholders
    source: Path | None
    like: str
    pipeline: PipelineConf
    positive: str | None = None


def read_plan(paths: Sequence[Path], options: Options) -> Plan:
    """Read the files of one pipeline, or of one tuning job.

    Raises:
        UserError: They are none of either, of both, or break a rule.
    """
    found: dict[Path, tuple[str, Mapping[str, Any]]] = {}
    kinds: dict[Path, str] = {}
    for path in paths:
        label = label_of(path)
        if path in found:
            raise UserError(f"{label}: is named twice.", "Name each file once.")
        found[path] = (label, read_document(path))
        kinds[path] = _kind_of(found[path][1], label)
    names = set(kinds.values())
    if "framework" in names and options.positive is not None:
        msg = f"--positive is for the files of a model tuner, got {options.positive!r}."
        raise UserError(msg, "Leave it out.")
    if names == {"framework"}:
        return read_framework(found, options.placeholders, options.source)
    if "framework" in names:
        msg = f"{', '.join(label for label, _ in found.values())}: are of two frameworks."
        raise UserError(msg, "Import the files of one at a time.")
    files = _tuner_files(found, kinds)
    return read_tuner(files, options.like, options.pipeline, options.positive)


def _kind_of(document: Mapping[str, Any], label: str) -> str:
    for kind, keys in _KEYS.items():
        if keys & {*document}:
            return kind
    msg = f"{label}: is no configuration that can be imported."
    known = f"a file with `conf:`, or {', '.join(_TUNER.values())}"
    raise UserError(msg, f"Name {known}.")


def _tuner_files(
    found: Mapping[Path, tuple[str, Mapping[str, Any]]], kinds: Mapping[Path, str]
) -> dict[str, tuple[str, Mapping[str, Any]]]:
    by_kind: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for path, kind in kinds.items():
        if kind in by_kind:
            msg = f"{found[path][0]}: is a second {_TUNER[kind]}, beside {by_kind[kind][0]}."
            raise UserError(msg, "Import one tuning job at a time.")
        by_kind[kind] = found[path]
    for kind, name in _TUNER.items():
        if kind not in by_kind:
            msg = f"{name} is missing: a tuning job has three files, got {len(by_kind)}."
            raise UserError(msg, f"Name {', '.join(_TUNER.values())}.")
    return {kind: by_kind[kind] for kind in _TUNER}
