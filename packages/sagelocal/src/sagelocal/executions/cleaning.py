"""Cleaning: old executions go, with what they alone have in the store.

An execution stays when a kept one has taken a result from it, or a registered model version
mentions it. Its directory is hidden before anything of it is deleted, so that no later execution
reuses half a result; what an interrupt left over goes with the next cleaning.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sagelocal.errors import DamagedError
from sagelocal.executions.claims import unused
from sagelocal.executions.history import list_executions
from sagelocal.executions.records import ExecutionRecord
from sagelocal.files import JsonObject, read_json, warn_of
from sagelocal.registry import ModelRegistry
from sagelocal.storage.buckets import Storage

_HIDDEN, _REMOVED = ".", ".removed"


@dataclass(frozen=True)
class Removed:
    """An execution that is gone, and how many bytes that freed."""

    execution: str
    size: int


@dataclass(frozen=True)
class Cleaning:
    """What a cleaning would remove.

    Attributes:
        executions: With how many bytes each would free; oldest first.
        versions: Registered ones, in the shape of `DescribeModelPackage`; oldest first.
    """

    executions: list[Removed]
    versions: list[JsonObject]


def plan(
    home: Path, storage: Storage, registry: ModelRegistry, keep: int, *, unapproved: bool
) -> Cleaning:
    """Return what `remove_unapproved`, if that is asked for, and then `clean` would remove.

    Raises:
        DamagedError: If one, or a registered version, is damaged: nobody knows what it needs.
        ExecutionStateError: If one is running, and may use results of any other.
    """
    with unused(home):
        records = list_executions(home, whole=True)
        versions = _unapproved(records, registry, keep) if unapproved else []
        left = [package for package in registry.packages(whole=True) if package not in versions]
        needed = _needed(records, keep, left)
        going = [record.directory for record in records if record.id not in needed]
        found = {directory.name: directory for directory in going}
        found |= {_shown(directory): directory for directory in _leftovers(home)}
        sizes = [Removed(name, _size(_folders(found[name], storage))) for name in sorted(found)]
        return Cleaning(sizes, versions)


def clean(home: Path, storage: Storage, registry: ModelRegistry, keep: int) -> list[Removed]:
    """Remove all executions but the `keep` newest and those that are referred to; oldest first.

    Raises:
        DamagedError: If one, or a registered version, is damaged: nobody knows what it needs.
        ExecutionStateError: If one is running, and may use results of any other.
    """
    with unused(home):
        records = list_executions(home, whole=True)
        needed = _needed(records, keep, registry.packages(whole=True))
        for record in records:
            if record.id not in needed:
                record.directory.rename(_hidden(record.directory))
        return [_remove(directory, storage) for directory in _leftovers(home)]


def remove_unapproved(home: Path, registry: ModelRegistry, keep: int) -> list[JsonObject]:
    """Remove registered versions that nobody has approved; return them, oldest first.

    The last of a group stays, so that its number is not given again, and so do those of the `keep`
    newest executions.

    Raises:
        DamagedError: If an execution is damaged.
        ExecutionStateError: If an execution is running.
    """
    with unused(home):
        removed = _unapproved(list_executions(home, whole=True), registry, keep)
        for package in removed:
            registry.remove(package["ModelPackageGroupName"], package["ModelPackageVersion"])
        return removed


def _unapproved(
    records: list[ExecutionRecord], registry: ModelRegistry, keep: int
) -> list[JsonObject]:
    kept = [record.id for record in records[:keep]]
    return [
        package
        for group in registry.groups()
        for package in registry.packages(group)[:-1]
        if package["ModelApprovalStatus"] != "Approved" and not _mentions(package, kept)
    ]


def _mentions(package: JsonObject, executions: list[str]) -> bool:
    text = json.dumps(package)
    return any(execution in text for execution in executions)


def _needed(records: list[ExecutionRecord], keep: int, packages: list[JsonObject]) -> set[str]:
    """Return the executions that stay."""
    registered = json.dumps(packages)
    needed = {record.id for record in records[:keep]}
    needed |= {record.id for record in records if record.id in registered}
    # What a record takes a result from did the work itself, so one round reaches everything.
    return needed | {
        step.cached_from
        for record in records
        if record.id in needed
        for step in record.steps.values()
        if step.cached_from
    }


def _hidden(directory: Path) -> Path:
    return directory.with_name(f"{_HIDDEN}{directory.name}{_REMOVED}")


def _shown(directory: Path) -> str:
    return directory.name.removeprefix(_HIDDEN).removesuffix(_REMOVED)


def _leftovers(home: Path) -> list[Path]:
    """Return the hidden executions, oldest first."""
    return sorted((home / "executions").glob(f"{_HIDDEN}*{_REMOVED}"))


def _folders(directory: Path, storage: Storage) -> list[Path]:
    """Return where an execution lies: its prefixes first, since its directory says which."""
    prefixes = _own_prefixes(directory, _shown(directory))
    return [*(storage.path(uri) for uri in prefixes), directory]


def _remove(directory: Path, storage: Storage) -> Removed:
    """Delete a hidden execution."""
    folders = _folders(directory, storage)
    size = _size(folders)
    for folder in folders:
        if folder.is_dir():
            shutil.rmtree(folder)
    return Removed(_shown(directory), size)


def _own_prefixes(directory: Path, execution: str) -> list[str]:
    """Return the prefixes named after the execution; nobody else writes below them."""
    own = re.compile(rf"s3://(?:[^/]+/)+{re.escape(execution)}(?=/|$)")
    requests = (_arguments(file) for file in directory.glob("steps/*.json"))
    found = (own.match(text) for request in requests for text in _texts(request))
    return sorted({match.group() for match in found if match})


def _arguments(file: Path) -> object:
    """Return the request of a step; None, once that is said, if its file is damaged."""
    try:
        return read_json(file).get("arguments")
    except DamagedError as error:
        warn_of(str(error))
        return None


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for item in node.values() if isinstance(node, dict) else node:
            yield from _texts(item)


def _size(folders: Iterable[Path]) -> int:
    """Return the bytes in files below the folders; a file with two names counts once."""
    found = {}
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                status = Path(root, name).lstat()
                found[status.st_dev, status.st_ino] = status.st_size
    return sum(found.values())
