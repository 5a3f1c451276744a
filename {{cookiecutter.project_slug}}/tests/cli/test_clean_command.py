"""`pipeline clean` on this machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from localsage import LocalSageMaker, StepRecord
from localsage.executions.creation import create_execution


@pytest.fixture
def executions(example):
    """Three that succeeded, oldest first; the registered version 1 refers to the first."""
    home = example.root / ".pipeline"
    made = []
    for _ in range(3):
        with create_execution(
            home,
            pipeline_name="test-project",
            definition=b"{}",
            parameters={},
            metadata={},
            steps={"Fit": StepRecord("Fit", "Training")},
        ) as record:
            replace(record, status="Succeeded", end_time=record.start_time).write()
            made.append(record.id)
    made.sort()
    registry = LocalSageMaker(home).registry
    arn = f"arn:aws:sagemaker:local:000000000000:pipeline/test-project/execution/{made[0]}"
    registry.create_model_package(
        {
            "ModelPackageGroupName": "test-project",
            "CustomerMetadataProperties": {"execution_arn": arn},
        }
    )
    return made


def test_clean_says_why_an_older_execution_stays(pipeline, executions):
    registered, _, newest = executions
    ended = pipeline("clean", "--keep", "1")
    assert (ended.code, ended.err) == (0, "")
    *_, total, reason = ended.out.splitlines()
    assert total.startswith("1 executions removed, ")
    assert reason == (
        "Of the older ones 1 stay, since newer ones took results from them, "
        "or a registered version refers to them."
    )
    listed = pipeline("executions").out
    assert [name in listed for name in executions] == [True, False, True]
    assert {registered, newest} <= set(listed.split())


def test_clean_explains_nothing_where_only_the_newest_stay(pipeline, executions):
    ended = pipeline("clean", "--keep", "3")
    assert ended.out == "0 executions removed, 0 bytes freed.\n"
