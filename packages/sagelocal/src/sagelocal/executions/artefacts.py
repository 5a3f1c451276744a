"""Artefacts: the objects that a finished step left in S3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sagelocal.definition.graph import Step
from sagelocal.errors import DefinitionError, StorageError
from sagelocal.executions.records import StepRecord
from sagelocal.files import JsonObject
from sagelocal.storage.buckets import Storage


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
    if record.kind == "Transform":
        return [response["TransformOutput"]["S3OutputPath"]]
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


def read_property_file(
    step: Step, name: str, response: Mapping[str, Any], storage: Storage
) -> object:
    """Return the parsed content of a property file of a finished step.

    Raises:
        DefinitionError: If the output does not exist, or the file is absent or not JSON.
    """
    output, path = step.property_files[name]
    outputs = response.get("ProcessingOutputConfig", {}).get("Outputs", [])
    for entry in outputs:
        if entry["OutputName"] == output:
            uri = f"{entry['S3Output']['S3Uri'].rstrip('/')}/{path}"
            try:
                return json.loads(storage.read_bytes(uri))
            except (ValueError, StorageError) as error:
                raise DefinitionError(
                    f"Property file {name} of step {step.name}: {error}"
                ) from error
    raise DefinitionError(f"Property file {name}: step {step.name} has no output {output}.")
