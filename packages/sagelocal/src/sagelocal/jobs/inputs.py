"""Inputs of jobs: which objects an S3 data source names, and which host gets which of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sagelocal.errors import DefinitionError, StorageError
from sagelocal.files import JsonObject
from sagelocal.storage.buckets import Storage, StoredObject

REPLICATED, SHARDED = "FullyReplicated", "ShardedByS3Key"


@dataclass(frozen=True)
class Share:
    """The part of an input that belongs to host number `index` (from 0) of `count`."""

    index: int = 0
    count: int = 1


def distribution(source: JsonObject) -> str:
    """Return how a data source is dealt to the hosts of a job."""
    return str(source.get("S3DataDistributionType", REPLICATED))


def input_objects(storage: Storage, source: JsonObject, what: str) -> list[StoredObject]:
    """Return the objects that a data source names, in the order of their keys or of its manifest.

    Args:
        storage: Where they lie.
        source: `S3Uri` and `S3DataType`: a prefix, one object, or a manifest of objects.
        what: Step and input, for messages.

    Raises:
        DefinitionError: If the source is of a type that this back-end does not read.
        StorageError: If there is nothing at an address, or if the manifest is malformed.
    """
    uri, kind = source.get("S3Uri"), source.get("S3DataType", "S3Prefix")
    if not isinstance(uri, str) or kind not in ("S3Prefix", "ManifestFile"):
        raise DefinitionError(
            f"{what}: a local input has an S3Uri and is of the type S3Prefix or ManifestFile, "
            f"got {kind} {uri}."
        )
    if kind == "ManifestFile":
        return _listed(storage, uri, what)
    objects = storage.matching(uri)
    if not objects:
        raise _nothing(uri, what)
    _require_different_names(objects, what)
    return objects


def put_input(
    storage: Storage, source: JsonObject, folder: Path, what: str, share: Share = Share()
) -> None:
    """Put a host's share of an input into its tree.

    Of a sharded input, objects are dealt like cards, by key; a host may be left without any.

    Args:
        storage: Where the objects lie.
        source: As in `input_objects`, with `S3DataDistributionType`.
        folder: Where they go; it is made even if nothing goes there.
        what: Step and input, for messages.
        share: Which host gets it.

    Raises:
        DefinitionError: If the source is of a type that this back-end does not read.
        StorageError: If there is nothing at an address, or if the manifest is malformed.
    """
    objects = input_objects(storage, source, what)
    if distribution(source) == SHARDED:
        objects = objects[share.index :: share.count]
    folder.mkdir(parents=True, exist_ok=True)
    for entry in objects:
        storage.materialise(entry.uri, (folder / entry.name).parent)


def _listed(storage: Storage, uri: str, what: str) -> list[StoredObject]:
    """Return what a manifest lists: `[{"prefix": "s3://…/"}, "name", …]`."""
    if storage.file(uri) is None:
        raise _nothing(uri, what)
    try:
        first, *names = json.loads(storage.read_bytes(uri))
        prefix = first["prefix"]
        if not all(isinstance(text, str) and text for text in (prefix, *names)):
            raise TypeError("a manifest consists of texts")
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{what}: {uri} is not a manifest.",
            'Write [{"prefix": "s3://<bucket>/<prefix>/"}, "<name>", …].',
        ) from error
    # A name is appended as it stands; its folder in the job is none of this machine's.
    objects = [StoredObject(f"{prefix}{name}", name.lstrip("/")) for name in names]
    _require_different_names(objects, what)
    for entry in objects:
        if storage.file(entry.uri) is None:
            raise _nothing(entry.uri, what)
    return objects


def _require_different_names(objects: list[StoredObject], what: str) -> None:
    seen: dict[str, str] = {}
    for entry in objects:
        if seen.setdefault(entry.name, entry.uri) != entry.uri:
            raise StorageError(
                f"{what}: {seen[entry.name]} and {entry.uri} would be one file, {entry.name}.",
                "Let the prefix end with a slash, to leave out what lies beside it.",
            )


def _nothing(uri: str, what: str) -> StorageError:
    return StorageError(
        f'{what}: No S3 objects found under S3 URL "{uri}".',
        "Ensure that the bucket exists, and that it contains objects under that prefix.",
    )
