"""A project lies in any folder: what is written lies in it, and what is read is right."""

from __future__ import annotations

import shutil
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from odd_names import EVERYTHING, NAMES
from reading import read_back

from sagelocal.storage.buckets import Storage
from sagetabular.local.account import host_environment
from sagetabular.project import Project, find_project
from sagetabular.testing import run_small
from sagetabular.tracking.local_store import LocalStore, local_store
from sagetabular.tracking.mlflow_client import make_database
from sagetabular.tracking.mlflow_tracker import MlflowTracker
from sagetabular.tracking.runs import ExecutionRun


def test_there_are_enough_names():
    assert len({*NAMES}) > 60
    assert all("/" not in name and name not in (".", "..") for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_address_of_the_store_leads_back_to_it(tmp_path, name):
    store = LocalStore(tmp_path / name / "mlflow")
    assert local_store(store.uri) == store
    # What RFC 3986 keeps for itself is written as %XX.
    assert not {*store.uri.partition(":///")[2]} & {*"?#[]@!$&'()*+,;= \n\"<>\\^`{|}"}


@pytest.mark.parametrize("name", NAMES)
def test_the_lake_is_found_by_its_address(tmp_path, name):
    uri = host_environment(Project(tmp_path / name), {"TrackingUri": "elsewhere"})["LAKE_URI"]
    parts = urlsplit(uri)
    assert url2pathname(parts.path) == str(tmp_path / name / ".pipeline/lake")
    assert (parts.scheme, parts.query, parts.fragment) == ("file", "", "")


@pytest.mark.parametrize("name", NAMES)
def test_the_local_s3_writes_and_reads_inside_of_it(tmp_path, name):
    home = tmp_path / name
    storage = Storage(home)
    storage.put_bytes("s3://bucket/key/file.txt", b"content")
    assert storage.read_bytes("s3://bucket/key/file.txt") == b"content"
    assert storage.objects("s3://bucket/key") == ["file.txt"]
    storage.materialise("s3://bucket/key", home / "out")
    assert (home / "out/file.txt").read_bytes() == b"content"
    assert [*tmp_path.iterdir()] == [home]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_definition_and_what_travels_are_the_same(new_example, compiled, tmp_path, name):
    example = new_example(tmp_path / name)
    found = example.compile()
    assert found.definition == compiled.definition
    assert found.assets.objects() == compiled.assets.objects()
    assert find_project(example.root / "models").root == example.root
    assert [*tmp_path.iterdir()] == [example.root]


@pytest.mark.slow
def test_a_whole_run_is_right_and_stays_inside(project_root, tmp_path):
    root = tmp_path / "all" / EVERYTHING / "project"
    run = run_small(project_root, root)
    assert (run.status, run.winner is not None) == ("Succeeded", True), run.reason
    assert [*(tmp_path / "all").iterdir()] == [root.parent]
    assert [*root.parent.iterdir()] == [root]


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """An empty database of MLflow, which takes seconds to make."""
    folder = tmp_path_factory.mktemp("database")
    make_database(LocalStore(folder).uri)
    return folder / "mlflow.db"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_tracker_writes_and_reads_inside_of_it(tmp_path, monkeypatch, database, name):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    artefacts = tmp_path / "artefacts"
    artefacts.mkdir()
    (artefacts / "selection.json").write_bytes(b"{}")
    store = LocalStore(tmp_path / "all" / name / "mlflow")
    store.folder.mkdir(parents=True)
    if name != EVERYTHING:
        shutil.copyfile(database, store.database)
    run = ExecutionRun(
        name="e1", pipeline="test-project", parameters={"Folds": "5"}, metrics={"r2": 0.5},
        tags={"commit": "none"}, artefacts=artefacts, trials=[],
    )  # fmt: skip
    MlflowTracker(store.uri).log(run)
    (found,) = read_back(store, "test-project")
    assert (found.name, found.parameters) == ("e1", {"Folds": "5"})
    assert [each.name for each in (store.folder / "artifacts").rglob("*.json")] == [
        "selection.json"
    ]
    assert {each.name for each in tmp_path.iterdir()} == {"elsewhere", "artefacts", "all"}
    assert [each.name for each in (tmp_path / "all").iterdir()] == [name]
    assert not [*(tmp_path / "elsewhere").iterdir()]
