"""Archives: packed so that equal content gives equal bytes, unpacked so that none can escape."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from sagelocal.errors import StorageError

# Most of what a job leaves is compressed already: more effort costs time and saves nothing.
_LEVEL = 1


def pack(folder: Path, archive: Path) -> None:
    """Pack the files of `folder` into a `.tar.gz`, sorted and without times or owners."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=_LEVEL, fileobj=raw, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(file.relative_to(folder).as_posix())
            entry.size = file.stat().st_size
            entry.mode = 0o644
            with file.open("rb") as content:
                tar.addfile(entry, content)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a `.tar.gz` of files and folders into `folder`; nothing lands outside it.

    The standard library's `filter="data"` would do, but Python 3.11.0 to 3.11.3 lack it.

    Raises:
        StorageError: If the file is not such an archive, is damaged, or holds anything else: a
            link, a device, a name that leads outside the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for entry in tar:
                _unpack_entry(tar, entry, folder)
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise StorageError(f"{archive.name} cannot be unpacked: {error}.") from error


def _unpack_entry(tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> None:
    path = PurePosixPath(entry.name)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.name:
        raise tarfile.TarError(f"{entry.name!r} leads outside")
    target = folder / path
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    content = tar.extractfile(entry) if entry.isfile() else None
    if content is None:
        raise tarfile.TarError(f"{entry.name!r} is neither a file nor a folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    with content, target.open("wb") as file:
        shutil.copyfileobj(content, file)
