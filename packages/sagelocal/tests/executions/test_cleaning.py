"""Old executions go with all that is theirs; what anything refers to stays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from sagelocal import ExecutionStateError
from sagelocal.executions import cleaning
from sagelocal.executions.claims import claimed, in_use

CACHED = {"CacheConfig": {"Enabled": True, "ExpireAfter": "P30D"}}
WRITE = (
    "import os, pathlib\n"
    "folder = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR']) / 'processing/output/out'\n"
    "(folder / 'text').write_text('x' * 1000)\n"
)


@pytest.fixture
def make(build):
    """Return a step that writes a thousand bytes below its execution's prefix."""

    def make_step(comment: str = "", prefix: str = "team/executions", **step: Any):
        own = {"Get": "Execution.PipelineExecutionId"}
        values = [f"s3://bucket/{prefix}", own, "out"]
        uri = {"Std:Join": {"On": "/", "Values": values}}
        return build.processing("Make", f"{WRITE}#{comment}", outputs={"out": uri}, step=step)

    return make_step


def register(uri: object) -> dict[str, Any]:
    arguments = {
        "ModelPackageGroupName": "group",
        "InferenceSpecification": {"Containers": [{"ModelDataUrl": uri}]},
    }
    return {"Name": "Register", "Type": "RegisterModel", "Arguments": arguments}


def left(sagemaker, home: Path) -> list[str]:
    """Return the executions that are left, and nothing but their own prefixes in the store."""
    names = sorted(path.name for path in (home / "executions").iterdir())
    prefixes = sagemaker.storage.path("s3://bucket/team/executions")
    assert {path.name for path in prefixes.glob("*")} <= set(names)
    return names


def test_the_newest_stay_and_the_others_go_with_their_prefixes(start, make, sagemaker, home):
    ids = [start(make()).id for _ in range(4)]
    assert sagemaker.clean(4) == []
    before = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    removed = sagemaker.clean(2)
    after = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    assert [entry.execution for entry in removed] == ids[:2]
    assert sum(entry.size for entry in removed) == before - after > 2000
    assert left(sagemaker, home) == ids[2:]
    assert sagemaker.storage.exists(f"s3://bucket/team/executions/{ids[3]}/out")
    assert sagemaker.clean(2) == []


def test_an_execution_that_a_kept_one_took_results_from_stays(start, make, sagemaker, home):
    origin = start(make(**CACHED)).id
    between = start(make("other", **CACHED)).id
    users = [start(make(**CACHED)).id for _ in range(2)]
    assert [entry.execution for entry in sagemaker.clean(1)] == [between, users[0]]
    assert left(sagemaker, home) == [origin, users[1]]


def test_an_execution_that_a_registered_model_comes_from_stays(start, make, sagemaker, home):
    uri = {"Get": "Steps.Make.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}
    origin = start(make(**CACHED)).id
    registered = start(make(**CACHED), register(uri)).id
    assert sagemaker.registry.packages("group")[0]["MetadataProperties"]["GeneratedBy"]
    gone = start(make("other", **CACHED)).id
    assert [entry.execution for entry in sagemaker.clean(0)] == [gone]
    assert left(sagemaker, home) == [origin, registered]


def test_what_lies_outside_an_executions_own_prefix_stays(start, make, sagemaker, build):
    sagemaker.storage.put_bytes("s3://bucket/team/executions/theirs/x", b"x")
    shared = build.processing("Make", WRITE, outputs={"out": "s3://bucket/shared"})
    start(shared)
    start(make())
    assert len(sagemaker.clean(0)) == 2
    assert sagemaker.storage.exists("s3://bucket/shared/text")
    (other,) = sagemaker.storage.path("s3://bucket/team/executions").iterdir()
    assert other.name == "theirs"


def test_a_failed_execution_leaves_nothing_either(start, make, sagemaker, home, build):
    record = start(make(), build.processing("Break", "raise SystemExit(1)"))
    assert record.status == "Failed"
    sagemaker.clean(0)
    assert left(sagemaker, home) == []


def test_while_an_execution_runs_nothing_is_removed(start, make, sagemaker, home):
    ids = [start(make()).id, start(make()).id]
    path = home / "executions" / ids[1] / "execution.json"
    before = path.read_text()
    path.write_text(before.replace('"Succeeded"', '"Stopped"', 1))
    with in_use(home), claimed(home, ids[1]):
        with pytest.raises(ExecutionStateError) as caught:
            sagemaker.clean(0)
        assert str(caught.value).splitlines() == [
            f"Execution {ids[1]} is running, in process {os.getpid()}, and may use results of any "
            "other.",
            "Clean up once it has ended.",
        ]
    assert left(sagemaker, home) == ids
    assert len(sagemaker.clean(0)) == 2


def test_nor_is_anything_removed_while_one_is_about_to_start(start, make, sagemaker, home):
    identifier = start(make()).id
    with in_use(home), pytest.raises(ExecutionStateError, match="An execution is about to start"):
        sagemaker.clean(0)
    assert left(sagemaker, home) == [identifier]


def test_an_interrupted_cleaning_is_finished_by_the_next(start, make, sagemaker, home, monkeypatch):
    first, second = start(make()).id, start(make()).id

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cleaning.shutil, "rmtree", interrupt)
        with pytest.raises(KeyboardInterrupt):
            sagemaker.clean(1)
    assert [record.id for record in sagemaker.executions()] == [second]
    assert [entry.execution for entry in sagemaker.clean(1)] == [first]
    assert left(sagemaker, home) == [second]
