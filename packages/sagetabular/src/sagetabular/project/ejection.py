"""Jobs that a project has taken over: copies of this package's, to change as it likes."""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sagetabular.assets.code import OWN, PACKAGE
from sagetabular.errors import UserError
from sagetabular.project.versions import installed_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagetabular.project import Project

# Job → what `sagetabular.pipeline` builds its step with, and the argument that replaces it.
STEPS = {
    "ingest": ("ingest", "program"),
    "ingest_files": ("ingest", "program"),
    "preprocess": ("preprocess", "program"),
    "evaluate": ("models", "evaluate"),
    "select": ("select", "program"),
    "track": ("track", "program"),
}
# `data.source` → the job that reads the rows.
_READS = {"athena": "ingest", "s3": "ingest_files"}
# What runs in a model's own image, and travels with the model.
_OF_MODELS = ("tune", "fit", "train")
_HEADER = """\
# Ejected: the job {job} of sagetabular {version}. This copy is yours to change.
# SHA-256 of the original: {digest}
"""
_DIGEST = re.compile(r"^# SHA-256 of the original: ([0-9a-f]{64})$", re.MULTILINE)
_ORIGIN = re.compile(r"^# Ejected: the job (\w+) of sagetabular (\S+)\. ", re.MULTILINE)
# For this package its own modules are apart from libraries, for a project they are one of them.
_APART = re.compile(r"^( *(?:import|from) (\w+).*\n)\n(?= *from sagetabular\b)", re.MULTILINE)


@dataclass(frozen=True)
class Ejected:
    """A copy of a job in a project.

    Attributes:
        file: Where it lies, from the project's folder.
        job: What it is a copy of.
        version: That of the package it was copied from.
        current: Whether the original is as it was.
    """

    file: str
    job: str
    version: str
    current: bool


def copy_of(project: Project, job: str) -> str:
    """Return the copy of a job, which runs as it is where `place_of` says.

    Raises:
        UserError: There is no such job, no step runs it, or its file exists.
    """
    _check_job(project, job)
    target = place_of(project.root, job)
    if not target.parent.is_dir():
        msg = f"{OWN} must be the folder of the project's own programs, got no such folder."
        raise UserError(msg, "Restore it from git, or from a newly generated project.")
    for taken in (target, target.with_suffix("")):
        if taken.exists():
            msg = f"{taken.relative_to(project.root).as_posix()} must be new, but it exists."
            raise UserError(msg, "Rename or remove it, then eject the job again.")
    source = _original(job)
    header = _HEADER.format(job=job, version=installed_version() or "unknown", digest=_hash(source))
    return header + _APART.sub(_joined, source.decode())


def place_of(root: Path, job: str) -> Path:
    """Return where the copy of a job belongs in a project."""
    return root / OWN / f"{job}.py"


def ejected_jobs(root: Path) -> Iterator[Ejected]:
    """Yield the copies of jobs in a project, as their first lines tell."""
    for file in sorted((root / OWN).glob("*.py")):
        text = file.read_text(encoding="utf-8", errors="replace")
        origin, digest = _ORIGIN.search(text), _DIGEST.search(text)
        if origin and digest:
            job, version = origin.groups()
            current = job in STEPS and _hash(_original(job)) == digest.group(1)
            yield Ejected(f"{OWN}{file.name}", job, version, current)


def original_of(job: str) -> Path:
    """Return the file of a job in the installed package."""
    return PACKAGE / "jobs" / f"{job}.py"


def _check_job(project: Project, job: str) -> None:
    if job in _OF_MODELS:
        raise UserError(
            f"JOB must be a job of a step in {OWN}pipeline.py, got {job!r}, which models bring.",
            "Give the model a step of kind `train` with an `entry_point` of its own instead.",
        )
    if job not in STEPS:
        close = get_close_matches(job, STEPS, n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        rule = f"JOB must be a job that {OWN}pipeline.py can replace, got {job!r}."
        raise UserError(rule, f"{hint}There are {', '.join(STEPS)}.")
    if job in _READS.values():
        _check_source(project, job)


def _check_source(project: Project, job: str) -> None:
    source = project.settings.pipeline.data.source
    if source not in _READS:
        msg = f"JOB must be a job of ours, got {job!r}: with source: {source} AWS's container runs."
        raise UserError(msg, "Change the flow, or choose another source in conf/pipeline.yaml.")
    if _READS[source] != job:
        msg = f"JOB must be the one that reads source: {source}, got {job!r}."
        raise UserError(msg, f"Write `pipeline eject {_READS[source]}`.")


def _original(job: str) -> bytes:
    return original_of(job).read_bytes()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _joined(found: re.Match[str]) -> str:
    """Take out the blank line behind the import of a library."""
    return found.group(0) if found.group(2) in sys.stdlib_module_names else found.group(1)
