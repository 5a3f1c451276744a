"""Checkpoints: what a job leaves there is there again when it is started again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sagelocal.errors import DefinitionError
from sagelocal.jobs.containers import JobTree
from sagelocal.jobs.hosts import Host, only_host
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.training import keep_checkpoints, restore_checkpoints, run_training_job
from sagelocal.tuning.job import run_tuning_job

URI = "s3://bucket/checkpoints"
# Each run adds a line to its checkpoint, and all but the third are killed.
COUNT = (
    "import os, pathlib\n"
    "folder = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'checkpoints')\n"
    "file = folder / 'deep' / 'count'\n"
    "file.parent.mkdir(exist_ok=True)\n"
    "with file.open('a') as lines: lines.write('run\\n')\n"
    "count = len(file.read_text().split())\n"
    "if count < 3: os.kill(os.getpid(), 9)\n"
    "print(f'cv:r2={count};')\n"
)


def with_checkpoints(training: dict[str, Any]) -> dict[str, Any]:
    return {**training, "CheckpointConfig": {"S3Uri": URI}}


def test_a_spot_trial_that_is_killed_finds_its_own_checkpoints_again(
    machine: Machine, build
) -> None:
    build.put_code(machine.storage, fit=COUNT)
    request = build.tuning_request(2, 2, spot=True)
    request["TrainingJobDefinition"] = with_checkpoints(request["TrainingJobDefinition"])
    response = run_tuning_job(
        request, name="tune", step="Tune", machine=machine, trial_finished=lambda *_told: None
    )
    key = "FinalHyperParameterTuningJobObjectiveMetric"
    assert [trial[key]["Value"] for trial in response["TrainingJobSummaries"]] == [3.0, 3.0]
    for number in (1, 2):
        kept = machine.storage.read_bytes(f"{URI}/tune-00{number}/deep/count")
        assert kept == b"run\n" * 3


def test_a_job_without_checkpoints_has_no_such_folder(machine: Machine, build) -> None:
    build.put_code(
        machine.storage,
        fit="import os; assert 'checkpoints' not in os.listdir(os.environ['SAGEMAKER_BASE_DIR'])",
    )
    response = run_training_job(build.training_request(), name="job", step="Fit", machine=machine)
    assert response["TrainingJobStatus"] == "Completed", response.get("FailureReason")


def test_a_job_that_fails_keeps_its_checkpoints_too(machine: Machine, build) -> None:
    build.put_code(machine.storage, fit=COUNT.replace("os.kill(os.getpid(), 9)", "exit(7)"))
    request = with_checkpoints(build.training_request())
    for expected in ("Failed", "Failed", "Completed"):
        response = run_training_job(request, name="job", step="Fit", machine=machine)
        assert response["TrainingJobStatus"] == expected


def hosts(tmp_path: Path, count: int) -> list[Host]:
    names = tuple(f"algo-{number}" for number in range(1, count + 1))
    return [Host(name, names, JobTree(tmp_path / name), tmp_path / "log") for name in names]


def test_each_host_finds_what_all_of_them_left(machine: Machine, tmp_path: Path) -> None:
    request = with_checkpoints({})
    restore_checkpoints(request, hosts(tmp_path / "first", 2), machine.storage)
    for host in hosts(tmp_path / "first", 2):
        (host.tree.base / "checkpoints" / host.name).write_text(json.dumps(host.name))
    keep_checkpoints(request, hosts(tmp_path / "first", 2), machine.storage)
    restore_checkpoints(request, hosts(tmp_path / "second", 2), machine.storage)
    for host in hosts(tmp_path / "second", 2):
        folder = host.tree.base / "checkpoints"
        assert sorted(file.name for file in folder.iterdir()) == ["algo-1", "algo-2"]
        (folder / "algo-1").write_text("written into")
    assert machine.storage.read_bytes(f"{URI}/algo-1") == b'"algo-1"'


def test_a_folder_outside_of_the_job_is_refused(machine: Machine, tmp_path: Path) -> None:
    request = {"CheckpointConfig": {"S3Uri": URI, "LocalPath": "/tmp/elsewhere"}}
    with pytest.raises(DefinitionError, match="must lie below /opt/ml"):
        restore_checkpoints(
            request, [only_host(JobTree(tmp_path), tmp_path / "log")], machine.storage
        )
