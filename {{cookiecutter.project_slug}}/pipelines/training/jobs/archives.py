"""Archives that training jobs leave in S3."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from pipelines.training.jobs.errors import JobError

if TYPE_CHECKING:
    from pathlib import Path


def extract(archive: Path, folder: Path) -> None:
    """Unpack `archive` into `folder`, refusing entries that would land outside of it.

    Raises:
        JobError: The archive is missing, truncated or hostile.
    """
    try:
        with tarfile.open(archive, "r:gz") as content:
            content.extractall(folder, filter="data")
    except (OSError, EOFError, tarfile.TarError) as err:
        msg = f"{archive.name} cannot be unpacked: {err}."
        raise JobError(msg, "Run the step that wrote it again.") from err
