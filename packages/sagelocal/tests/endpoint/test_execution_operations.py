"""Executions: started, watched and stopped by a client of AWS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from building import BUCKET, ROLE, Build
from clients import condition, connect, connect_to, ended, fail, refused
from small_steps import WRITE, after, joined
from waiting import wait_until

from sagelocal import LocalSageMaker
from sagelocal.endpoint import Endpoint

SLEEP = "import time; time.sleep(60)"
ROWS = {"Name": "Rows", "Type": "Integer", "DefaultValue": 10}
GET_ROWS = {"Get": "Parameters.Rows"}


def steps_of(client, arn: str) -> dict[str, dict]:
    found = client.list_pipeline_execution_steps(PipelineExecutionArn=arn)
    return {step["StepName"]: step for step in found["PipelineExecutionSteps"]}


def test_an_execution_and_its_steps_are_described(client, create, run, build: Build) -> None:
    count = build.processing(
        "Count", WRITE, "n.json", joined("[", GET_ROWS, "]"), outputs={"result": f"{BUCKET}/out"}
    )
    create(
        {**count, "DisplayName": "Rows", "Description": "Counts"},
        {**condition("Enough", GET_ROWS, 5, ElseSteps=[fail()]), **after("Count")},
        declared=[ROWS],
    )
    found = run(
        PipelineExecutionDisplayName="mine",
        PipelineExecutionDescription="few rows",
        PipelineParameters=[{"Name": "Rows", "Value": "3"}],
    )
    arn = found["PipelineExecutionArn"]
    assert arn.startswith("arn:aws:sagemaker:eu-west-1:000000000000:pipeline/demo/execution/")
    assert found["PipelineArn"] == arn.partition("/execution/")[0]
    assert found["PipelineExecutionDisplayName"] == "mine"
    assert found["PipelineExecutionDescription"] == "few rows"
    assert found["PipelineExecutionStatus"] == "Failed"
    # What AWS answers too, whichever step failed; the steps say why.
    assert found["FailureReason"] == "Step failure: One or multiple steps failed."
    steps = steps_of(client, arn)
    assert [*steps] == ["Stop", "Enough", "Count"], "the latest first"
    assert {name: step["StepStatus"] for name, step in steps.items()} == {
        "Count": "Succeeded",
        "Enough": "Succeeded",
        "Stop": "Failed",
    }
    job = f"pipelines-{arn.rpartition('/')[2]}-Count"
    job_arn = f"arn:aws:sagemaker:eu-west-1:000000000000:processing-job/{job}"
    assert steps["Count"]["Metadata"] == {"ProcessingJob": {"Arn": job_arn}}
    assert steps["Count"]["StepDisplayName"] == "Rows"
    assert steps["Count"]["StepDescription"] == "Counts"
    assert steps["Enough"]["Metadata"] == {"Condition": {"Outcome": "False"}}
    assert steps["Stop"]["Metadata"] == {"Fail": {"ErrorMessage": "enough"}}
    assert steps["Stop"]["FailureReason"] == "enough"
    assert all(step["StartTime"] <= step["EndTime"] for step in steps.values())
    parameters = client.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
    assert parameters["PipelineParameters"] == [{"Name": "Rows", "Value": "3"}]
    text = client.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    assert (
        text["PipelineDefinition"]
        == client.describe_pipeline(PipelineName="demo")["PipelineDefinition"]
    )
    described = client.describe_processing_job(ProcessingJobName=job)
    assert (described["ProcessingJobArn"], described["ProcessingJobStatus"]) == (
        job_arn,
        "Completed",
    )
    assert "LastRunTime" in client.describe_pipeline(PipelineName="demo")


def test_to_start_does_not_wait_and_to_stop_ends_the_jobs(client, create, build: Build) -> None:
    create(build.processing("Sleep", SLEEP), build.processing("Next", step=after("Sleep")))
    began = time.monotonic()
    arn = client.start_pipeline_execution(PipelineName="demo")["PipelineExecutionArn"]
    described = client.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["PipelineExecutionStatus"] == "Executing"
    wait_until(lambda: steps_of(client, arn).get("Sleep", {}).get("Metadata"))
    job = steps_of(client, arn)["Sleep"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    status = client.describe_processing_job(ProcessingJobName=job)["ProcessingJobStatus"]
    assert status == "InProgress"
    for _ in range(2):
        client.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert ended(client, arn)["PipelineExecutionStatus"] == "Stopped"
    assert time.monotonic() - began < 50, "the job has been waited for"
    assert {name: step["StepStatus"] for name, step in steps_of(client, arn).items()} == {
        "Sleep": "Stopped"
    }
    status = client.describe_processing_job(ProcessingJobName=job)["ProcessingJobStatus"]
    assert status == "Stopped"
    with refused("ConflictException", "its status is Stopped"):
        client.stop_pipeline_execution(PipelineExecutionArn=arn)


def test_an_execution_that_waits_for_slots_of_another_can_be_stopped(
    home: Path, build: Build
) -> None:
    with Endpoint(LocalSageMaker(home, slots=1)) as endpoint:
        client = connect(endpoint)
        text = build.definition(build.processing("Sleep", SLEEP)).decode()
        client.create_pipeline(PipelineName="demo", PipelineDefinition=text, RoleArn=ROLE)
        arns = [
            client.start_pipeline_execution(PipelineName="demo")["PipelineExecutionArn"]
            for _ in range(2)
        ]
        logs = [home / "executions" / arn.rpartition("/")[2] / "logs/Sleep" for arn in arns]
        wait_until(lambda: any(log.exists() for log in logs))
        (waiting,) = [arn for arn, log in zip(arns, logs, strict=True) if not log.exists()]
        client.stop_pipeline_execution(PipelineExecutionArn=waiting)
        assert ended(client, waiting)["PipelineExecutionStatus"] == "Stopped"
        others = client.list_pipeline_executions(PipelineName="demo")["PipelineExecutionSummaries"]
        assert sorted(o["PipelineExecutionStatus"] for o in others) == ["Executing", "Stopped"]


def test_a_token_starts_one_execution_also_after_a_restart(
    sagemaker: LocalSageMaker, client, create
) -> None:
    create(fail())
    token = "t" * 40
    with ThreadPoolExecutor(8) as pool:
        started = [
            pool.submit(
                client.start_pipeline_execution, PipelineName="demo", ClientRequestToken=token
            )
            for _ in range(8)
        ]
        (arn,) = {future.result()["PipelineExecutionArn"] for future in started}
    ended(client, arn)
    with Endpoint(LocalSageMaker(sagemaker.home), region="eu-west-1") as other:
        request = {"PipelineName": "demo", "ClientRequestToken": token}
        assert connect(other).start_pipeline_execution(**request)["PipelineExecutionArn"] == arn


def test_a_start_that_was_refused_may_be_tried_again_with_its_token(client, create) -> None:
    create(fail(), declared=[ROWS])
    request = {"PipelineName": "demo", "ClientRequestToken": "t" * 40}
    with refused("ValidationException", "There is no parameter Rwos"):
        client.start_pipeline_execution(
            **request, PipelineParameters=[{"Name": "Rwos", "Value": "1"}]
        )
    with refused("ValidationException", "more than one value"):
        client.start_pipeline_execution(
            **request, PipelineParameters=[{"Name": "Rows", "Value": "1"}] * 2
        )
    assert client.start_pipeline_execution(**request)["PipelineExecutionArn"]


def test_fifty_executions_start_at_once(client, create) -> None:
    create(fail())
    with ThreadPoolExecutor(50) as pool:
        started = [
            pool.submit(client.start_pipeline_execution, PipelineName="demo") for _ in range(50)
        ]
        arns = {future.result()["PipelineExecutionArn"] for future in started}
    assert len(arns) == 50
    for arn in arns:
        assert ended(client, arn)["PipelineExecutionStatus"] == "Failed"


def test_at_most_as_many_steps_run_as_the_execution_allows(
    client, create, run, build: Build, tmp_path: Path
) -> None:
    # A step fails if another one is there between its two looks.
    code = (
        "import os, pathlib, sys, time\n"
        "mark = pathlib.Path(sys.argv[1]); os.mkdir(mark); time.sleep(.2); os.rmdir(mark)\n"
    )
    steps = [build.processing(name, code, str(tmp_path / "mark")) for name in "ABC"]
    create(*steps, ParallelismConfiguration={"MaxParallelExecutionSteps": 50})
    found = run(ParallelismConfiguration={"MaxParallelExecutionSteps": 1})
    assert found["PipelineExecutionStatus"] == "Succeeded"
    assert found["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 1}
    client.update_pipeline(
        PipelineName="demo", ParallelismConfiguration={"MaxParallelExecutionSteps": 1}
    )
    assert run()["PipelineExecutionStatus"] == "Succeeded"


def test_selected_steps_run_and_the_others_are_taken(client, create, run, build: Build) -> None:
    create(build.processing("A"), build.processing("B", step=after("A")), build.processing("C"))
    first = run()["PipelineExecutionArn"]
    chosen = {"SourcePipelineExecutionArn": first, "SelectedSteps": [{"StepName": "B"}]}
    second = run(SelectiveExecutionConfig=chosen)
    assert second["SelectiveExecutionConfig"] == chosen
    steps = steps_of(client, second["PipelineExecutionArn"])
    assert {*steps} == {"A", "B"}
    assert steps["A"]["SelectiveExecutionResult"] == {"SourcePipelineExecutionArn": first}
    assert "SelectiveExecutionResult" not in steps["B"]
    with refused("ValidationException", "There is no step D"):
        run(SelectiveExecutionConfig={"SelectedSteps": [{"StepName": "D"}]})
    with refused("ResourceNotFound", "does not exist"):
        run(SelectiveExecutionConfig={**chosen, "SourcePipelineExecutionArn": f"{first}0"})


def test_a_cached_step_says_whose_result_it_has(client, create, run, build: Build) -> None:
    create(build.processing("A", step={"CacheConfig": {"Enabled": True, "ExpireAfter": "P1D"}}))
    first, second = run(), run()
    cached = steps_of(client, second["PipelineExecutionArn"])["A"]
    assert cached["StepStatus"] == "Succeeded"
    source = {"SourcePipelineExecutionArn": first["PipelineExecutionArn"]}
    assert cached["CacheHitResult"] == source
    assert cached["Metadata"] == steps_of(client, first["PipelineExecutionArn"])["A"]["Metadata"]


def test_jobs_get_the_variables_of_the_endpoint(home: Path, build: Build) -> None:
    code = "import os, sys; sys.exit(os.environ['SERVICE'] != 'there')"
    step = build.processing("Look", code, NetworkConfig={"EnableNetworkIsolation": False})
    with Endpoint(LocalSageMaker(home), environment={"SERVICE": "there"}) as endpoint:
        client = connect(endpoint)
        text = build.definition(step).decode()
        client.create_pipeline(PipelineName="demo", PipelineDefinition=text, RoleArn=ROLE)
        arn = client.start_pipeline_execution(PipelineName="demo")["PipelineExecutionArn"]
        assert ended(client, arn)["PipelineExecutionStatus"] == "Succeeded"


def test_the_end_of_the_endpoint_stops_what_runs(sagemaker: LocalSageMaker, build: Build) -> None:
    with Endpoint(sagemaker) as endpoint:
        client = connect(endpoint)
        text = build.definition(build.processing("Sleep", SLEEP)).decode()
        client.create_pipeline(PipelineName="demo", PipelineDefinition=text, RoleArn=ROLE)
        client.start_pipeline_execution(PipelineName="demo")
    (record,) = sagemaker.executions()
    assert record.status == "Stopped"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows kills otherwise")
def test_an_execution_whose_endpoint_was_killed_is_stopped_for_the_next(
    home: Path, build: Build, events
) -> None:
    words = [sys.executable, "-m", "sagelocal", "serve", "--home", str(home)]
    path = os.pathsep.join(filter(None, sys.path))
    environment = {**os.environ, "PYTHONPATH": path}
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
    with server:
        assert server.stdout is not None
        client = connect_to(server.stdout.readline().strip())
        text = build.definition(build.processing("Sleep", SLEEP)).decode()
        client.create_pipeline(PipelineName="demo", PipelineDefinition=text, RoleArn=ROLE)
        arn = client.start_pipeline_execution(PipelineName="demo")["PipelineExecutionArn"]
        wait_until(lambda: steps_of(client, arn))
        server.kill()
    for _ in range(2):
        with Endpoint(LocalSageMaker(home), events=events.url) as endpoint:
            client = connect(endpoint)
            found = client.describe_pipeline_execution(PipelineExecutionArn=arn)
            assert found["PipelineExecutionStatus"] == "Stopped"
            assert "ended before the execution did" in found["FailureReason"]
            assert steps_of(client, arn)["Sleep"]["StepStatus"] == "Stopped"
    (said,) = [json.loads(event["Detail"]) for event in events.entries()]
    assert said["currentPipelineExecutionStatus"] == "Stopped", "said once, by the first of them"
    assert said["executionEndTime"]
