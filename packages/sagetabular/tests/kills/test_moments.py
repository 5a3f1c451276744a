"""Whatever is being written when the process is killed is whole afterwards, or absent."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest
from killing import killed_at_every_moment

from sagelocal import LocalSageMaker, ModelRegistry, StepRecord, Storage, list_executions
from sagelocal.executions.claims import claimed
from sagelocal.executions.creation import create_execution, reopen
from sagelocal.tuning.journal import TrialJournal
from sagelocal.tuning.trials import Trial
from sagetabular.compiling import compilation
from sagetabular.lake.store import read_table, source, table_folder, write_table

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks the test's own process")

OBJECT, PREFIX = "s3://bucket/a/object", "s3://bucket/results/run"
MODEL = "s3://bucket/models/one/output/model.tar.gz"


def test_an_object_is_the_old_one_or_the_new(tmp_path: Path) -> None:
    storage, seen = Storage(tmp_path), set()
    storage.put_bytes(OBJECT, b"old")
    for _ in killed_at_every_moment(lambda: storage.put_bytes(OBJECT, b"new")):
        seen.add(storage.read_bytes(OBJECT))
        storage.put_bytes(OBJECT, b"old")
    assert seen == {b"old", b"new"}
    assert storage.read_bytes(OBJECT) == b"new"


def test_a_published_tree_has_all_of_its_objects_or_none(tmp_path: Path) -> None:
    storage, folder, moments = Storage(tmp_path / "s3"), tmp_path / "results", 0
    (folder / "deep").mkdir(parents=True)
    contents = {"a": b"1" * 100_000, "deep/b": b"2", "deep/c": b""}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    for moment in killed_at_every_moment(lambda: storage.put_tree(folder, PREFIX)):
        root, moments = storage.path(PREFIX), moment
        found = {name for name in contents if (root / name).exists()}
        assert found in (set(), set(contents))
        assert all((root / name).read_bytes() == contents[name] for name in found)
        if found:
            break
    assert moments > 20
    storage.put_tree(folder, PREFIX)
    assert {name: storage.read_bytes(f"{PREFIX}/{name}") for name in contents} == contents


def test_a_registered_version_is_whole_and_the_next_one_gets_the_next_number(tmp_path) -> None:
    registry = ModelRegistry(tmp_path)
    request = {"ModelPackageGroupName": "group", "MetadataProperties": {"GeneratedBy": "job"}}
    for _ in killed_at_every_moment(lambda: registry.create_model_package(request)):
        versions = [package["ModelPackageVersion"] for package in registry.packages("group")]
        assert versions == list(range(1, len(versions) + 1))
        assert (registry.made_by("job") is None) == (versions == [])
    assert len(registry.packages("group")) > 1


@pytest.mark.slow
def test_a_new_execution_is_listed_whole_or_not_at_all(tmp_path: Path) -> None:
    steps = {name: StepRecord(name, "Processing") for name in ("A", "B")}

    def create() -> None:
        arguments = {"parameters": {"x": 1}, "metadata": {}, "steps": steps}
        with create_execution(tmp_path, pipeline_name="p", definition=b"{}", **arguments):
            pass

    for _ in killed_at_every_moment(create):
        for record in list_executions(tmp_path):
            assert (record.status, list(record.steps)) == ("Interrupted", ["A", "B"])
            assert (record.directory / "definition.json").read_bytes() == b"{}"
    assert list_executions(tmp_path)


@pytest.mark.slow
def test_an_execution_killed_while_it_is_reopened_can_be_resumed(tmp_path: Path) -> None:
    steps = {name: StepRecord(name, "Processing") for name in ("A", "B")}
    arguments = {"parameters": {}, "metadata": {}, "steps": steps}
    with create_execution(tmp_path, pipeline_name="p", definition=b"{}", **arguments) as record:
        times = dict.fromkeys(("start_time", "end_time"), "2026-01-01T00:00:00+00:00")
        result = {"arguments": {}, "response": {"ExitCode": 0}}
        done = StepRecord("A", "Processing", "Succeeded", **times, **result)
        record.write_step(done)
        record.write_step(StepRecord("B", "Processing", "Executing"))
    log = record.directory / "logs/B/b.log"
    log.parent.mkdir(parents=True)

    def go_on() -> None:
        with claimed(tmp_path, record.id) as found:
            reopen(found)

    attempts = 1
    log.write_text("of a killed job")
    for _ in killed_at_every_moment(go_on):
        (found,) = list_executions(tmp_path)
        assert found.status == "Interrupted"
        assert found.steps["A"] == done
        assert found.steps["B"].status in ("Stopped", "NotExecuted")
        assert found.attempts >= attempts
        attempts = found.attempts
        assert [path.read_text() for path in log.parent.iterdir()] == ["of a killed job"]
    assert attempts > 1
    assert not log.exists()


def test_a_trial_is_noted_whole_or_runs_again(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "s3")
    storage.put_bytes(MODEL, b"model")
    trial = Trial(0, "one", {"x": "1"}, "Completed", 0.5, 1.0, exit_code=0)
    journal = TrialJournal(tmp_path / "trials", storage)
    request = {"OutputDataConfig": {"S3OutputPath": "s3://bucket/models"}}
    for _ in killed_at_every_moment(lambda: journal.note(trial)):
        assert journal.find("one", {"x": "1"}, request) in (None, trial)
    assert asdict(journal.find("one", {"x": "1"}, request)) == asdict(trial)


@pytest.mark.slow
def test_a_table_of_the_lake_is_the_old_one_or_the_new(tmp_path: Path) -> None:
    folder = table_folder(tmp_path, "estate", "sales")
    old, new, seen = pa.table({"a": [1, 2]}), pa.table({"a": [3]}), set()
    write_table(folder, old, kind="files", title="old")
    for _ in killed_at_every_moment(lambda: write_table(folder, new, kind="files", title="new")):
        found = source(tmp_path, "estate", "sales")
        assert found is not None
        assert read_table(tmp_path, "estate", "sales") == (old if found.title == "old" else new)
        seen.add(found.title)
        write_table(folder, old, kind="files", title="old")
        assert [path.name for path in folder.parent.iterdir()] == ["sales"]
    assert seen == {"old", "new"}


def test_a_kept_definition_is_whole_or_absent(tmp_path: Path) -> None:
    kept, earlier = tmp_path / "compiled/new.json", tmp_path / "compiled/old.json"
    earlier.parent.mkdir()
    earlier.write_bytes(b"old")
    for _ in killed_at_every_moment(lambda: compilation._keep(kept, b"new" * 9999)):
        assert not kept.exists() or kept.read_bytes() == b"new" * 9999
    assert [path.name for path in kept.parent.iterdir()] == ["new.json"]


def test_a_cleaning_that_was_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    sagemaker = LocalSageMaker(tmp_path)
    step = {"Name": "End", "Type": "Fail", "Arguments": {"ErrorMessage": "enough"}}
    definition = json.dumps({"Version": "2020-12-01", "Steps": [step]}).encode()
    kept = [sagemaker.start(definition, pipeline_name="p").id for _ in range(3)][1:]
    for _ in killed_at_every_moment(lambda: sagemaker.clean(2)):
        assert [record.id for record in sagemaker.executions()][:2] == kept[::-1]
    assert sorted(path.name for path in (tmp_path / "executions").iterdir()) == kept
