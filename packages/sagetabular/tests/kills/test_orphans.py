"""No job outlives the process that runs it, and no two processes run one execution."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from killing import all_end, processes_of

from sagelocal import LocalSageMaker, list_executions
from sagelocal.forking.launching import forking_is_safe
from sagelocal.storage.archives import pack

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

RUN = """
import sys
from pathlib import Path
from sagelocal import LocalSageMaker, SageLocalError
home, isolation, *identifier = sys.argv[1:]
sagemaker = LocalSageMaker(Path(home), slots=2, isolation=isolation)
try:
    if identifier:
        sagemaker.resume(*identifier)
    else:
        sagemaker.start((Path(home) / "definition").read_bytes(), pipeline_name="demo")
except SageLocalError as error:
    sys.exit(str(error))
"""
# Starts a child, says so, and ends only once it may.
JOB = """
import os, pathlib, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
home = pathlib.Path({home!r})
with (home / "started").open("a") as file:
    file.write("x")
while not (home / "go").exists():
    time.sleep(0.01)
if "SM_MODEL_DIR" in os.environ:
    print("cv:r2=0.5;")
"""
ISOLATIONS = ["process", *(["fork"] if forking_is_safe() else [])]


def definition(home: Path, kind: str) -> list[dict[str, Any]]:
    """One step of a kind, with its code in the store."""
    storage, source = LocalSageMaker(home).storage, home / "source"
    source.mkdir(parents=True)
    (source / "job.py").write_text(JOB.format(home=str(home)))
    pack(source, home / "sourcedir.tar.gz")
    storage.put_bytes("s3://bucket/code/sourcedir.tar.gz", (home / "sourcedir.tar.gz").read_bytes())
    program = {
        "sagemaker_program": "job.py",
        "sagemaker_submit_directory": "/opt/ml/input/data/code/sourcedir.tar.gz",
    }
    code = {
        "S3DataSource": {
            "S3DataType": "S3Prefix",
            "S3Uri": "s3://bucket/code/sourcedir.tar.gz",
        }
    }
    role = {"RoleArn": "arn:aws:iam::000000000000:role/job"}
    machine = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
    training = {
        **role,
        "AlgorithmSpecification": {
            "TrainingImage": "image",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "r", "Regex": "cv:r2=([^;]+);"}],
        },
        "ResourceConfig": machine,
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "InputDataConfig": [{"ChannelName": "code", "DataSource": code}],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
    }
    between = {"Name": "x", "MinValue": "0", "MaxValue": "1"}
    requests: dict[str, dict[str, Any]] = {
        "Processing": {
            **role,
            "AppSpecification": {
                "ImageUri": "image",
                "ContainerEntrypoint": ["python3", str(source / "job.py")],
            },
            "ProcessingResources": {"ClusterConfig": machine},
        },
        "Training": {**training, "HyperParameters": program},
        "Tuning": {
            "HyperParameterTuningJobConfig": {
                "Strategy": "Random",
                "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
                "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "r"},
                "ParameterRanges": {"ContinuousParameterRanges": [between]},
            },
            "TrainingJobDefinition": {**training, "StaticHyperParameters": program},
        },
    }
    return [{"Name": "Work", "Type": kind, "Arguments": requests[kind]}]


def launch(home: Path, isolation: str, *identifier: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(home), isolation, *identifier],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        text=True,
    )


def begin(home: Path, kind: str, isolation: str) -> subprocess.Popen[str]:
    """Start an execution and wait until all of its jobs run."""
    steps = definition(home, kind)
    (home / "definition").write_text(json.dumps({"Version": "2020-12-01", "Steps": steps}))
    process, started = launch(home, isolation), home / "started"
    while not started.exists() or len(started.read_text()) < (2 if kind == "Tuning" else 1):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    return process


@pytest.mark.slow
@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("kind", ["Processing", "Training", "Tuning"])
def test_a_kill_ends_all_jobs_and_their_children_and_the_execution_goes_on(
    tmp_path: Path, kind: str, isolation: str
) -> None:
    process = begin(tmp_path, kind, isolation)
    assert len(processes_of(tmp_path)) >= 3, "the pipeline, a job and its child"
    process.kill()
    process.communicate()
    assert all_end(tmp_path, seconds=60)
    (record,) = list_executions(tmp_path)
    assert record.status == "Interrupted"
    (tmp_path / "go").touch()
    assert LocalSageMaker(tmp_path).resume(record.id).status == "Succeeded"


@pytest.mark.slow
def test_a_process_that_runs_an_execution_is_the_only_one(tmp_path: Path) -> None:
    process = begin(tmp_path, "Processing", "process")
    (record,) = list_executions(tmp_path)
    assert record.status == "Executing"
    second = launch(tmp_path, "process", record.id)
    assert second.communicate()[1].splitlines() == [
        f"Execution {record.id} is still running, in process {process.pid}.",
        "Wait for its end, or stop it first.",
    ]
    (tmp_path / "go").touch()
    process.communicate()
    assert list_executions(tmp_path)[0].status == "Succeeded"


@pytest.mark.slow
def test_of_many_that_resume_one_execution_at_the_same_moment_one_does(tmp_path: Path) -> None:
    process = begin(tmp_path, "Processing", "process")
    process.kill()
    process.communicate()
    (record,) = list_executions(tmp_path)
    (tmp_path / "started").unlink()
    rivals = [launch(tmp_path, "process", record.id) for _ in range(4)]
    deadline = time.monotonic() + 30
    while sum(rival.poll() is None for rival in rivals) > 1:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (winner,) = [rival for rival in rivals if rival.poll() is None]
    losers = [rival.communicate()[1] for rival in rivals if rival is not winner]
    named = {re.search(r"still running, in process (\d+)\.", text).group(1) for text in losers}
    assert named == {str(winner.pid)}
    (tmp_path / "go").touch()
    assert winner.wait() == 0
    assert (tmp_path / "started").read_text() == "x"
    assert list_executions(tmp_path)[0].attempts == 2


def test_a_lock_says_nothing_of_a_process_that_has_its_holders_number(tmp_path: Path) -> None:
    process = begin(tmp_path, "Processing", "process")
    process.kill()
    process.communicate()
    (record,) = list_executions(tmp_path)
    (record.directory / ".lock").write_text(f"{os.getpid()}\n")
    (tmp_path / "go").touch()
    assert LocalSageMaker(tmp_path).resume(record.id).status == "Succeeded"
