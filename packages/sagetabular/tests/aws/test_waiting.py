from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from sagetabular.aws.sagemaker.executions import Executions
from sagetabular.aws.waiting import LONGEST, SHORTEST, Waiting
from sagetabular.errors import UserError

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/p/execution/abcdefghijkl"


class Wait:
    """A waiting without time, and what it said and did."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.pauses: list[float] = []
        self.connections = 0

    def connect(self):
        self.connections += 1
        return Executions(boto3.client("sagemaker"), "p")

    def until_ended(self):
        return Waiting(self.connect, self.said.append, self.pauses.append).until_ended(ARN)


def look(aws, status, **steps):
    answer = {"PipelineExecutionArn": ARN, "PipelineExecutionStatus": status}
    aws.answer("sagemaker", "describe_pipeline_execution", answer)
    entries = [{"StepName": name, "StepStatus": value} for name, value in steps.items()]
    aws.answer("sagemaker", "list_pipeline_execution_steps", {"PipelineExecutionSteps": entries})


def test_however_long_it_takes_it_is_waited_for_with_longer_pauses(aws):
    wait = Wait()
    for _ in range(500):
        look(aws, "Executing", Ingest="Executing")
    look(aws, "Succeeded", Ingest="Succeeded")
    assert wait.until_ended().status == "Succeeded"
    assert wait.said == ["Ingest executing", "Ingest succeeded"]
    assert wait.pauses[:3] == [SHORTEST, SHORTEST * 1.5, SHORTEST * 1.5**2]
    assert set(wait.pauses[10:]) == {LONGEST}
    assert len(wait.pauses) == 500


def test_a_step_that_moves_makes_the_pauses_short_again(aws):
    wait = Wait()
    for status in ("Starting", "Starting", "Starting", "Executing"):
        look(aws, "Executing", Ingest=status)
    look(aws, "Stopping", Ingest="Stopping")
    look(aws, "Stopped", Ingest="Stopped")
    assert wait.until_ended().status == "Stopped"
    assert wait.pauses == [5.0, 7.5, 11.25, 5.0, 5.0]


@pytest.mark.parametrize(
    ("code", "status"),
    [("ThrottlingException", 400), ("InternalFailure", 500), ("Whatever", 503)],
)
def test_a_look_that_fails_in_passing_is_repeated(aws, code, status):
    wait = Wait()
    look(aws, "Executing")
    for _ in range(20):
        aws.refuse("sagemaker", "describe_pipeline_execution", code, status=status)
    look(aws, "Succeeded")
    assert wait.until_ended().status == "Succeeded"
    assert code in wait.said[0] and "Looking again" in wait.said[0]
    assert wait.connections == 1


def test_after_credentials_have_expired_others_are_looked_for(aws):
    wait = Wait()
    aws.refuse("sagemaker", "describe_pipeline_execution", "ExpiredTokenException")
    look(aws, "Succeeded")
    assert wait.until_ended().status == "Succeeded"
    assert wait.connections == 2
    assert "AWS credentials must be valid" in wait.said[0]


def test_a_connection_that_breaks_is_made_again(aws, clients_of_services):
    broken = [EndpointConnectionError(endpoint_url="x") for _ in range(2)]

    def break_off(**_asked):
        if broken:
            raise broken.pop()

    wait, events = Wait(), clients_of_services["sagemaker"].meta.events
    events.register("provide-client-params.sagemaker.DescribePipelineExecution", break_off)
    look(aws, "Failed")
    assert wait.until_ended().status == "Failed"
    assert broken == []
    assert len(wait.said) >= 2


def test_a_refusal_that_will_not_pass_ends_the_waiting(aws):
    aws.refuse("sagemaker", "describe_pipeline_execution", "AccessDeniedException", "may not")
    with pytest.raises(UserError, match="SageMaker refused DescribePipelineExecution"):
        Wait().until_ended()
