from __future__ import annotations

import json
import os
import signal
import threading
import time
from typing import Any

import pytest

from localsage import DefinitionError, LocalSageMaker, ParameterError

WRITE = (
    "import os, pathlib, sys\n"
    "folder = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'processing/output/result')\n"
    "(folder / sys.argv[1]).write_text(sys.argv[2])\n"
)
MEET = (
    "import pathlib, sys, time\n"
    "mine, other = map(pathlib.Path, sys.argv[1:])\n"
    "mine.touch()\n"
    "deadline = time.monotonic() + 20\n"
    "while not other.exists():\n"
    "    assert time.monotonic() < deadline\n"
    "    time.sleep(0.005)\n"
)
FAIL = "import sys; sys.exit('The rule. The remedy.')"


def after(*names: str) -> dict[str, Any]:
    return {"DependsOn": list(names)}


def statuses(record) -> dict[str, str]:
    return {name: step.status for name, step in record.steps.items()}


def gate(name: str, left: object, if_steps: list[Any], else_steps: list[Any]) -> dict[str, Any]:
    condition = {"Type": "GreaterThanOrEqualTo", "LeftValue": left, "RightValue": 0.5}
    arguments = {"Conditions": [condition], "IfSteps": if_steps, "ElseSteps": else_steps}
    return {"Name": name, "Type": "Condition", "Arguments": arguments}


def fail(name: str, message: object) -> dict[str, Any]:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def joined(*values: object) -> dict[str, Any]:
    return {"Std:Join": {"On": "", "Values": list(values)}}


def test_steps_run_in_the_order_of_their_dependencies_and_not_of_the_file(start, build) -> None:
    record = start(
        build.processing("C", step=after("B")),
        build.processing("B", step=after("A")),
        build.processing("A"),
    )
    assert record.status == "Succeeded"
    times = [(record.steps[name].start_time, record.steps[name].end_time) for name in "ABC"]
    assert times == sorted(times)
    assert times[0][1] <= times[1][0] <= times[1][1] <= times[2][0]


def test_what_one_step_publishes_the_next_one_gets(start, build, sagemaker) -> None:
    uri = joined(
        "s3://", {"Get": "Parameters.Bucket"}, "/", {"Get": "Execution.PipelineExecutionId"}
    )
    first = build.processing("First", WRITE, "a.txt", "hello", outputs={"result": uri})
    published = "Steps.First.ProcessingOutputConfig.Outputs['result'].S3Output.S3Uri"
    code = (
        "import os, pathlib\n"
        "base = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'processing')\n"
        "text = (base / 'input/data/a.txt').read_text()\n"
        "(base / 'output/result/b.txt').write_text(text + ' again')\n"
    )
    second = build.processing(
        "Second", code, inputs={"data": {"Get": published}}, outputs={"result": "s3://bucket/2"}
    )
    declared = [{"Name": "Bucket", "Type": "String"}]
    record = start(first, second, declared=declared, parameters={"Bucket": "mine"})
    assert record.status == "Succeeded"
    assert sagemaker.storage.read_bytes(f"s3://mine/{record.id}/a.txt") == b"hello"
    assert sagemaker.storage.read_bytes("s3://bucket/2/b.txt") == b"hello again"
    request = record.steps["Second"].arguments
    assert request["ProcessingInputs"][0]["S3Input"]["S3Uri"] == f"s3://mine/{record.id}"
    assert not any((record.directory / "work").iterdir())


def test_branches_that_do_not_depend_on_each_other_run_at_the_same_time(
    start, build, tmp_path
) -> None:
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    record = start(build.processing("One", MEET, one, two), build.processing("Two", MEET, two, one))
    assert statuses(record) == {"One": "Succeeded", "Two": "Succeeded"}


def test_a_step_does_not_wait_for_steps_it_does_not_depend_on(start, build, tmp_path) -> None:
    long, next_one = str(tmp_path / "long"), str(tmp_path / "next")
    record = start(
        build.processing("Short"),
        build.processing("Long", MEET, long, next_one),
        build.processing("Next", MEET, next_one, long, step=after("Short")),
    )
    assert record.status == "Succeeded"


def test_one_slot_runs_one_job_at_a_time(home, build) -> None:
    sagemaker = LocalSageMaker(home, slots=1)
    alone = "import os, sys, time\nos.mkdir(sys.argv[1])\ntime.sleep(0.05)\nos.rmdir(sys.argv[1])\n"
    steps = [build.processing(f"S{n}", alone, str(home / "busy")) for n in range(4)]
    home.mkdir()
    record = sagemaker.start(build.definition(*steps), pipeline_name="demo")
    assert set(statuses(record).values()) == {"Succeeded"}


@pytest.mark.parametrize(
    ("score", "chosen", "other"), [("0.7", "If", "Else"), ("0.3", "Else", "If")]
)
def test_only_the_side_that_a_condition_chooses_runs(
    start, build, score: str, chosen: str, other: str
) -> None:
    evaluate = build.processing(
        "Evaluate",
        WRITE,
        "report.json",
        json.dumps({"metrics": {"r2": float(score)}}),
        outputs={"result": "s3://bucket/evaluate"},
        step={
            "PropertyFiles": [
                {"PropertyFileName": "Report", "OutputName": "result", "FilePath": "report.json"}
            ]
        },
    )
    r2 = {
        "Std:JsonGet": {
            "PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Report"},
            "Path": "metrics.r2",
        }
    }
    record = start(
        evaluate,
        gate("Gate", r2, [build.processing("If")], [build.processing("Else")]),
        build.processing("AfterIf", step=after("If")),
    )
    assert record.status == "Succeeded"
    assert record.steps["Gate"].outcome == str(chosen == "If")
    assert statuses(record)[chosen] == "Succeeded"
    assert statuses(record)[other] == "NotExecuted"
    assert statuses(record)["AfterIf"] == ("Succeeded" if chosen == "If" else "NotExecuted")


def test_conditions_nest(start, build) -> None:
    inner = gate("Inner", 0.1, [build.processing("Deep")], [build.processing("Deeper")])
    record = start(gate("Outer", 0.9, [inner], [build.processing("Else")]))
    assert statuses(record) == {
        "Outer": "Succeeded",
        "Inner": "Succeeded",
        "Deep": "NotExecuted",
        "Deeper": "Succeeded",
        "Else": "NotExecuted",
    }


def test_a_fail_step_fails_the_execution_with_its_message(start) -> None:
    declared = [{"Name": "MinimumR2", "Type": "Float", "DefaultValue": 0.5}]
    message = joined("R2 is below ", {"Get": "Parameters.MinimumR2"})
    record = start(gate("Gate", 0.2, [], [fail("TooBad", message)]), declared=declared)
    assert record.status == "Failed"
    assert (record.failed_step, record.failure_reason) == ("TooBad", "R2 is below 0.5")


def test_after_a_failure_running_steps_finish_and_none_start(start, build, tmp_path) -> None:
    slow = (
        "import pathlib, sys, time\n"
        "flag = pathlib.Path(sys.argv[1])\n"
        "time.sleep(0.5)\n"
        "flag.touch()\n"
    )
    record = start(
        build.processing("Broken", "import time; time.sleep(0.1); " + FAIL),
        build.processing("Slow", slow, str(tmp_path / "finished")),
        build.processing("AfterBroken", step=after("Broken")),
        build.processing("AfterSlow", step=after("Slow")),
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
    reference = {"Get": "Steps.A.ProcessingOutputConfig.Outputs['none'].S3Output.S3Uri"}
    record = start(build.processing("A"), build.processing("B", inputs={"data": reference}))
    assert record.failed_step == "B"
    assert "'none' is not there" in record.failure_reason


KILLED_ONCE = (
    "import os, pathlib, sys\n"
    "if not os.path.exists(sys.argv[1]):\n"
    "    pathlib.Path(sys.argv[1]).touch()\n"
    "    END\n"
)
POLICY = {
    "ExceptionType": ["Step.SERVICE_FAULT", "Step.THROTTLING"],
    "IntervalSeconds": 60,
    "BackoffRate": 2.0,
    "MaxAttempts": 2,
}
FOR_AN_HOUR = {"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "ExpireAfterMin": 60}
TOO_SHORT = {**FOR_AN_HOUR, "ExpireAfterMin": 1, "IntervalSeconds": 600}


@pytest.mark.parametrize(
    ("end", "policies", "status", "logs"),
    [
        ("os.kill(os.getpid(), 9)", [POLICY], "Succeeded", 2),
        ("os.kill(os.getpid(), 9)", [FOR_AN_HOUR], "Succeeded", 2),
        ("os.kill(os.getpid(), 9)", [TOO_SHORT], "Failed", 1),
        ("os.kill(os.getpid(), 9)", [], "Failed", 1),
        ("sys.exit(1)", [POLICY], "Failed", 1),
    ],
)
def test_a_retry_policy_repeats_only_a_job_that_was_killed(
    start, build, tmp_path, end: str, policies: list[Any], status: str, logs: int
) -> None:
    code = KILLED_ONCE.replace("END", end)
    step = build.processing("S", code, str(tmp_path / "mark"), step={"RetryPolicies": policies})
    record = start(step)
    assert record.steps["S"].status == status
    assert len(record.log_files("S")) == logs


def test_models_are_tuned_fitted_and_registered_from_one_definition(
    start, build, sagemaker, notes
) -> None:
    tune = "import sys; x = float(sys.argv[-1]); print(f'cv:r2={1 - abs(x - 0.4)};')"
    fit = (
        "import os, pathlib, sys\n"
        "pathlib.Path(os.environ['SM_MODEL_DIR'], 'model').write_text(sys.argv[-1])"
    )
    build.put_code(sagemaker.storage, fit=tune, refit=fit)
    best = {"Get": "Steps.Tune.BestTrainingJob.TunedHyperParameters['x']"}
    model = {"Get": "Steps.Fit.ModelArtifacts.S3ModelArtifacts"}
    package = {
        "ModelPackageGroupName": "houses",
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {"Containers": [{"Image": "image", "ModelDataUrl": model}]},
    }
    record = start(
        {"Name": "Tune", "Type": "Tuning", "Arguments": build.tuning_request(5, 2)},
        {
            "Name": "Fit",
            "Type": "Training",
            "Arguments": build.training_request("refit.py", x=best),
        },
        {"Name": "Register", "Type": "RegisterModel", "Arguments": package},
        listener=notes,
    )
    assert record.status == "Succeeded"
    tried = record.steps["Tune"].response["TrainingJobSummaries"]
    chosen = min((t["TunedHyperParameters"]["x"] for t in tried), key=lambda x: abs(float(x) - 0.4))
    assert record.steps["Fit"].arguments["HyperParameters"]["x"] == chosen
    (registered,) = sagemaker.registry.packages("houses")
    uri = registered["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    assert uri == f"s3://bucket/models/pipelines-{record.id}-Fit/output/model.tar.gz"
    assert sagemaker.storage.exists(uri)
    assert len(record.log_files("Tune")) == len(notes.trials) == 5
    assert notes.steps == [
        (name, status) for name in record.steps for status in ("Executing", "Succeeded")
    ]
    assert notes.details["Register"] == "RegisterModel: houses version 1"
    assert notes.details["Tune"].startswith("Tuning: best cv:r2 0.")


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


def test_an_interrupt_ends_the_jobs_and_leaves_a_record_that_says_stopped(
    sagemaker, build, notes
) -> None:
    build.put_code(sagemaker.storage, fit="import time; time.sleep(60)")
    definition = build.definition(
        build.processing("Endless", "import time; time.sleep(60)"),
        {"Name": "Tune", "Type": "Tuning", "Arguments": build.tuning_request(4, 2)},
        build.processing("After", step=after("Endless")),
    )

    def interrupt() -> None:
        notes.started.wait(20)
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    began = time.monotonic()
    record = sagemaker.start(definition, pipeline_name="demo", listener=notes)
    assert time.monotonic() - began < 20
    assert record.status == "Stopped"
    assert statuses(record) == {"Endless": "Stopped", "Tune": "Stopped", "After": "NotExecuted"}
    assert sagemaker.execution(record.id) == record


def test_an_interrupt_between_two_steps_leaves_none_that_claims_to_run(
    sagemaker, build, notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_name: str, _kind: str, status: str, _detail: str) -> None:
        if status == "Executing":
            raise KeyboardInterrupt

    monkeypatch.setattr(notes, "step_changed", interrupt)
    definition = build.definition(build.processing("A"), build.processing("B"))
    record = sagemaker.start(definition, pipeline_name="demo", listener=notes)
    assert record.status == "Stopped"
    assert statuses(record) == {"A": "Stopped", "B": "NotExecuted"}
    assert sagemaker.execution(record.id) == record


def test_a_fault_of_the_back_end_is_raised_and_noted(
    sagemaker, build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("our fault")

    monkeypatch.setattr("localsage.pipelines.run_step", broken)
    with pytest.raises(ZeroDivisionError):
        sagemaker.start(build.definition(build.processing("A")), pipeline_name="demo")
    (record,) = sagemaker.executions()
    assert (record.status, record.failed_step) == ("Failed", "A")
    assert record.failure_reason == "ZeroDivisionError: our fault"


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


def test_trees_of_jobs_are_kept_on_request(home, build) -> None:
    sagemaker = LocalSageMaker(home, keep_work=True)
    record = sagemaker.start(build.definition(build.processing("A")), pipeline_name="demo")
    assert [path.name for path in (record.directory / "work").iterdir()] == [
        f"pipelines-{record.id}-A"
    ]


def test_the_example_in_the_documentation_is_true() -> None:
    import doctest

    from localsage import service

    assert doctest.testmod(service) == (0, 5)
