from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sagelocal.errors import DefinitionError, StorageError
from sagelocal.jobs.containers import JobTree
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.processing import run_processing_job

COPY = (
    "import os, pathlib, sys\n"
    "base = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])\n"
    "text = (base / 'processing/input/data/a.txt').read_text()\n"
    "pathlib.Path(sys.argv[1], 'b.txt').write_text(text.upper())\n"
)
REPORT = (
    "import json, os, sys\n"
    "json.dump([sys.argv[1:], dict(os.environ), sys.executable],"
    " open(sys.argv[1] + '/report.json', 'w'))\n"
)


@pytest.fixture
def run(machine: Machine):
    def run_job(request, name: str = "job"):
        return run_processing_job(request, name=name, step="Step", machine=machine)

    return run_job


def report(machine: Machine):
    return json.loads(machine.storage.read_bytes("s3://bucket/out/report.json"))


def test_a_job_reads_its_inputs_and_its_outputs_are_published(run, build, machine: Machine) -> None:
    machine.storage.put_bytes("s3://bucket/in/a.txt", b"text")
    request = build.processing_request(
        COPY,
        "/opt/ml/processing/output/result",
        inputs={"data": "s3://bucket/in"},
        outputs={"result": "s3://bucket/out"},
    )
    response = run(request)
    assert machine.storage.read_bytes("s3://bucket/out/b.txt") == b"TEXT"
    assert response["ProcessingJobName"] == "job"
    assert response["ProcessingJobStatus"] == "Completed"
    assert response["ExitCode"] == 0
    assert response["ProcessingOutputConfig"] == request["ProcessingOutputConfig"]
    assert not (machine.work / "job").exists()
    assert (machine.logs / "Step" / "job.log").is_file()


def test_container_paths_in_arguments_and_variables_become_real(run, build, machine) -> None:
    request = build.processing_request(
        REPORT,
        "/opt/ml/processing/output/result",
        "--x=/opt/ml/model",
        "s3://b/opt/ml/x",
        "/opt/mlx",
        outputs={"result": "s3://bucket/out"},
        Environment={"CODE": "/opt/ml/a:/opt/ml/b", "PLAIN": "text"},
    )
    run(request)
    arguments, environment, _ = report(machine)
    base = (machine.work / "job").resolve()
    assert arguments[1:] == [f"--x={base}/model", "s3://b/opt/ml/x", "/opt/mlx"]
    assert environment["CODE"] == f"{base}/a:{base}/b"
    assert environment["PLAIN"] == "text"
    assert environment["SAGEMAKER_BASE_DIR"] == str(base)
    assert environment["SM_NUM_CPUS"] == "1"


@pytest.mark.parametrize(("isolated", "expected"), [(True, None), (False, "lake")])
def test_services_of_the_account_reach_only_jobs_without_isolation(
    build, machine: Machine, isolated: bool, expected: str | None
) -> None:
    machine = replace(machine, host_environment={"LAKE_URI": "lake"})
    request = build.processing_request(
        REPORT,
        "/opt/ml/processing/output/result",
        outputs={"result": "s3://bucket/out"},
        NetworkConfig={"EnableNetworkIsolation": isolated},
    )
    run_processing_job(request, name="job", step="Step", machine=machine)
    assert report(machine)[1].get("LAKE_URI") == expected


def test_a_job_finds_its_configuration(run, build, machine: Machine) -> None:
    code = (
        "import os, shutil, sys\n"
        "for name in ('processingjobconfig', 'resourceconfig'):\n"
        "    shutil.copy(os.environ['SAGEMAKER_BASE_DIR'] + f'/config/{name}.json', sys.argv[1])\n"
    )
    request = build.processing_request(
        code, "/opt/ml/processing/output/result", outputs={"result": "s3://bucket/out"}
    )
    run(request)
    stored = machine.storage
    resources = json.loads(stored.read_bytes("s3://bucket/out/resourceconfig.json"))
    assert resources["current_host"] == "algo-1"
    assert resources["hosts"] == ["algo-1"]
    assert resources["current_instance_type"] == "ml.m5.large"
    assert json.loads(stored.read_bytes("s3://bucket/out/processingjobconfig.json")) == request


def test_a_job_that_fails_says_why_publishes_nothing_and_keeps_its_tree(
    run, build, machine: Machine
) -> None:
    code = (
        "import os, pathlib, sys\n"
        "base = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])\n"
        "(base / 'processing/output/result/half.txt').write_text('half')\n"
        "(base / 'output/message').write_text('The rule.\\nThe remedy.')\n"
        "sys.exit(2)\n"
    )
    response = run(build.processing_request(code, outputs={"result": "s3://bucket/out"}))
    assert response["ProcessingJobStatus"] == "Failed"
    assert response["ExitCode"] == 2
    assert response["FailureReason"] == response["ExitMessage"] == "The rule.\nThe remedy."
    assert not machine.storage.exists("s3://bucket/out")
    assert (machine.work / "job" / "processing/output/result/half.txt").is_file()


def test_without_a_message_the_reason_is_the_end_of_the_log(run, build) -> None:
    response = run(build.processing_request("print('start'); raise ValueError('that is why')"))
    assert response["ExitCode"] == 1
    assert response["FailureReason"].endswith("ValueError: that is why")


def test_a_silent_failure_has_its_exit_code_for_a_reason(run, build) -> None:
    response = run(build.processing_request("import sys; sys.exit(7)"))
    assert response["FailureReason"] == "The job ended with exit code 7."


def test_a_job_killed_from_outside_says_by_which_signal(run, build) -> None:
    response = run(build.processing_request("import os; os.kill(os.getpid(), 9)"))
    assert response["ExitCode"] == -9
    assert "killed by signal 9" in response["FailureReason"]


def test_a_job_that_runs_too_long_is_stopped(run, build) -> None:
    request = build.processing_request(
        "import time; time.sleep(60)", StoppingCondition={"MaxRuntimeInSeconds": 1}
    )
    response = run(request)
    assert response["ProcessingJobStatus"] == "Stopped"
    assert response["FailureReason"] == "MaxRuntimeExceeded: the job was stopped after 1 s."


def test_a_missing_input_is_an_error_that_names_step_input_and_address(run, build) -> None:
    with pytest.raises(StorageError) as caught:
        run(build.processing_request("pass", inputs={"data": "s3://bucket/none"}))
    assert caught.value.message.startswith("Step Step, input data: No S3 objects found")
    assert "s3://bucket/none" in caught.value.message


@pytest.mark.parametrize("path", ["/etc", "/opt/ml/../../etc", "relative", "/opt/mlx"])
def test_a_job_gets_no_path_outside_its_tree(path: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="below /opt/ml"):
        JobTree(tmp_path).locate(path)


def test_an_image_without_an_entry_point_is_refused(run, build) -> None:
    request = build.processing_request("pass")
    request["AppSpecification"] = {"ImageUri": "image"}
    with pytest.raises(DefinitionError, match="ContainerEntrypoint"):
        run(request)


def test_a_job_that_harms_its_input_does_not_harm_the_store(run, build, machine: Machine) -> None:
    machine.storage.put_bytes("s3://bucket/in/a.txt", b"original")
    code = (
        "import os, pathlib, shutil\n"
        "folder = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'processing/input/data')\n"
        "try:\n"
        "    (folder / 'a.txt').write_text('harm')\n"
        "except PermissionError:\n"
        "    pass\n"
        "shutil.rmtree(folder)\n"
    )
    response = run(build.processing_request(code, inputs={"data": "s3://bucket/in"}))
    assert response["ExitCode"] == 0
    assert machine.storage.read_bytes("s3://bucket/in/a.txt") == b"original"
