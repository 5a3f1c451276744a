"""S3 on this machine: `s3://bucket/key` is the file `<directory>/bucket/key`.

Objects can be read by jobs but not harmed by them. On a POSIX system every stored file is
read-only (mode 0444), so a hard link handed to a job is safe: writing through it is refused,
and deleting or replacing it touches only the job's own name for it. Permissions do not bind
the superuser, and other systems share the read-only flag between links; there jobs get copies,
and so they do of a file that somebody put there by hand and that may be written.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from sagelocal.errors import StorageError
from sagelocal.files import write_bytes
from sagelocal.storage.addresses import split_uri

_WRITABLE = 0o222


def links_are_safe() -> bool:
    """Return whether file permissions keep this user's processes from writing stored objects."""
    return os.name == "posix" and os.geteuid() != 0


@dataclass(frozen=True)
class StoredObject:
    """One object: its address, and what it is called below the folder of an input."""

    uri: str
    name: str


class Storage:
    """The buckets of an account, below one directory.

    Args:
        directory: Where the buckets lie; made when first needed.
        link: Whether jobs get hard links instead of copies; by default wherever that is safe.
    """

    def __init__(self, directory: Path, *, link: bool | None = None) -> None:
        self.directory = directory
        self._link = links_are_safe() if link is None else link
        # Held while objects are stored and passed on, by a store that passes on.
        self._storing: AbstractContextManager[object] = nullcontext()

    def path(self, uri: str) -> Path:
        """Return where the object or prefix lies; it need not exist."""
        bucket, key = split_uri(uri)
        return self.directory / bucket / key if key else self.directory / bucket

    def exists(self, uri: str) -> bool:
        """Return whether there is an object, or at least one below the prefix.

        Raises:
            StorageError: If the address is none, or its server does not answer.
        """
        return any(_files(self.path(uri)))

    def objects(self, uri: str) -> list[str]:
        """Return the names of the objects below the prefix, in the order of their keys.

        The names are what follows the prefix; a single object is called by the end of its key.
        """
        self.refresh(uri)
        path = self.path(uri)
        root = path.parent if path.is_file() else path
        names = (file.relative_to(root).as_posix() for file in _files(path))
        return sorted(names)

    def matching(self, uri: str) -> list[StoredObject]:
        """Return the objects whose keys begin with that of an address, in the order of their keys.

        A prefix of keys is no folder: `data/part` matches `data/part1.csv` and `data/parts/x.csv`.
        One that ends with a slash matches what lies below, and nothing else. In a job, objects are
        called as in a training container: what follows `data/part/` if the key has that, else what
        follows the last slash of the prefix (https://github.com/aws/sagemaker-python-sdk/issues/3612).
        """
        self.refresh(uri, siblings=True)
        path = self.path(uri)
        if uri.endswith("/") or not split_uri(uri)[1]:
            found = [(file, path) for file in _files(path) if not path.is_file()]
        else:
            found = [
                (file, path if entry == path and entry.is_dir() else path.parent)
                for entry in _beginning_with(path)
                for file in _files(entry)
            ]
        objects = [
            StoredObject(
                f"s3://{file.relative_to(self.directory).as_posix()}",
                file.relative_to(root).as_posix(),
            )
            for file, root in found
        ]
        return sorted(objects, key=lambda entry: entry.uri.encode(errors="surrogateescape"))

    def read_bytes(self, uri: str) -> bytes:
        """Return the content of one object.

        Raises:
            StorageError: If there is no such object.
        """
        return self.existing_file(uri).read_bytes()

    def existing_file(self, uri: str) -> Path:
        """Return the file that is an object, not to be written to.

        Raises:
            StorageError: If there is no such object.
        """
        path = self.file(uri)
        if path is None:
            raise StorageError(f"There is no object {uri}.")
        return path

    def file(self, uri: str) -> Path | None:
        """Return the file that is an object, not to be written to; None if there is no object."""
        self.refresh(uri)
        path = self.path(uri)
        return path if path.is_file() else None

    def refresh(self, uri: str, *, siblings: bool = False) -> None:
        """Bring what lies here up to date before it is read: nothing to do, it is the original.

        Args:
            uri: The object, or the prefix of objects below a folder.
            siblings: Whether everything is meant whose key begins like this one.

        Raises:
            StorageError: If that is impossible.
        """

    def publish(self, uris: Iterable[str]) -> None:
        """Pass on objects that have just been stored here: nothing to do, nobody else has them.

        Raises:
            StorageError: If that is impossible.
        """

    def put_bytes(self, uri: str, content: bytes) -> None:
        """Store one object, replacing the one that was there.

        Raises:
            StorageError: If the address names a whole bucket or a folder of objects.
        """
        path = self.path(uri)
        if not split_uri(uri)[1] or path.is_dir():
            raise StorageError(f"{uri} cannot be an object: it is a folder of objects.")
        staging = self._staging()
        write_bytes(staging, content)
        with self._storing:
            self._place(staging, path, uri)
            self.publish([uri])

    def put_tree(self, folder: Path, uri: str) -> None:
        """Store the files below `folder` under a prefix; an empty folder stores nothing.

        A new prefix appears in one step, with all of its objects. Below a prefix that exists
        objects are replaced one by one and others stay, as in S3.

        Raises:
            StorageError: If something in the folder is not a regular file, or if a folder and an
                object would have the same name.
        """
        target, staging = self.path(uri), self._staging()
        names = []
        try:
            for file in _files(folder):
                names.append(file.relative_to(folder))
                copy = staging / names[-1]
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
                _protect(copy)
            if names:
                with self._storing:
                    self._move_tree(staging, target, sorted(names), uri)
                    self.publish(f"{uri.rstrip('/')}/{name.as_posix()}" for name in names)
        except (shutil.SpecialFileError, FileNotFoundError) as error:
            raise StorageError(f"Only regular files can be stored under {uri}: {error}.") from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def materialise(self, uri: str, folder: Path) -> None:
        """Put one object, or the tree below a prefix, into `folder` for a job to read.

        Raises:
            StorageError: If there is nothing at the address.
        """
        self.refresh(uri)
        source = self.path(uri)
        root = source.parent if source.is_file() else source
        files = list(_files(source))
        if not files:
            raise StorageError(
                f'No S3 objects found under S3 URL "{uri}".',
                "Ensure that the bucket exists, and that it contains objects under that prefix.",
            )
        for file in files:
            target = folder / file.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._hand_out(file, target)

    def _hand_out(self, source: Path, target: Path) -> None:
        if self._link and not source.stat().st_mode & _WRITABLE:
            try:
                os.link(source, target)
            except OSError:  # another file system, or one without links: a copy serves as well
                shutil.copy(source, target)
        else:
            shutil.copy(source, target)

    def _staging(self) -> Path:
        """Return an unused path that no address can reach: bucket names begin with no dot."""
        parent = self.directory / ".staging"
        parent.mkdir(parents=True, exist_ok=True)
        return parent / uuid.uuid4().hex

    def _move_tree(self, staging: Path, target: Path, names: Iterable[Path], uri: str) -> None:
        if not target.exists() and self._move_new(staging, target, uri):
            return
        for name in names:
            self._move(staging / name, target / name, uri)

    def _move_new(self, staging: Path, target: Path, uri: str) -> bool:
        """Rename a whole tree into place; False when another writer was there first."""
        _make_folder(target.parent, uri)
        try:
            staging.rename(target)
        except OSError:
            if target.is_dir():
                return False
            raise
        return True

    def _place(self, staging: Path, target: Path, uri: str) -> None:
        """Make a file of the staging area an object."""
        _protect(staging)
        self._move(staging, target, uri)

    def _move(self, staging: Path, target: Path, uri: str) -> None:
        _make_folder(target.parent, uri)
        try:
            staging.replace(target)
        except IsADirectoryError as error:
            raise StorageError(f"{uri}: {target.name} is a folder of objects.") from error


def _make_folder(folder: Path, uri: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise StorageError(f"{uri} lies below an object, which is not a folder.") from error


def _files(path: Path) -> Iterator[Path]:
    """Yield the file itself, or every file below the folder."""
    if path.is_file():
        yield path
    for root, _, names in os.walk(path):
        yield from (Path(root, name) for name in names)


def _beginning_with(path: Path) -> Iterator[Path]:
    """Yield the files and folders beside a path whose names begin like its own."""
    if path.parent.is_dir():
        yield from (entry for entry in path.parent.iterdir() if entry.name.startswith(path.name))


def _protect(path: Path) -> None:
    if os.name == "posix":
        path.chmod(0o444)
