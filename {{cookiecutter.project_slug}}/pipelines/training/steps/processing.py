"""What all Processing requests share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.training.steps.inputs import Source

if TYPE_CHECKING:
    from pipelines.training.settings.steps import ProcessingJob as Settings
    from pipelines.training.steps.job import Context

ROOT = "/opt/ml/processing"


@dataclass(frozen=True)
class ProcessingJob:
    """One Processing job of ours.

    Attributes:
        module: Name of the module that runs, below `package`.
        image: URI of the image, or a reference to it.
        code: S3 URI of the code tree.
        arguments: Command-line arguments.
        inputs: Name → S3 URI or source, mounted at `input/<name>`.
        outputs: Name → S3 URI, published from `output/<name>`.
        environment: Further environment variables.
        isolated: Whether the container is cut off from the network.
        package: Where the module is.
        settings: Those of a model's step, which count more than the project's `resources`.
    """

    module: str
    image: Any
    code: Any
    arguments: list[Any]
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    environment: dict[str, Any] = field(default_factory=dict)
    isolated: bool = True
    package: str = "pipelines.training.jobs"
    settings: Settings | None = None

    def request(self, context: Context) -> dict[str, Any]:
        """The CreateProcessingJob request."""
        return {
            "AppSpecification": {
                "ImageUri": self.image,
                "ContainerEntrypoint": ["python3", "-m", f"{self.package}.{self.module}"],
                **({"ContainerArguments": self.arguments} if self.arguments else {}),
            },
            "Environment": {
                "PYTHONPATH": f"{ROOT}/input/code",
                **self.environment,
                **(self.settings.environment if self.settings else {}),
            },
            "ProcessingInputs": [
                _input(name, uri) for name, uri in {"code": self.code, **self.inputs}.items()
            ],
            **self._outputs(),
            "NetworkConfig": {"EnableNetworkIsolation": self.isolated},
            "RoleArn": context.parameters.role,
            **_resources(context, self.settings),
        }

    def _outputs(self) -> dict[str, Any]:
        upload = getattr(self.settings, "upload", "EndOfJob")
        outputs = [_output(name, uri, upload) for name, uri in self.outputs.items()]
        return {"ProcessingOutputConfig": {"Outputs": outputs}} if outputs else {}


def _resources(context: Context, settings: Settings | None) -> dict[str, Any]:
    job = context.settings.pipeline.resources.processing
    own = {name: value for name, value in settings or () if value is not None}
    cluster = {
        "InstanceCount": own.get("instance_count", 1),
        "InstanceType": own.get("instance_type", context.parameters.processing_instance),
        "VolumeSizeInGB": own.get("volume_gb", job.volume_gb),
    }
    return {
        "ProcessingResources": {"ClusterConfig": cluster},
        "StoppingCondition": {"MaxRuntimeInSeconds": own.get("max_minutes", job.max_minutes) * 60},
    }


def _input(name: str, source: Any) -> dict[str, Any]:
    mounted = source if isinstance(source, Source) else Source(source)
    return mounted.mounted(name, f"{ROOT}/input")


def _output(name: str, uri: Any, upload: str) -> dict[str, Any]:
    target = {"S3Uri": uri, "LocalPath": f"{ROOT}/output/{name}", "S3UploadMode": upload}
    return {"OutputName": name, "S3Output": target}
