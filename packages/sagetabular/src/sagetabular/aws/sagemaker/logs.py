"""What the jobs of an execution have printed, in CloudWatch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.aws.refusals import code_of, explained
from sagetabular.aws.sagemaker.trials import trials_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.aws.sagemaker.executions import ExecutionStep

_GROUPS = {
    "ProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "TrainingJob": "/aws/sagemaker/TrainingJobs",
    "TransformJob": "/aws/sagemaker/TransformJobs",
}


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
