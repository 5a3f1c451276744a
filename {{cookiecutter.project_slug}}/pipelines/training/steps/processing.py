"""What all Processing requests share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.training.steps.job import Context

ROOT = "/opt/ml/processing"


@dataclass(frozen=True)
class ProcessingJob:
    """One Processing job of ours.

    Attributes:
        module: Name of the module below `pipelines.training.jobs`.
        image: URI of the image, or a reference to it.
        code: S3 URI of the code tree.
        arguments: Command-line arguments.
        inputs: Name → S3 URI, mounted at `input/<name>`.
        outputs: Name → S3 URI, published from `output/<name>`.
        environment: Further environment variables.
        isolated: Whether the container is cut off from the network.
    """

    module: str
    image: Any
    code: Any
    arguments: list[Any]
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    environment: dict[str, Any] = field(default_factory=dict)
    isolated: bool = True

    def request(self, context: Context) -> dict[str, Any]:
        """The CreateProcessingJob request."""
        return {
            "AppSpecification": {
                "ImageUri": self.image,
                "ContainerEntrypoint": ["python3", "-m", f"pipelines.training.jobs.{self.module}"],
                **({"ContainerArguments": self.arguments} if self.arguments else {}),
            },
            "Environment": {"PYTHONPATH": f"{ROOT}/input/code", **self.environment},
            "ProcessingInputs": [
                _input(name, uri) for name, uri in {"code": self.code, **self.inputs}.items()
            ],
            **self._outputs(),
            "NetworkConfig": {"EnableNetworkIsolation": self.isolated},
            "RoleArn": context.parameters.role,
            **_resources(context),
        }

    def _outputs(self) -> dict[str, Any]:
        outputs = [_output(name, uri) for name, uri in self.outputs.items()]
        return {"ProcessingOutputConfig": {"Outputs": outputs}} if outputs else {}


def _resources(context: Context) -> dict[str, Any]:
    job = context.settings.pipeline.resources.processing
    cluster = {
        "InstanceCount": 1,
        "InstanceType": context.parameters.processing_instance,
        "VolumeSizeInGB": job.volume_gb,
    }
    return {
        "ProcessingResources": {"ClusterConfig": cluster},
        "StoppingCondition": {"MaxRuntimeInSeconds": job.max_minutes * 60},
    }


def _input(name: str, uri: Any) -> dict[str, Any]:
    source = {
        "S3Uri": uri,
        "LocalPath": f"{ROOT}/input/{name}",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    return {"InputName": name, "S3Input": source}


def _output(name: str, uri: Any) -> dict[str, Any]:
    target = {"S3Uri": uri, "LocalPath": f"{ROOT}/output/{name}", "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "S3Output": target}
