from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagelocal.errors import StorageError
from sagelocal.storage import buckets
from sagelocal.storage.addresses import split_uri
from sagelocal.storage.buckets import Storage

NAMES = st.from_regex(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,20}", fullmatch=True)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "s3")


def write_tree(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def read_tree(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


@given(st.lists(NAMES, min_size=1))
def test_a_plain_address_splits_and_joins_again(names: list[str]) -> None:
    uri = f"s3://my-bucket/{'/'.join(names)}"
    bucket, key = split_uri(uri)
    assert f"s3://{bucket}/{key}" == uri


@pytest.mark.parametrize(
    "uri",
    [
        "s3://bucket/../other/key",
        "s3://bucket/a/../../../../etc/passwd",
        "s3://bucket/a/..",
        "s3://bucket/./a",
        "s3://bucket//etc/passwd",
        "s3://bucket/a//b",
        "s3://bucket/a\\..\\b",
        "s3://bucket/a\x00b",
        "s3://bucket/a\nb",
        "s3://bucket/" + "x" * 300,
        "s3://../bucket/key",
        "s3://.staging/key",
        "s3://a..b/key",
        "s3:///key",
        "s3://",
        "/etc/passwd",
        "file:///etc/passwd",
        "bucket/key",
        "",
    ],
)
def test_a_hostile_address_is_an_error_for_every_operation(
    storage: Storage, tmp_path: Path, uri: str
) -> None:
    for operation in (
        lambda: storage.put_bytes(uri, b""),
        lambda: storage.put_tree(tmp_path, uri),
        lambda: storage.read_bytes(uri),
        lambda: storage.exists(uri),
        lambda: storage.materialise(uri, tmp_path / "job"),
    ):
        with pytest.raises(StorageError):
            operation()
    assert list(tmp_path.iterdir()) == []


@given(st.text())
def test_no_address_leads_out_of_its_bucket(key: str) -> None:
    storage = Storage(Path("/store"))
    try:
        path = storage.path(f"s3://bucket/{key}")
    except StorageError:
        return
    assert Path(os.path.normpath(path)).is_relative_to("/store/bucket")


def test_an_object_reads_back_and_can_be_replaced(storage: Storage) -> None:
    for content in (b"one", b"two"):
        storage.put_bytes("s3://bucket/a/b", content)
        assert storage.read_bytes("s3://bucket/a/b") == content
    assert storage.exists("s3://bucket/a")
    assert not storage.exists("s3://bucket/b")


def test_a_tree_reads_back_and_its_files_come_below_the_folder(
    storage: Storage, tmp_path: Path
) -> None:
    files = {"a.txt": "1", "sub/b.txt": "2"}
    storage.put_tree(write_tree(tmp_path / "out", files), "s3://bucket/x/")
    storage.materialise("s3://bucket/x", tmp_path / "job")
    assert read_tree(tmp_path / "job") == files


def test_one_object_comes_under_its_file_name(storage: Storage, tmp_path: Path) -> None:
    storage.put_bytes("s3://bucket/x/model.tar.gz", b"model")
    storage.materialise("s3://bucket/x/model.tar.gz", tmp_path / "job")
    assert read_tree(tmp_path / "job") == {"model.tar.gz": "model"}


def test_a_second_tree_below_a_prefix_replaces_objects_and_leaves_the_others(
    storage: Storage, tmp_path: Path
) -> None:
    storage.put_tree(write_tree(tmp_path / "1", {"a": "1", "b": "1"}), "s3://bucket/x")
    storage.put_tree(write_tree(tmp_path / "2", {"b": "2", "c/d": "2"}), "s3://bucket/x")
    assert read_tree(storage.path("s3://bucket/x")) == {"a": "1", "b": "2", "c/d": "2"}


def test_an_empty_folder_stores_nothing(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    storage.put_tree(tmp_path / "empty", "s3://bucket/x")
    assert not storage.exists("s3://bucket/x")


@pytest.mark.parametrize(
    "uri", ["s3://bucket/none", "s3://bucket", "s3://other/x", "s3://bucket/e"]
)
def test_nothing_at_an_address_is_an_error_in_the_words_of_the_service(
    storage: Storage, tmp_path: Path, uri: str
) -> None:
    storage.path("s3://bucket/e/mpty").mkdir(parents=True)
    with pytest.raises(StorageError, match=f'No S3 objects found under S3 URL "{uri}"'):
        storage.materialise(uri, tmp_path / "job")


def test_an_object_is_not_a_folder_and_a_folder_not_an_object(
    storage: Storage, tmp_path: Path
) -> None:
    storage.put_bytes("s3://bucket/a/b", b"")
    with pytest.raises(StorageError, match="folder"):
        storage.put_bytes("s3://bucket/a", b"")
    with pytest.raises(StorageError, match="folder"):
        storage.put_bytes("s3://bucket/a/b/c", b"")
    with pytest.raises(StorageError, match="folder"):
        storage.put_tree(write_tree(tmp_path / "out", {"b/c": ""}), "s3://bucket/a")
    with pytest.raises(StorageError, match="no object"):
        storage.read_bytes("s3://bucket/a")


@pytest.mark.parametrize("exists", [False, True])
def test_a_tree_that_cannot_be_stored_whole_leaves_no_trace(
    storage: Storage, tmp_path: Path, exists: bool
) -> None:
    if exists:
        storage.put_bytes("s3://bucket/x/a", b"old")
    folder = write_tree(tmp_path / "out", {"a": "new", "b": "new"})
    (folder / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StorageError, match="Only regular files"):
        storage.put_tree(folder, "s3://bucket/x")
    left = read_tree(storage.directory)
    assert left == ({"bucket/x/a": "old"} if exists else {})


def test_a_reader_never_sees_half_a_tree(storage: Storage, tmp_path: Path) -> None:
    files = {f"{number}.txt": "x" for number in range(60)}
    folder = write_tree(tmp_path / "out", files)
    seen: set[int] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.add(len(read_tree(storage.path("s3://bucket/x"))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    storage.put_tree(folder, "s3://bucket/x")
    seen.add(len(read_tree(storage.path("s3://bucket/x"))))
    done.set()
    watcher.join()
    assert seen <= {0, 60}


def test_writers_of_the_same_new_prefix_do_not_disturb_each_other(
    storage: Storage, tmp_path: Path
) -> None:
    folders = [write_tree(tmp_path / str(n), {f"{n}.txt": str(n), "all": "x"}) for n in range(8)]
    writers = [
        threading.Thread(target=storage.put_tree, args=(folder, "s3://bucket/x"))
        for folder in folders
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    expected = {f"{n}.txt": str(n) for n in range(8)} | {"all": "x"}
    assert read_tree(storage.path("s3://bucket/x")) == expected
    assert list((storage.directory / ".staging").iterdir()) == []


def test_a_job_that_gets_copies_cannot_reach_the_store(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "s3", link=False)
    storage.put_bytes("s3://bucket/x/a", b"original")
    storage.materialise("s3://bucket/x", tmp_path / "job")
    handed = tmp_path / "job" / "a"
    handed.chmod(0o644)
    handed.write_text("harm")
    assert storage.read_bytes("s3://bucket/x/a") == b"original"


@pytest.mark.skipif(os.name != "posix", reason="links are only handed out on POSIX systems")
def test_a_job_that_gets_links_finds_them_read_only_and_may_delete_its_own_name(
    tmp_path: Path,
) -> None:
    storage = Storage(tmp_path / "s3", link=True)
    storage.put_tree(write_tree(tmp_path / "out", {"a": "original"}), "s3://bucket/x")
    storage.materialise("s3://bucket/x", tmp_path / "job")
    handed = tmp_path / "job" / "a"
    assert handed.samefile(storage.path("s3://bucket/x/a"))
    assert stat.S_IMODE(handed.stat().st_mode) == 0o444
    handed.unlink()
    handed.write_text("harm")
    assert storage.read_bytes("s3://bucket/x/a") == b"original"


def test_the_superuser_gets_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets.os, "geteuid", lambda: 0)
    assert not buckets.links_are_safe()
    monkeypatch.setattr(buckets.os, "geteuid", lambda: 1000)
    assert buckets.links_are_safe() == (os.name == "posix")


def test_a_file_system_without_links_gives_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(buckets.os, "link", refuse)
    storage = Storage(tmp_path / "s3", link=True)
    storage.put_bytes("s3://bucket/x", b"1")
    storage.materialise("s3://bucket/x", tmp_path / "job")
    assert (tmp_path / "job" / "x").read_bytes() == b"1"


def test_a_file_that_somebody_put_there_by_hand_is_safe_from_jobs(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "s3", link=True)
    by_hand = write_tree(tmp_path / "s3" / "bucket", {"in/a.csv": "1"}) / "in" / "a.csv"
    storage.materialise("s3://bucket/in", tmp_path / "job")
    (tmp_path / "job" / "a.csv").write_text("2")
    assert by_hand.read_text() == "1"
