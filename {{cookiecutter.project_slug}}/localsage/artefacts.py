"""What a finished step left in S3."""

from __future__ import annotations

from localsage.execution import StepRecord
from localsage.files import JsonObject


def result_addresses(record: StepRecord) -> list[str]:
    """Return the addresses that later steps may read, of a step that succeeded.

    For a tuning step these are the models of all trials that completed.
    """
    response = record.response or {}
    if record.kind == "Processing":
        outputs = response.get("ProcessingOutputConfig", {}).get("Outputs", [])
        return [output["S3Output"]["S3Uri"] for output in outputs]
    if record.kind == "Training":
        return [response["ModelArtifacts"]["S3ModelArtifacts"]]
    if record.kind == "Tuning":
        return [
            model_address(response["TrainingJobDefinition"], trial["TrainingJobName"])
            for trial in response["TrainingJobSummaries"]
            if trial["TrainingJobStatus"] == "Completed"
        ]
    return []


def model_address(request: JsonObject, name: str) -> str:
    """Return where the training job `name` stores its model."""
    return f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{name}/output/model.tar.gz"
