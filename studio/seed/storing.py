"""A project without repository: an archive for whoever makes one later."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from .buckets import has_objects, put_new
from .rendering import render

if TYPE_CHECKING:
    from pathlib import Path

    from .answers import Answers
    from .bundle import Bundle

# The earliest moment that an archive can hold: the same project has the same bytes.
_MOMENT, _UNIX = (1980, 1, 1, 0, 0, 0), 3


def store(answers: Answers, bundle: Bundle, output: Path) -> str:
    """Put the project into the bucket of artifacts, once and for all; return what was done.

    Args:
        answers: What it is made of.
        bundle: The template.
        output: Folder to make it in.

    Raises:
        SeedError: It cannot be rendered, or AWS refuses it.
    """
    bucket, key = answers.artifact_bucket, f"{answers.project_slug}/project.zip"
    place = f"s3://{bucket}/{key}"
    kept = f"unchanged: {place} is there, and is never written again."
    if has_objects(bucket, key):
        return kept
    project = render(answers, bundle, output)
    archive = output / "project.zip"
    write_archive(project, archive)
    if not put_new(bucket, key, archive, answers.key_arn):
        return kept
    return f"seeded: the project of template {bundle.release} is {place}."


def write_archive(project: Path, archive: Path) -> None:
    """Write a folder into an archive, as one folder; the same content gives the same bytes.

    Nothing is compressed: no zlib differs from another.

    Args:
        project: The folder.
        archive: The file.
    """
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as made:
        for file in sorted(path for path in project.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(project.parent).as_posix(), _MOMENT)
            # As git has it: a file, executable or not.
            mode = 0o100755 if file.stat().st_mode & 0o100 else 0o100644
            entry.create_system, entry.external_attr = _UNIX, mode << 16
            made.writestr(entry, file.read_bytes())
