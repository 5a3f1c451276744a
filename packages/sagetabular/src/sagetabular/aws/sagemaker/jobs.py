"""The jobs that an execution has started: trials, descriptions and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.aws.errors import code_of, explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagetabular.aws.sagemaker.executions import ExecutionStep

_GROUPS = {
    "ProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "TrainingJob": "/aws/sagemaker/TrainingJobs",
    "TransformJob": "/aws/sagemaker/TransformJobs",
}


def trials_of(client: Any, tuning_job: str) -> list[dict[str, Any]]:
    """Return SageMaker's summaries of all trials of a search, oldest first.

    Args:
        client: A boto3 client of the service `sagemaker`.
        tuning_job: Its name.

    Raises:
        UserError: AWS refuses, or cannot be reached.
    """
    with explained("SageMaker", "ListTrainingJobsForHyperParameterTuningJob"):
        paginator = client.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
        pages = paginator.paginate(
            HyperParameterTuningJobName=tuning_job, SortBy="CreationTime", SortOrder="Ascending"
        )
        return [job for page in pages for job in page["TrainingJobSummaries"]]


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
    """Return how long a trial took; 0 for one that has not begun or not ended."""
    begin, end = trial.get("TrainingStartTime"), trial.get("TrainingEndTime")
    return (end - begin).total_seconds() if begin and end else 0.0


class Logs:
    """The logs of an account in one region.

    Args:
        sagemaker: A boto3 client of the service `sagemaker`.
        logs: A boto3 client of the service `logs`.
    """

    def __init__(self, sagemaker: Any, logs: Any) -> None:
        self._sagemaker = sagemaker
        self._logs = logs

    def of(self, step: ExecutionStep) -> Iterator[tuple[str, str]]:
        """Yield log stream and line, oldest first; for tuning those of all trials, one by one.

        Nothing for a step that starts no job, or whose job has printed nothing yet.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        name = step.resource.rsplit("/", 1)[-1]
        if step.kind == "TuningJob":
            for trial in trials_of(self._sagemaker, name):
                yield from self._lines(_GROUPS["TrainingJob"], trial["TrainingJobName"])
        elif step.kind in _GROUPS:
            yield from self._lines(_GROUPS[step.kind], name)

    def _lines(self, group: str, job: str) -> Iterator[tuple[str, str]]:
        from botocore.exceptions import ClientError

        with explained("CloudWatch Logs", "FilterLogEvents"):
            try:
                pages = self._logs.get_paginator("filter_log_events").paginate(
                    logGroupName=group, logStreamNamePrefix=f"{job}/"
                )
                for page in pages:
                    for event in page["events"]:
                        yield event["logStreamName"], event["message"]
            except ClientError as err:
                if code_of(err) != "ResourceNotFoundException":
                    raise
