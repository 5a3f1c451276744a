"""Checks of what a run on this machine needs."""

from __future__ import annotations

import json
import shutil
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from sagetabular.aws.images.engines import find_engine
from sagetabular.doctor.findings import ok, to_fix
from sagetabular.doctor.query import query
from sagetabular.doctor.wheels import wheels
from sagetabular.errors import UserError
from sagetabular.local.data import find_data
from sagetabular.project.ejection import ejected_jobs
from sagetabular.project.packages import stale_packages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagetabular.doctor.findings import Finding
    from sagetabular.project import Project

OLDEST, NEWEST = (3, 11), (3, 14)
LOCK = "requirements.lock"
# Bytes: what a hundred runs of the default project leave.
LEAST_FREE = 1_000_000_000


def python(_: Project) -> Iterator[Finding]:
    """Check that its version is one that the locked packages are made for."""
    found = ".".join(map(str, sys.version_info[:3]))
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        yield ok(f"Python {found}")
    else:
        rule = f"Python must be {'.'.join(map(str, OLDEST))} to {'.'.join(map(str, NEWEST))}"
        yield to_fix(f"{rule}, got {found}.", "Name one: `make setup PYTHON=/path/to/python`.")


def libraries(project: Project) -> Iterator[Finding]:
    """Check that they are those of the lock file, which the numbers of a run depend on."""
    wanted = _locked(project.root / LOCK)
    wrong = [name for name, version in wanted.items() if _installed(name) != version]
    if not wrong:
        yield ok(f"{len(wanted)} packages as {LOCK} has them")
        return
    first, *more = sorted(wrong)
    others = f" ({len(more)} more differ)" if more else ""
    text = f"{first} must be {wanted[first]}, got {_installed(first) or 'none'}{others}."
    yield to_fix(text, "Run `make setup`.")


def definition(project: Project) -> Iterator[Finding]:
    """Check that conf/ and models/ compile to what SageMaker takes."""
    from sagetabular.compiling.compilation import compile_pipeline

    compiled = compile_pipeline(project.settings)
    steps, models = len(json.loads(compiled.definition)["Steps"]), ", ".join(project.settings.units)
    yield ok(f"conf/ and models/ ({models}) compile to {steps} steps")


def rows(project: Project) -> Iterator[Finding]:
    """Check that what the pipeline reads is on this machine."""
    yield ok(f"{find_data(project, {}).title} is here to be read")


def ejected(project: Project) -> Iterator[Finding]:
    """Check that what the project has taken over fits this package; it may have taken nothing."""
    for copy in ejected_jobs(project.root):
        if copy.current:
            yield ok(f"{copy.file} is a copy of {copy.job}, which is as it was in {copy.version}")
        else:
            text = f"{copy.file} is a copy of {copy.job}, which has changed since {copy.version}."
            yield to_fix(text, "Eject it anew beside it, and take over your changes.")
    for name in stale_packages(project.root):
        text = f"packages/{name} must be what its wheel in vendor/ is made of, and differs."
        yield to_fix(text, "Run `pipeline vendor`, then `make setup`.")


def disk(project: Project) -> Iterator[Finding]:
    """Check that there is room for some runs."""
    free = shutil.disk_usage(project.root).free
    if free >= LEAST_FREE:
        yield ok(f"{free / 1e9:,.1f} GB are free")
    else:
        text = f"{LEAST_FREE / 1e9:g} GB should be free, got {free / 1e9:.1f} GB."
        yield to_fix(text, "Free some, for example with `pipeline clean --keep 5`.")


def engine(_: Project) -> Iterator[Finding]:
    """Yield which container engine would build the images; a run here needs none."""
    try:
        yield ok(f"{find_engine(None).name} builds images")
    except UserError as refusal:
        reason = refusal.message.partition("(")[2].rstrip(").")
        yield ok(f"none works, and only `pipeline image` needs one ({reason})")


CHECKS = (python, libraries, wheels, definition, rows, query, ejected, disk, engine)


def _locked(lock: Path) -> dict[str, str]:
    """Return package → version that this machine must have.

    Raises:
        UserError: The file is missing, or none of a lock.
    """
    try:
        lines = lock.read_text(encoding="utf-8").splitlines()
        entries = [Requirement(line.rstrip("\\ ")) for line in lines if line[:1].isalnum()]
    except (OSError, InvalidRequirement) as err:
        raise UserError(f"{LOCK}: cannot be read: {err}.", "Restore it from git.") from None
    return {
        entry.name: next(iter(entry.specifier)).version
        for entry in entries
        if entry.marker is None or entry.marker.evaluate()
    }


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
