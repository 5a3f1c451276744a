"""A mirror of an S3 server: what jobs read is fetched before, what they leave is uploaded after.

The server is what counts. An object that is new or changed there, by ETag and size, is fetched
when it is about to be read; one that the server lacks is absent here too.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from sagelocal.aws import make_client
from sagelocal.errors import StorageError
from sagelocal.files import JsonObject
from sagelocal.storage.addresses import split_uri
from sagelocal.storage.buckets import Storage

_ABSENT = {"NoSuchBucket", "NoSuchKey", "NotFound", "404"}
_CHUNK = 1 << 20


@dataclass(frozen=True)
class _Remote:
    """An object of the server: its key, ETag without quotes, and size in bytes."""

    key: str
    etag: str
    size: int


class MirroredStorage(Storage):
    """The buckets of an S3 server, with copies below a directory.

    Args:
        directory: Where the copies lie; made when first needed.
        url: The server.
        link: As for `Storage`.

    Raises:
        SageLocalError: If the URL is none.
    """

    def __init__(self, directory: Path, url: str, *, link: bool | None = None) -> None:
        super().__init__(directory, link=link)
        self._url = url
        self._client = make_client("s3", url)
        # File → its state when it was equal to an object, and that object's ETag.
        self._known: dict[Path, tuple[tuple[int, int, int], str]] = {}
        # What is stored here must not be taken for deleted there before it has been uploaded.
        self._storing = self._lock = threading.RLock()

    def exists(self, uri: str) -> bool:
        """Return whether the server has an object, or at least one below the prefix.

        Raises:
            StorageError: If the address is none, or the server does not answer.
        """
        bucket, key = split_uri(uri)
        if key and self._head(bucket, key) is not None:
            return True
        prefix = f"{key}/" if key else ""
        return any(not found.key.endswith("/") for found in self._list(bucket, prefix))

    def refresh(self, uri: str, *, siblings: bool = False) -> None:
        """Fetch what is new or changed on the server, and drop what it no longer has.

        Args:
            uri: The object, or the prefix of objects below a folder.
            siblings: Whether everything is meant whose key begins like this one.

        Raises:
            StorageError: If the server does not answer, or has an object that no file can be.
        """
        bucket, key = split_uri(uri)
        with self._lock:
            wanted = {self._file(bucket, found): found for found in self._wanted(uri, siblings)}
            for path in self._copies(bucket, key, siblings and not uri.endswith("/")):
                if path not in wanted:
                    self._drop(path, bucket)
            for path, found in wanted.items():
                if not self._is_equal(path, found):
                    self._fetch(bucket, found, path)

    def publish(self, uris: Iterable[str]) -> None:
        """Upload objects that have just been stored here.

        Raises:
            StorageError: If the server refuses one, or does not answer.
        """
        for uri in uris:
            bucket, key = split_uri(uri)
            path = self.path(uri)
            with path.open("rb") as body, self._asked(f"{uri} cannot be uploaded to {self._url}"):
                answer = self._client.put_object(Bucket=bucket, Key=key, Body=body)
            self._known[path] = _state(path), str(answer["ETag"]).strip('"')

    def _wanted(self, uri: str, siblings: bool) -> Iterator[_Remote]:
        """Yield the objects of the server that an address means; markers of folders are none."""
        bucket, key = split_uri(uri)
        if siblings or not key:
            found = self._list(bucket, f"{key}/" if key and uri.endswith("/") else key)
        else:
            single = self._head(bucket, key)
            found = iter([single]) if single else self._list(bucket, f"{key}/")
        return (entry for entry in found if not entry.key.endswith("/"))

    def _file(self, bucket: str, found: _Remote) -> Path:
        try:
            return self.path(f"s3://{bucket}/{found.key}")
        except StorageError as error:
            raise StorageError(
                f"{self._url} has an object that no file can be: {error.message}", error.remedy
            ) from error

    def _copies(self, bucket: str, key: str, siblings: bool) -> list[Path]:
        path = self.directory / bucket / key
        tops = [path]
        if siblings and key and path.parent.is_dir():
            tops = [entry for entry in path.parent.iterdir() if entry.name.startswith(path.name)]
        inside = (file for top in tops for file in top.rglob("*") if file.is_file())
        return [*(top for top in tops if top.is_file()), *inside]

    def _drop(self, path: Path, bucket: str) -> None:
        """Remove a copy, and the folders that it leaves empty: else no object can be there."""
        path.unlink(missing_ok=True)
        self._known.pop(path, None)
        for folder in path.parents:
            if folder == self.directory / bucket or any(folder.iterdir()):
                return
            folder.rmdir()

    def _is_equal(self, path: Path, found: _Remote) -> bool:
        if not path.is_file():
            return False
        state, etag = self._known.get(path, (None, ""))
        if state == _state(path):
            return etag == found.etag
        if path.stat().st_size != found.size or _md5(path) != found.etag:
            return False
        self._known[path] = _state(path), found.etag
        return True

    def _fetch(self, bucket: str, found: _Remote, path: Path) -> None:
        uri = f"s3://{bucket}/{found.key}"
        staging = self._staging()
        try:
            with self._asked(f"{uri} cannot be fetched from {self._url}"):
                answer = self._client.get_object(Bucket=bucket, Key=found.key)
                with staging.open("wb") as file:
                    for chunk in answer["Body"].iter_chunks(_CHUNK):
                        file.write(chunk)
            self._place(staging, path, uri)
        finally:
            staging.unlink(missing_ok=True)
        self._known[path] = _state(path), str(answer["ETag"]).strip('"')

    def _head(self, bucket: str, key: str) -> _Remote | None:
        with self._asked(f"s3://{bucket}/{key} cannot be looked for on {self._url}"):
            try:
                return _remote(
                    key, self._client.head_object(Bucket=bucket, Key=key), "ContentLength"
                )
            except ClientError as error:
                if error.response["Error"]["Code"] not in _ABSENT:
                    raise
        return None

    def _list(self, bucket: str, prefix: str) -> Iterator[_Remote]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        with self._asked(f"s3://{bucket}/{prefix} cannot be listed on {self._url}"):
            try:
                for page in pages:
                    yield from (
                        _remote(entry["Key"], entry, "Size") for entry in page.get("Contents", [])
                    )
            except ClientError as error:
                if error.response["Error"]["Code"] not in _ABSENT:
                    raise

    @contextmanager
    def _asked(self, failure: str) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            remedy = "Check that the server runs, has the bucket, and takes these credentials."
            raise StorageError(f"{failure}: {error}".rstrip(".") + ".", remedy) from error


def _remote(key: str, answer: JsonObject, size: str) -> _Remote:
    return _Remote(key, str(answer["ETag"]).strip('"'), int(answer[size]))


def _state(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _md5(path: Path) -> str:
    """Return what the ETag of an object is that was uploaded in one piece and without a key."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
