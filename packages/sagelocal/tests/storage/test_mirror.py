"""The mirror of an S3 server: reads what is there, writes there, and fetches nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_s3 import SmallS3

from sagelocal import LocalSageMaker, Storage, StorageError
from sagelocal.storage.mirror import MirroredStorage


@pytest.fixture
def s3() -> Iterator[SmallS3]:
    with SmallS3("bucket") as server:
        yield server


@pytest.fixture
def objects(s3: SmallS3) -> dict[str, bytes]:
    return s3.objects["bucket"]


@pytest.fixture
def mirror(tmp_path: Path, s3: SmallS3) -> MirroredStorage:
    return MirroredStorage(tmp_path / "s3", s3.url)


def read(folder: Path) -> dict[str, str]:
    """Return name → content of the files below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def materialised(mirror: MirroredStorage, uri: str, folder: Path) -> dict[str, str]:
    mirror.materialise(uri, folder)
    return read(folder)


def test_what_the_server_has_is_read_as_from_a_folder(
    mirror: MirroredStorage, objects: dict[str, bytes], tmp_path: Path
) -> None:
    keys = ["data/part1.csv", "data/parts/2.csv", "data/parts/deep/3.csv", "data/x.csv", "datax"]
    local = Storage(tmp_path / "other")
    for key in keys:
        objects[key] = key.encode()
        local.put_bytes(f"s3://bucket/{key}", key.encode())
    for uri in ("s3://bucket/data/part", "s3://bucket/data", "s3://bucket/data/", "s3://bucket"):
        assert mirror.matching(uri) == local.matching(uri)
        assert mirror.exists(uri) == local.exists(uri)
    assert mirror.objects("s3://bucket/data") == local.objects("s3://bucket/data")
    assert mirror.read_bytes("s3://bucket/datax") == b"datax"
    assert materialised(mirror, "s3://bucket/data", tmp_path / "all") == {
        key.removeprefix("data/"): key for key in keys[:-1]
    }
    assert materialised(mirror, "s3://bucket/data/x.csv", tmp_path / "one") == {
        "x.csv": "data/x.csv"
    }


def test_what_the_server_lacks_is_absent(
    mirror: MirroredStorage, objects: dict[str, bytes], tmp_path: Path
) -> None:
    mirror.put_bytes("s3://bucket/in/a.csv", b"1")
    mirror.put_bytes("s3://bucket/in/sub/b.csv", b"2")
    objects.clear()
    for uri in ("s3://bucket/in", "s3://bucket/in/a.csv", "s3://nobody/in"):
        assert not mirror.exists(uri)
        assert mirror.matching(uri) == []
        assert mirror.objects(uri) == []
        assert mirror.file(uri) is None
        with pytest.raises(StorageError, match="No S3 objects found"):
            mirror.materialise(uri, tmp_path / "job")
    objects["in"] = b"now an object"
    assert mirror.read_bytes("s3://bucket/in") == b"now an object"


def test_what_has_changed_is_fetched_and_nothing_else(
    mirror: MirroredStorage, s3: SmallS3, objects: dict[str, bytes], tmp_path: Path
) -> None:
    objects |= {"in/a.csv": b"1", "in/b.csv": b"2", "in/c.csv": b"3"}
    mirror.materialise("s3://bucket/in", tmp_path / "first")
    objects["in/b.csv"] = b"4"  # of the same size
    del objects["in/c.csv"]
    s3.asked.clear()
    assert materialised(mirror, "s3://bucket/in", tmp_path / "second") == {
        "a.csv": "1",
        "b.csv": "4",
    }
    assert read(tmp_path / "first") == {"a.csv": "1", "b.csv": "2", "c.csv": "3"}
    assert [asked for asked in s3.asked if asked.startswith("GET /bucket/in")] == [
        "GET /bucket/in/b.csv"
    ]


def test_another_process_does_not_fetch_what_is_there_already(
    mirror: MirroredStorage, s3: SmallS3, objects: dict[str, bytes], tmp_path: Path
) -> None:
    objects["in/a.csv"] = b"1"
    mirror.read_bytes("s3://bucket/in/a.csv")
    s3.asked.clear()
    again = MirroredStorage(tmp_path / "s3", s3.url)
    assert again.read_bytes("s3://bucket/in/a.csv") == b"1"
    assert s3.asked == ["HEAD /bucket/in/a.csv"]


def test_what_is_stored_is_uploaded(
    mirror: MirroredStorage, objects: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "out/deep").mkdir(parents=True)
    (tmp_path / "out/a b.txt").write_text("1")
    (tmp_path / "out/deep/c.txt").write_text("2")
    objects["results/old.txt"] = b"0"
    for uri in ("s3://bucket/results", "s3://bucket/results/new/"):
        mirror.put_tree(tmp_path / "out", uri)
    mirror.put_bytes("s3://bucket/one", b"3")
    assert objects == {
        "results/old.txt": b"0",
        "results/a b.txt": b"1",
        "results/deep/c.txt": b"2",
        "results/new/a b.txt": b"1",
        "results/new/deep/c.txt": b"2",
        "one": b"3",
    }


def test_markers_of_folders_are_no_objects(
    mirror: MirroredStorage, objects: dict[str, bytes], tmp_path: Path
) -> None:
    objects |= {"in/": b"", "in/sub/": b""}
    assert not mirror.exists("s3://bucket/in")
    assert mirror.matching("s3://bucket/in/") == []
    objects["in/a.csv"] = b"1"
    assert materialised(mirror, "s3://bucket/in", tmp_path / "job") == {"a.csv": "1"}


@pytest.mark.parametrize("key", ["in/../../../x", "in//x", "in/a\\b"])
def test_a_key_that_no_file_can_have_is_named(
    mirror: MirroredStorage, objects: dict[str, bytes], tmp_path: Path, key: str
) -> None:
    objects[key] = b"1"
    with pytest.raises(StorageError, match="has an object that no file can be: .*"):
        mirror.materialise("s3://bucket/in", tmp_path / "job")
    assert not list(tmp_path.rglob("x"))


def test_an_upload_that_is_refused_is_an_error(mirror: MirroredStorage) -> None:
    with pytest.raises(StorageError, match="s3://nobody/a cannot be uploaded .*NoSuchBucket"):
        mirror.put_bytes("s3://nobody/a", b"1")


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with SmallS3("bucket") as gone:
        url = gone.url
    mirror = MirroredStorage(tmp_path / "s3", url)
    for ask in (mirror.exists, mirror.read_bytes, mirror.matching):
        with pytest.raises(StorageError, match=rf"on {url}: (.|\n)*Check that the server runs"):
            ask("s3://bucket/a")


def test_jobs_run_from_and_to_the_server(
    home: Path, s3: SmallS3, objects: dict[str, bytes], build
) -> None:
    sagemaker = LocalSageMaker(home, s3=s3.url)
    code = (
        "import os, pathlib\n"
        "base = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'processing')\n"
        "text = ''.join(sorted(p.read_text() for p in (base / 'input/rows').iterdir()))\n"
        "(base / 'output/sum/n.json').write_text(text)\n"
    )
    places = {"inputs": {"rows": "s3://bucket/in"}, "outputs": {"sum": "s3://bucket/out"}}
    definition = build.definition(build.processing("Sum", code, **places))
    missing = sagemaker.start(definition, pipeline_name="demo")
    assert "No S3 objects found" in missing.failure_reason
    objects |= {"in/a": b"1", "in/b": b"2"}
    assert sagemaker.start(definition, pipeline_name="demo").status == "Succeeded"
    assert objects["out/n.json"] == b"12"
