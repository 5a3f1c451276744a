"""Executions in SageMaker: started, looked at, stopped."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.aws.errors import explained
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

RUNNING = ("Executing", "Stopping")


@dataclass(frozen=True)
class ExecutionStep:
    """A step, and what became of it.

    Attributes:
        name: Its name.
        kind: Of what it made (`TrainingJob`, `Fail`, …); nothing while it is not known.
        status: In SageMaker's words.
        reason: Why it failed.
        resource: ARN of what it made.
        outcome: Of a condition.
        reused_from: ARN of the earlier execution whose result was taken, if one was.
        start: When it started.
        end: When it ended.
    """

    name: str
    kind: str
    status: str
    reason: str
    resource: str
    outcome: str
    reused_from: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class Execution:
    """An execution: the last part of its ARN is its identifier."""

    arn: str
    status: str
    reason: str
    start: datetime | None
    end: datetime | None

    @property
    def id(self) -> str:
        """Its identifier."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def runs(self) -> bool:
        """True until it has come to an end."""
        return self.status in RUNNING


class Executions:
    """The executions of one pipeline.

    Args:
        client: A boto3 client of the service `sagemaker`.
        pipeline: Name of the pipeline.
    """

    def __init__(self, client: Any, pipeline: str) -> None:
        self._client = client
        self._pipeline = pipeline

    def start(self, parameters: Mapping[str, str], description: str) -> str:
        """Start one and return its ARN.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        with explained("SageMaker", "StartPipelineExecution"):
            answer = self._client.start_pipeline_execution(
                PipelineName=self._pipeline,
                PipelineExecutionDescription=description,
                PipelineParameters=[{"Name": n, "Value": v} for n, v in parameters.items()],
                # One per call: botocore's repeats of it cannot start a second execution.
                ClientRequestToken=str(uuid.uuid4()),
            )
        return str(answer["PipelineExecutionArn"])

    def all(self) -> Iterator[Execution]:
        """Yield them, newest first.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        with explained("SageMaker", f"ListPipelineExecutions of {self._pipeline}"):
            pages = self._client.get_paginator("list_pipeline_executions").paginate(
                PipelineName=self._pipeline, SortBy="CreationTime", SortOrder="Descending"
            )
            for page in pages:
                for entry in page["PipelineExecutionSummaries"]:
                    yield Execution(
                        arn=entry["PipelineExecutionArn"],
                        status=entry["PipelineExecutionStatus"],
                        reason=entry.get("PipelineExecutionFailureReason", ""),
                        start=entry.get("StartTime"),
                        end=None,
                    )

    def find(self, identifier: str) -> Execution:
        """Return the execution that an identifier, or the beginning of one, means.

        Raises:
            UserError: None, or more than one; or AWS refuses.
        """
        found = [execution for execution in self.all() if execution.id.startswith(identifier)]
        exact = [execution for execution in found if execution.id == identifier]
        if len(exact or found) == 1:
            return self.describe((exact or found)[0].arn)
        msg = f"One execution of {self._pipeline} must be called {identifier}, got {len(found)}."
        raise UserError(msg, "See `pipeline executions --on aws`.")

    def latest(self) -> Execution:
        """Return the one that was started last.

        Raises:
            UserError: None has been; or AWS refuses.
        """
        newest = next(self.all(), None)
        if newest is None:
            msg = f"{self._pipeline} has no execution on AWS."
            raise UserError(msg, "Start one with `pipeline run --on aws`.")
        return self.describe(newest.arn)

    def describe(self, arn: str) -> Execution:
        """Return how an execution stands.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        with explained("SageMaker", "DescribePipelineExecution"):
            answer = self._client.describe_pipeline_execution(PipelineExecutionArn=arn)
        status = answer["PipelineExecutionStatus"]
        return Execution(
            arn=arn,
            status=status,
            reason=answer.get("FailureReason", ""),
            start=answer.get("CreationTime"),
            end=None if status in RUNNING else answer.get("LastModifiedTime"),
        )

    def parameters(self, arn: str) -> dict[str, str]:
        """Return the values that an execution was started with.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        with explained("SageMaker", "ListPipelineParametersForExecution"):
            paginator = self._client.get_paginator("list_pipeline_parameters_for_execution")
            pages = list(paginator.paginate(PipelineExecutionArn=arn))
        return {
            entry["Name"]: entry["Value"] for page in pages for entry in page["PipelineParameters"]
        }

    def steps(self, arn: str) -> list[ExecutionStep]:
        """Return the steps of an execution that have started, in that order.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        with explained("SageMaker", "ListPipelineExecutionSteps"):
            paginator = self._client.get_paginator("list_pipeline_execution_steps")
            pages = list(paginator.paginate(PipelineExecutionArn=arn, SortOrder="Ascending"))
        return [_step(entry) for page in pages for entry in page["PipelineExecutionSteps"]]

    def stop(self, arn: str) -> None:
        """Ask for the end of an execution; its jobs are stopped.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        with explained("SageMaker", "StopPipelineExecution"):
            self._client.stop_pipeline_execution(
                PipelineExecutionArn=arn, ClientRequestToken=str(uuid.uuid4())
            )


def first_failure(steps: Sequence[ExecutionStep]) -> ExecutionStep | None:
    """Return the failed step that ended first: the others may have followed from it."""
    failed = [step for step in steps if step.status == "Failed"]
    known = [step for step in failed if step.end]
    return min(known, key=lambda step: str(step.end)) if known else next(iter(failed), None)


def _step(entry: Mapping[str, Any]) -> ExecutionStep:
    reused = entry.get("CacheHitResult") or entry.get("SelectiveExecutionResult") or {}
    ((kind, made),) = list(entry.get("Metadata", {}).items())[:1] or [("", {})]
    return ExecutionStep(
        name=entry["StepName"],
        kind=kind,
        status=entry["StepStatus"],
        reason=entry.get("FailureReason", "") or made.get("ErrorMessage", ""),
        resource=made.get("Arn", ""),
        outcome=made.get("Outcome", ""),
        reused_from=reused.get("SourcePipelineExecutionArn", ""),
        start=entry.get("StartTime"),
        end=entry.get("EndTime"),
    )
