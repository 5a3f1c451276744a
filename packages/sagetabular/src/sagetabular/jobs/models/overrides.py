"""Hyperparameters from S3: a JSON object that changes some of those in the model's file."""

from __future__ import annotations

import json
import math
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.errors import JobError, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

CHANNEL = "hyperparameters"
_WORDS = {
    bool: "true or false", int: "a whole number", float: "a number", str: "text", dict: "a mapping",
}  # fmt: skip


def with_overrides(
    hyperparameters: Mapping[str, Any], fixed: Collection[str], folder: Path, model: str
) -> dict[str, Any]:
    """Return hyperparameters with the values that the file of the channel gives.

    Args:
        hyperparameters: All of them, tuned or not, decoded.
        fixed: Names of those that the file may change, each to a value of the same type.
        folder: The channel's folder.
        model: Name of the model, for errors.

    Raises:
        JobError: The file is no such object, or names or types in it are wrong.
    """
    place = f"models/{model}/model.yaml: hyperparameters_from"
    given = _read(folder, place)
    for name in given:
        _check_name(name, hyperparameters, fixed, place)
    changed = {name: _typed(name, given[name], hyperparameters[name], place) for name in given}
    return {**hyperparameters, **changed}


def _read(folder: Path, place: str) -> dict[str, Any]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(files) != 1:
        msg = f"{place} must be the address of one object, got {len(files)}."
        raise JobError(msg, "Name one JSON file, whose key no other key begins with.")
    try:
        content = json.loads(files[0].read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as err:
        msg = f"{place} must hold JSON, got text that is not: {err}."
        raise JobError(msg, f"Correct {files[0].name}.") from err
    if not isinstance(content, dict):
        msg = f"{place} must hold one JSON object, got {shown(content)}."
        raise JobError(msg, f"Correct {files[0].name}: write {{'name': value}}.")
    return content


def _check_name(
    name: str, hyperparameters: Mapping[str, Any], fixed: Collection[str], place: str
) -> None:
    if name in fixed:
        return
    if name in hyperparameters:
        msg = f"{place} must not give {name!r}, which is tuned or set by the step."
        raise JobError(msg, "Take it out of the file, or out of tuning.ranges.")
    close = get_close_matches(name, fixed, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(sorted(fixed))}."
    raise JobError(f"{place} gives {name!r}, which is not under hyperparameters.", hint)


def _typed(name: str, value: Any, default: Any, place: str) -> Any:
    """Return a value in the type of the default; SageMaker's own files write all as text."""
    kind = type(default)
    if isinstance(value, str) and kind is not str:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):  # it is text that is not a number, and refused as such
            value = str(value)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        msg = f"{place} must give {name!r} {_WORDS[kind]}, got {shown(value)}."
        raise JobError(msg, "Correct it, or change the type of its default in model.yaml.")
    return value
