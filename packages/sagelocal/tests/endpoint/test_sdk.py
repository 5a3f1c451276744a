"""The SageMaker SDK, unchanged: upsert, start, wait, list_steps."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from botocore.exceptions import WaiterError
from building import ROLE, Build
from clients import REGION
from small_steps import WRITE
from waiting import wait_until

from sagelocal.endpoint import Endpoint

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("sagemaker") is None, reason="the SDK is not installed"),
]
CONFIGURATION = """
SchemaVersion: "1.0"
SageMaker: {PythonSDK: {Modules: {TelemetryOptOut: true}}}
"""


@pytest.fixture
def session(endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a session of the SDK that reaches the endpoint, and nobody else."""
    (tmp_path / "config.yaml").write_text(CONFIGURATION)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_ENDPOINT_URL_SAGEMAKER": endpoint.url,
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(tmp_path / "config.yaml"),
        "SAGEMAKER_VALIDATE_ROLE": "false",  # else it asks IAM about the role
    }.items():
        monkeypatch.setenv(name, value)
    from sagemaker.core.workflow.pipeline_context import PipelineSession

    return PipelineSession(default_bucket="bucket")


def test_the_sdk_runs_a_pipeline(session, build: Build) -> None:
    from sagemaker.core.processing import Processor
    from sagemaker.core.shapes import ProcessingOutput, ProcessingS3Output
    from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
    from sagemaker.core.workflow.functions import JsonGet
    from sagemaker.core.workflow.parameters import ParameterString
    from sagemaker.core.workflow.properties import PropertyFile
    from sagemaker.mlops.workflow.condition_step import ConditionStep
    from sagemaker.mlops.workflow.fail_step import FailStep
    from sagemaker.mlops.workflow.pipeline import Pipeline
    from sagemaker.mlops.workflow.steps import ProcessingStep

    rows = ParameterString(name="Rows", default_value="[10]")
    processor = Processor(
        role=ROLE,
        image_uri="any",
        instance_count=1,
        instance_type="ml.m5.large",
        entrypoint=["python3", "-c", WRITE],
        sagemaker_session=session,
    )
    place = ProcessingS3Output(
        s3_uri="s3://bucket/out",
        local_path="/opt/ml/processing/output/result",
        s3_upload_mode="EndOfJob",
    )
    asked = processor.run(
        outputs=[ProcessingOutput(output_name="result", s3_output=place)],
        arguments=["n.json", rows],
    )
    counted = PropertyFile(name="Counted", output_name="result", path="n.json")
    count = ProcessingStep(name="Count", step_args=asked, property_files=[counted])
    found = JsonGet(step_name="Count", property_file=counted, json_path="[0]")
    enough = ConditionStep(
        name="Enough",
        conditions=[ConditionGreaterThanOrEqualTo(left=found, right=5)],
        if_steps=[],
        else_steps=[FailStep(name="Stop", error_message="Too few rows.")],
    )
    pipeline = Pipeline("sdk", parameters=[rows], steps=[count, enough], sagemaker_session=session)
    for _ in range(2):  # created, then updated
        arn = pipeline.upsert(role_arn=ROLE, tags=[{"Key": "a", "Value": "b"}])["PipelineArn"]
    assert arn == f"arn:aws:sagemaker:{REGION}:000000000000:pipeline/sdk"
    execution = pipeline.start(execution_display_name="mine")
    execution.wait(delay=1, max_attempts=60)
    assert execution.describe()["PipelineExecutionStatus"] == "Succeeded"
    steps = {step["StepName"]: step["StepStatus"] for step in execution.list_steps()}
    assert steps == {"Count": "Succeeded", "Enough": "Succeeded"}
    execution = pipeline.start(parameters={"Rows": "[3]"})
    with pytest.raises(WaiterError, match="terminal failure state"):
        execution.wait(delay=1, max_attempts=60)
    assert execution.list_steps()[0]["FailureReason"] == "Too few rows."
    assert len(pipeline.list_executions()["PipelineExecutionSummaries"]) == 2
    endless = [ProcessingStep(name="Sleep", step_args=sleeping(processor))]
    other = Pipeline("other", steps=endless, sagemaker_session=session)
    other.upsert(role_arn=ROLE)
    execution = other.start()
    execution.stop()
    # `wait` waits for success or failure alone.
    assert wait_until(lambda: execution.describe()["PipelineExecutionStatus"] == "Stopped")
    pipeline.delete()


def sleeping(processor):
    """Return what a job asks for that ends when it is stopped."""
    processor.entrypoint = ["python3", "-c", "import time; time.sleep(600)"]
    return processor.run()
