"""An S3Prefix is a prefix of keys (API S3DataSource: all objects that match the key name prefix).

How objects are called in a job is what https://github.com/aws/sagemaker-python-sdk/issues/3612
reports of remote jobs: by their whole base names, although the prefix holds a part of them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sagelocal.errors import StorageError
from sagelocal.jobs.inputs import Share, input_objects, put_input
from sagelocal.storage.buckets import Storage

KEYS = [
    "data/part1.csv", "data/part2.csv", "data/partition/x.csv", "data/part/inner.csv",
    "data/other.csv", "data-old/part9.csv", "database.csv", "data/deep/er/y.csv",
]  # fmt: skip


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    storage = Storage(tmp_path / "s3")
    for key in KEYS:
        storage.put_bytes(f"s3://bucket/{key}", key.encode())
    return storage


def got(storage: Storage, folder: Path, uri: str, **more: object) -> dict[str, str]:
    """Return file → the key that it came from, of an input."""
    share = more.pop("share", Share())
    put_input(storage, {"S3Uri": uri, "S3DataType": "S3Prefix", **more}, folder, "Step S", share)
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_a_part_of_a_name_takes_all_that_begins_so(storage: Storage, tmp_path: Path) -> None:
    assert got(storage, tmp_path / "in", "s3://bucket/data/part") == {
        "part1.csv": "data/part1.csv",
        "part2.csv": "data/part2.csv",
        "partition/x.csv": "data/partition/x.csv",
        "inner.csv": "data/part/inner.csv",
    }


def test_what_lies_beside_a_folder_comes_along_unless_a_slash_ends_it(
    storage: Storage, tmp_path: Path
) -> None:
    below = {
        "part1.csv", "part2.csv", "partition/x.csv", "part/inner.csv", "other.csv", "deep/er/y.csv"
    }  # fmt: skip
    assert {*got(storage, tmp_path / "a", "s3://bucket/data/")} == below
    beside = {"data-old/part9.csv", "database.csv"}
    assert {*got(storage, tmp_path / "b", "s3://bucket/data")} == below | beside


@pytest.mark.parametrize("uri", ["s3://bucket", "s3://bucket/"])
def test_a_bucket_is_the_prefix_of_all_its_keys(storage: Storage, tmp_path: Path, uri: str) -> None:
    assert {*got(storage, tmp_path / "in", uri)} == {*KEYS}


def test_an_object_is_called_by_its_name(storage: Storage, tmp_path: Path) -> None:
    assert got(storage, tmp_path / "in", "s3://bucket/data/part1.csv") == {
        "part1.csv": "data/part1.csv"
    }


@pytest.mark.parametrize(
    "uri", ["s3://bucket/dat/", "s3://bucket/data/part1.csv/", "s3://bucket/x", "s3://none/data"]
)
def test_a_prefix_of_nothing_is_an_error(storage: Storage, tmp_path: Path, uri: str) -> None:
    with pytest.raises(StorageError, match="No S3 objects found under S3 URL"):
        got(storage, tmp_path / "in", uri)


def test_objects_come_in_the_order_of_their_keys(storage: Storage) -> None:
    """S3 lists keys by their bytes: ListObjectsV2."""
    source = {"S3Uri": "s3://bucket/data", "S3DataType": "S3Prefix"}
    listed = [
        entry.uri.removeprefix("s3://bucket/") for entry in input_objects(storage, source, "")
    ]
    assert listed == sorted(KEYS, key=str.encode)


def test_hosts_are_dealt_the_objects_of_a_prefix(storage: Storage, tmp_path: Path) -> None:
    sharded = {"S3DataDistributionType": "ShardedByS3Key"}
    shares = [
        {*got(storage, tmp_path / str(n), "s3://bucket/data/part", share=Share(n, 2), **sharded)}
        for n in (0, 1)
    ]
    assert shares[0] | shares[1] == {"part1.csv", "part2.csv", "partition/x.csv", "inner.csv"}
    assert not shares[0] & shares[1]


def test_two_objects_of_one_name_are_refused(storage: Storage, tmp_path: Path) -> None:
    storage.put_bytes("s3://bucket/data/database.csv", b"inner")
    with pytest.raises(StorageError, match=r"would be one file, database\.csv") as caught:
        got(storage, tmp_path / "in", "s3://bucket/data")
    assert "end with a slash" in caught.value.remedy


def manifest(storage: Storage, *entries: object) -> dict[str, str]:
    storage.put_bytes("s3://bucket/lists/a.manifest", json.dumps(entries).encode())
    return {"S3Uri": "s3://bucket/lists/a.manifest", "S3DataType": "ManifestFile"}


def test_a_manifest_appends_names_to_its_prefix(storage: Storage, tmp_path: Path) -> None:
    """API S3DataSource: the suffixes are appended to the prefix, as they stand."""
    source = manifest(storage, {"prefix": "s3://bucket/data/"}, "part1.csv", "deep/er/y.csv")
    files = got(storage, tmp_path / "in", **{"uri": source["S3Uri"], **source})
    assert files == {"part1.csv": "data/part1.csv", "deep/er/y.csv": "data/deep/er/y.csv"}


def test_a_name_of_a_manifest_leads_nowhere_else(storage: Storage, tmp_path: Path) -> None:
    source = manifest(storage, {"prefix": "s3://bucket/data"}, "/part1.csv")
    files = got(storage, tmp_path / "in", **{"uri": source["S3Uri"], **source})
    assert files == {"part1.csv": "data/part1.csv"}


@pytest.mark.parametrize(
    "entries",
    [
        [],
        ["part1.csv"],
        [{"prefix": ""}, "s3://bucket/data/part1.csv"],
        [{"prefix": "s3://bucket/data/"}, 1],
        [{"prefix": "s3://bucket/data/"}, ""],
    ],
)
def test_what_is_no_manifest_is_refused(storage: Storage, tmp_path: Path, entries: list) -> None:
    source = manifest(storage, *entries)
    with pytest.raises(StorageError, match="is not a manifest") as caught:
        got(storage, tmp_path / "in", **{"uri": source["S3Uri"], **source})
    assert "prefix" in caught.value.remedy
