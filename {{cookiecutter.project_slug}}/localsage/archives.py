"""Archives: packed so that equal content gives equal bytes, unpacked so that none can escape."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from pathlib import Path

from localsage.errors import StorageError


def pack(folder: Path, archive: Path) -> None:
    """Pack the files of ``folder`` into a ``.tar.gz``, sorted and without times or owners."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(file.relative_to(folder).as_posix())
            entry.size = file.stat().st_size
            entry.mode = 0o644
            with file.open("rb") as content:
                tar.addfile(entry, content)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a ``.tar.gz`` into ``folder``; nothing can be written outside it.

    Raises
    ------
    StorageError
        If the file is not such an archive, is damaged, or holds an entry that leads outside
        the folder or is not a plain file, folder or inner link.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise StorageError(
            f"{archive.name} is not an archive that can be unpacked: {error}."
        ) from error
