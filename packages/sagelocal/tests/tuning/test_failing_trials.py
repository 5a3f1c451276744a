"""A trial that fails does not end a search, unless all do."""

from __future__ import annotations

from pathlib import Path

import pytest
from searches import in_turn


def test_a_failed_trial_does_not_end_the_job(run, build) -> None:
    source = (
        "if '-002' in __import__('os').environ['TRAINING_JOB_NAME']: raise SystemExit(3)\n"
        "print(f'cv:r2={x};')"
    )
    response = run(source, build.tuning_request(4, 2))
    statuses = [trial["TrainingJobStatus"] for trial in in_turn(response)]
    assert statuses == ["Completed", "Failed", "Completed", "Completed"]
    assert response["TrainingJobStatusCounters"]["NonRetryableError"] == 1
    assert response["HyperParameterTuningJobStatus"] == "Completed"


@pytest.mark.parametrize("printed", ["print('cv:r2=nan;')", "print('cv:r2=inf;')", "pass"])
def test_a_trial_without_a_finite_objective_has_failed(run, build, printed: str) -> None:
    response = run(printed, build.tuning_request(1, 1))
    assert response["HyperParameterTuningJobStatus"] == "Failed"
    assert "no finite value of the metric cv:r2" in response["FailureReason"]


def test_when_all_trials_fail_the_job_fails_with_the_reason_of_the_first(simulate) -> None:
    response = simulate(lambda _x, _number: None, trials=3)
    assert response["HyperParameterTuningJobStatus"] == "Failed"
    assert response["FailureReason"] == "All 3 trials failed. tune-001: tune-001 broke"
    assert response["ExitCode"] == 2
    assert "BestTrainingJob" not in response


ONCE = (
    "import os, pathlib\n"
    "name = os.environ['TRAINING_JOB_NAME']\n"
    "marks = pathlib.Path(MARKS)\n"
    "first = not (marks / name).exists()\n"
    "(marks / name).write_text('was here')\n"
    "if first: END\n"
    "print(f'cv:r2={x};')"
)


@pytest.mark.parametrize(
    ("end", "spot", "status"),
    [
        ("os.kill(os.getpid(), 9)", True, "Completed"),
        ("os.kill(os.getpid(), 9)", False, "Failed"),
        ("raise SystemExit(1)", True, "Failed"),
    ],
)
def test_only_a_spot_trial_killed_from_outside_is_run_again(
    run, build, tmp_path: Path, end: str, spot: bool, status: str
) -> None:
    source = ONCE.replace("MARKS", repr(str(tmp_path))).replace("END", end)
    request = build.tuning_request(1, 1, spot=spot)
    request["TrainingJobDefinition"]["RetryStrategy"] = {"MaximumRetryAttempts": 30}
    response = run(source, request)
    assert response["TrainingJobSummaries"][0]["TrainingJobStatus"] == status


def test_a_trial_whose_input_is_missing_fails_and_says_so(run, build) -> None:
    request = build.tuning_request(2, 1)
    channel = request["TrainingJobDefinition"]["InputDataConfig"][0]
    channel["DataSource"]["S3DataSource"]["S3Uri"] = "s3://bucket/none"
    response = run("pass", request)
    assert "channel code: No S3 objects found" in response["FailureReason"]
    assert response["ExitCode"] is None
