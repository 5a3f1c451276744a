"""Archives that training jobs leave in S3."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sagetabular.jobs.errors import JobError

if TYPE_CHECKING:
    from pathlib import Path


def extract(archive: Path, folder: Path) -> None:
    """Unpack the files of `archive` into `folder`; nothing lands outside of it.

    Python's own `filter="data"` would do, but 3.11.0 to 3.11.3 lack it.

    Raises:
        JobError: The archive is missing, damaged or hostile.
    """
    try:
        with tarfile.open(archive, "r:gz") as content:
            for member in content:
                _extract_member(content, member, folder)
    except (OSError, EOFError, zlib.error, tarfile.TarError) as err:
        msg = f"{archive.name} cannot be unpacked: {err}."
        raise JobError(msg, "Run the step that wrote it again.") from err


def _extract_member(content: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        msg = f"{member.name!r} leads outside"
        raise tarfile.TarError(msg)
    if member.isdir():
        return
    source = content.extractfile(member) if member.isfile() else None
    if source is None:
        msg = f"{member.name!r} is neither a file nor a folder"
        raise tarfile.TarError(msg)
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
