"""A step that fails fails its execution, and says why."""

from __future__ import annotations

from typing import Any
from unittest.mock import create_autospec

import pytest
from small_steps import FAIL, after, statuses

from sagelocal import DefinitionError, ParameterError, pipelines


def test_after_a_failure_running_steps_finish_and_none_start(
    start, build, notes, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = (
        "import pathlib, sys, time\n"
        "failed, finished = map(pathlib.Path, sys.argv[1:])\n"
        "while not failed.exists(): time.sleep(0.01)\n"
        "finished.touch()\n"
    )

    def step_changed(_name: str, _kind: str, status: str, _detail: str) -> None:
        if status == "Failed":
            (tmp_path / "failed").touch()

    monkeypatch.setattr(notes, "step_changed", step_changed)
    record = start(
        build.processing("Broken", FAIL),
        build.processing("Slow", slow, str(tmp_path / "failed"), str(tmp_path / "finished")),
        build.processing("AfterBroken", step=after("Broken")),
        build.processing("AfterSlow", step=after("Slow")),
        listener=notes,
    )
    assert record.status == "Failed"
    assert (tmp_path / "finished").exists()
    assert statuses(record) == {
        "Broken": "Failed",
        "Slow": "Succeeded",
        "AfterBroken": "NotExecuted",
        "AfterSlow": "NotExecuted",
    }


def test_the_failure_of_a_job_is_told_with_its_exit_code_and_text(start, build) -> None:
    code = (
        "import os, pathlib, sys\n"
        "message = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'output', 'message')\n"
        "message.write_text('Column x is empty.\\nDrop it.')\n"
        "print('in the log'); sys.exit(2)\n"
    )
    record = start(build.processing("Preprocess", code))
    step = record.steps["Preprocess"]
    assert (record.failed_step, step.exit_code) == ("Preprocess", 2)
    assert record.failure_reason == step.failure_reason == "Column x is empty.\nDrop it."
    (log,) = record.log_files("Preprocess")
    assert log.read_text() == "in the log\n"
    assert [path.name for path in (record.directory / "work").iterdir()] == [log.stem]


def test_a_missing_input_fails_the_step_with_its_address(start, build) -> None:
    record = start(build.processing("Read", inputs={"data": "s3://bucket/none"}))
    assert record.status == "Failed"
    assert record.failure_reason.startswith("Step Read, input data: No S3 objects found")


def test_an_expression_without_a_value_fails_the_step(start, build) -> None:
    """The API has an exit message; a job that leaves none has none."""
    reference = {"Std:Join": {"On": "", "Values": ["s3://b/", {"Get": "Steps.A.ExitMessage"}]}}
    record = start(build.processing("A"), build.processing("B", inputs={"data": reference}))
    assert record.failed_step == "B"
    assert "'ExitMessage' is not there" in record.failure_reason


KILLED_ONCE = (
    "import os, pathlib, sys\n"
    "if not os.path.exists(sys.argv[1]):\n"
    "    pathlib.Path(sys.argv[1]).touch()\n"
    "    END\n"
)

POLICY = {
    "ExceptionType": ["Step.SERVICE_FAULT", "SageMaker.JOB_INTERNAL_ERROR"],
    "IntervalSeconds": 1,
    "MaxAttempts": 2,
}


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "os.kill(os.getpid(), 15)"])
@pytest.mark.parametrize("policies", [[POLICY], []], ids=["policy", "none"])
def test_a_job_that_was_killed_has_failed_whatever_its_retry_policy(
    start, build, tmp_path, end: str, policies: list[Any]
) -> None:
    """On the service it is the algorithm's error (exit code 137), not an internal one."""
    code = KILLED_ONCE.replace("END", end)
    step = build.processing("S", code, str(tmp_path / "mark"), step={"RetryPolicies": policies})
    record = start(step)
    assert record.steps["S"].status == "Failed"
    assert record.steps["S"].failure_reason.startswith("The job was killed by signal ")
    assert len(record.log_files("S")) == 1


def test_a_policy_that_the_service_refuses_is_refused_before_anything_runs(
    start, build, home
) -> None:
    step = build.processing("S", step={"RetryPolicies": [{**POLICY, "ExpireAfterMin": 5}]})
    with pytest.raises(DefinitionError, match="only one of them can be given"):
        start(step)
    assert not home.exists()


def test_a_model_that_is_not_there_is_not_registered(start, sagemaker) -> None:
    containers = [{"Image": "image", "ModelDataUrl": "s3://bucket/none/model.tar.gz"}]
    request = {
        "ModelPackageGroupName": "houses",
        "InferenceSpecification": {"Containers": containers},
    }
    record = start({"Name": "Register", "Type": "RegisterModel", "Arguments": request})
    assert record.failure_reason.startswith("Step Register: there is no model at s3://bucket/none")
    assert sagemaker.registry.packages() == []


def test_when_all_trials_fail_the_step_fails_with_their_exit_code(start, build, sagemaker) -> None:
    build.put_code(sagemaker.storage, fit="import sys; print('why'); sys.exit(2)")
    record = start({"Name": "Tune", "Type": "Tuning", "Arguments": build.tuning_request(2, 2)})
    assert record.steps["Tune"].exit_code == 2
    assert record.failure_reason.startswith("All 2 trials failed.")
    assert record.failure_reason.endswith("why")
    assert len(record.steps["Tune"].response["TrainingJobSummaries"]) == 2


def test_a_fault_of_the_back_end_is_raised_and_noted(
    sagemaker, build, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = create_autospec(pipelines.run_step, side_effect=ZeroDivisionError("our bug"))
    monkeypatch.setattr(pipelines, "run_step", broken)
    with pytest.raises(ZeroDivisionError):
        sagemaker.start(build.definition(build.processing("A")), pipeline_name="demo")
    (record,) = sagemaker.executions()
    assert (record.status, record.failed_step) == ("Failed", "A")
    assert record.failure_reason == "ZeroDivisionError: our bug"


@pytest.mark.parametrize(
    ("declared", "parameters", "error"),
    [
        ([{"Name": "A", "Type": "String"}], {}, ParameterError),
        ([], {"A": "1"}, ParameterError),
        ([{"Name": "A", "Type": "Sequence"}], {}, DefinitionError),
    ],
)
def test_what_cannot_start_leaves_nothing_behind(
    sagemaker, build, home, declared: list[Any], parameters: dict[str, str], error
) -> None:
    definition = build.definition(build.processing("A"), parameters=declared)
    with pytest.raises(error):
        sagemaker.start(definition, pipeline_name="demo", parameters=parameters)
    assert not home.exists()
