"""`pipeline clean` on this machine."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import pytest
from terminals import Terminal

from sagelocal import LocalSageMaker, StepRecord
from sagelocal.executions.creation import create_execution


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
    ended = pipeline("clean", "--keep", "1", "--yes")
    assert ended.code == 0
    *_, total, reason, hint = ended.out.splitlines()
    assert total.startswith("1 executions removed, ")
    assert reason == (
        "Of the older ones 1 stay, since newer ones took results from them, "
        "or a registered version refers to them."
    )
    assert hint == "To remove versions that nobody has approved as well: add --unapproved"
    listed = pipeline("executions").out
    assert [name in listed for name in executions] == [True, False, True]
    assert {registered, newest} <= set(listed.split())


def test_clean_explains_nothing_where_only_the_newest_stay(pipeline, executions):
    ended = pipeline("clean", "--keep", "3")
    assert ended.out == "0 executions removed, 0 bytes freed.\n"


@pytest.fixture
def registry(example, executions):
    """Versions 2 and 3 come from the second and third execution."""
    registry = LocalSageMaker(example.root / ".pipeline").registry
    for origin in executions[1:]:
        registry.create_model_package(
            {"ModelPackageGroupName": "test-project", "MetadataProperties": {"GeneratedBy": origin}}
        )
    return registry


def test_versions_that_nobody_approved_let_their_executions_go(pipeline, executions, registry):
    ended = pipeline("clean", "--keep", "1", "--unapproved", "--yes")
    assert ended.code == 0
    first, second, *_, total = ended.out.splitlines()
    assert first == "Removed test-project version 1: PendingManualApproval"
    assert second == "Removed test-project version 2: PendingManualApproval"
    assert total.startswith("2 executions removed, ")
    (left,) = registry.packages()
    assert left["ModelPackageVersion"] == 3
    assert [name in pipeline("executions").out for name in executions] == [False, False, True]


def test_what_was_approved_stays_with_its_execution(pipeline, executions, registry):
    registry.update_approval("test-project", 1, "Approved")
    registry.update_approval("test-project", 2, "Rejected")
    ended = pipeline("clean", "--keep", "1", "--unapproved", "--yes")
    assert ended.out.splitlines()[0] == "Removed test-project version 2: Rejected"
    assert [package["ModelPackageVersion"] for package in registry.packages()] == [1, 3]
    assert [name in pipeline("executions").out for name in executions] == [True, False, True]


def test_the_last_version_stays_so_that_its_number_is_not_given_again(
    pipeline, executions, registry
):
    pipeline("clean", "--keep", "0", "--unapproved", "--yes")
    assert [package["ModelPackageVersion"] for package in registry.packages()] == [3]
    assert pipeline("executions").out.count(executions[2]) == 1
    again = registry.create_model_package({"ModelPackageGroupName": "test-project"})
    assert again["ModelPackageVersion"] == 4


def test_versions_of_executions_that_are_kept_stay(pipeline, executions, registry):
    ended = pipeline("clean", "--keep", "3", "--unapproved")
    assert ended.out == "0 executions removed, 0 bytes freed.\n"
    assert len(registry.packages()) == 3


def test_versions_on_aws_are_not_removed_from_here(pipeline, example):
    rule, remedy = pipeline("clean", "--keep", "1", "--unapproved", "--on", "aws").mistake
    assert rule == "--unapproved is for this machine, got --on aws."
    assert "delete-model-package" in remedy


@pytest.fixture
def state(example):
    """All files below .pipeline with their content; what a cleaning may not change unasked."""

    def read():
        home = example.root / ".pipeline"
        return {path: path.read_bytes() for path in home.rglob("*") if is_kept(path)}

    def is_kept(path):
        return path.is_file() and path.name != ".lock"

    return read


WOULD_GO = "2 executions and 2 registered versions"


def check_list(ended, executions):
    first, second, *folders = ended.err.splitlines()[:4]
    assert first == "test-project version 1: PendingManualApproval"
    assert second == "test-project version 2: PendingManualApproval"
    assert [line.partition(":")[0] for line in folders] == executions[:2]


def test_where_nobody_can_be_asked_it_lists_and_refuses(
    pipeline, executions, registry, state, monkeypatch
):
    before = state()
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    ended = pipeline("clean", "--keep", "1", "--unapproved")
    assert (ended.code, ended.out) == (2, "")
    check_list(ended, executions)
    assert ended.err.splitlines()[4:] == [
        f"{WOULD_GO} would be removed for good, and nobody can be asked here.",
        "Look at the list, and add --yes; --dry-run only lists.",
    ]
    assert state() == before


def test_a_dry_run_lists_what_the_cleaning_then_removes(pipeline, executions, registry, state):
    before = state()
    ended = pipeline("clean", "--keep", "1", "--unapproved", "--dry-run")
    assert ended.code == 0
    check_list(ended, executions)
    assert ended.out.startswith(f"Nothing was removed. Without --dry-run: {WOULD_GO}, ")
    assert state() == before
    removed = pipeline("clean", "--keep", "1", "--unapproved", "--yes").out.splitlines()
    assert [line.removeprefix("Removed ") for line in removed[:-1]] == ended.err.splitlines()


@pytest.mark.parametrize("answer", ["y", "n", ""])
def test_on_a_terminal_it_asks(pipeline, executions, registry, state, monkeypatch, answer):
    before = state()
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    ended = pipeline("clean", "--keep", "1", "--unapproved")
    assert f"Remove {WOULD_GO} for good? [y/N]:" in ended.err
    assert ended.code == 0
    assert (state() == before) is (answer != "y")
    assert ("Nothing was removed." in ended.out) is (answer != "y")


def test_what_has_changed_since_it_was_listed_is_not_removed(
    pipeline, executions, registry, monkeypatch
):
    def approve():
        registry.update_approval("test-project", 1, "Approved")

    monkeypatch.setattr(sys, "stdin", Terminal("y", before=approve))
    ended = pipeline("clean", "--keep", "1", "--unapproved")
    assert (ended.code, ended.out.strip()) == (2, "")
    assert ended.err.endswith(
        "What would be removed has changed since it was listed, so nothing was.\n"
        "Run it again, and look at the new list.\n"
    )
    assert [package["ModelPackageVersion"] for package in registry.packages()] == [1, 2, 3]


def test_where_nothing_would_go_nobody_is_asked(pipeline, executions, state):
    before = state()
    ended = pipeline("clean", "--keep", "3")
    assert (ended.code, ended.err) == (0, "")
    assert state() == before
