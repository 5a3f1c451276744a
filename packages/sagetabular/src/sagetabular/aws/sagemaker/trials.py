"""The training jobs that a hyperparameter tuning job has started."""

from __future__ import annotations

from typing import Any

from sagetabular.aws.refusals import explained


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
