"""What SageMaker tells of the jobs that an execution has started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.aws.refusals import explained
from sagetabular.aws.sagemaker.trials import trials_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.aws.sagemaker.executions import ExecutionStep


class Descriptions:
    """The `Describe…` answers about the results of steps.

    Args:
        client: A boto3 client of the service `sagemaker`.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def of(self, step: ExecutionStep) -> dict[str, Any]:
        """Return what is known of a step's Processing job, search or model package.

        That of a search has all its trials in `TrainingJobSummaries`, oldest first, each with its
        `Seconds`. Nothing for steps of other kinds.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        name = step.resource.rsplit("/", 1)[-1]
        if step.kind == "ProcessingJob":
            with explained("SageMaker", "DescribeProcessingJob"):
                return dict(self._client.describe_processing_job(ProcessingJobName=name))
        if step.kind == "RegisterModel":
            with explained("SageMaker", "DescribeModelPackage"):
                return dict(self._client.describe_model_package(ModelPackageName=step.resource))
        return self._search(name) if step.kind == "TuningJob" else {}

    def definition(self, execution: str) -> bytes:
        """Return the definition that ran as an execution, given by its ARN.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        with explained("SageMaker", "DescribePipelineDefinitionForExecution"):
            answer = self._client.describe_pipeline_definition_for_execution(
                PipelineExecutionArn=execution
            )
        return str(answer["PipelineDefinition"]).encode()

    def _search(self, name: str) -> dict[str, Any]:
        with explained("SageMaker", "DescribeHyperParameterTuningJob"):
            answer = self._client.describe_hyper_parameter_tuning_job(
                HyperParameterTuningJobName=name
            )
        timed = [{**trial, "Seconds": _seconds(trial)} for trial in trials_of(self._client, name)]
        return {**answer, "TrainingJobSummaries": timed}


def _seconds(trial: Mapping[str, Any]) -> float:
    """How long a trial took; nothing for one that has not begun or not ended."""
    begin, end = trial.get("TrainingStartTime"), trial.get("TrainingEndTime")
    return (end - begin).total_seconds() if begin and end else 0.0
