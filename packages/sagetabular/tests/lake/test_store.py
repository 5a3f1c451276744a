from __future__ import annotations

import hashlib
from unittest.mock import create_autospec

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sagetabular.errors import UserError
from sagetabular.lake import store
from sagetabular.lake.store import read_table, source, table_folder, write_table

TABLE = pa.table({"größe": [1, 2], 'a"b': ["x", None]})


@pytest.fixture
def folder(tmp_path):
    return table_folder(tmp_path, "housing", "california")


def test_a_written_table_reads_back_the_same(tmp_path, folder):
    write_table(folder, TABLE, kind="files", title="a.csv")
    assert read_table(tmp_path, "housing", "california") == TABLE


def test_the_source_says_what_the_file_holds(tmp_path, folder):
    written = write_table(folder, TABLE, kind="files", title="größe.csv")
    found = source(tmp_path, "housing", "california")
    assert found == written
    assert (found.kind, found.title, found.rows) == ("files", "größe.csv", 2)
    assert found.columns == ("größe", 'a"b')
    assert found.sha256 == hashlib.sha256((folder / "part-0.parquet").read_bytes()).hexdigest()


def test_a_table_that_was_never_written_has_no_source(tmp_path):
    assert source(tmp_path, "housing", "california") is None


def test_a_second_write_replaces_the_whole_folder(tmp_path, folder):
    write_table(folder, TABLE, kind="files", title="first")
    (folder / "part-1.parquet").write_bytes(b"left by hand")
    write_table(folder, TABLE.slice(0, 1), kind="files", title="second")
    assert sorted(path.name for path in folder.iterdir()) == ["_source.json", "part-0.parquet"]
    assert [path.name for path in folder.parent.iterdir()] == ["california"]
    assert read_table(tmp_path, "housing", "california").num_rows == 1


@pytest.mark.parametrize("breaks", ["write_table", "rename"])
def test_a_write_that_fails_leaves_the_previous_table(folder, monkeypatch, breaks):
    write_table(folder, TABLE, kind="files", title="first")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def half_written(_table, path):
        path.write_bytes(b"half")
        raise OSError("disk full")

    rename = type(folder).rename

    def second_rename_fails(path, target):
        if path.name.endswith(".new"):
            raise OSError("disk full")
        return rename(path, target)

    if breaks == "write_table":
        broken = create_autospec(pq.write_table, side_effect=half_written)
        monkeypatch.setattr(pq, "write_table", broken)
    else:
        monkeypatch.setattr(type(folder), "rename", second_rename_fails)
    with pytest.raises(OSError, match="disk full"):
        write_table(folder, TABLE, kind="files", title="second")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["california"]


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a.b", "../x", 'a"b', "größe", "a\n"])
def test_names_that_need_quoting_are_refused(tmp_path, name):
    for database, table in ((name, "t"), ("d", name)):
        with pytest.raises(UserError, match="must be letters, digits and underscores"):
            table_folder(tmp_path, database, table)


def test_reading_an_unknown_table_says_how_to_add_one(tmp_path):
    with pytest.raises(UserError, match=r"no table housing.x\.\nAdd one: pipeline data add FILE"):
        read_table(tmp_path, "housing", "x")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"columns": [], "more": 1}', "\xff"])
def test_a_damaged_source_is_the_users_to_fix(tmp_path, folder, text):
    write_table(folder, TABLE, kind="files", title="first")
    (folder / store.SOURCE).write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match=r"_source\.json is damaged: .*\nAdd the table again"):
        source(tmp_path, "housing", "california")
