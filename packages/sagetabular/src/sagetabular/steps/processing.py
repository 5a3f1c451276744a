"""Processing requests: the parts that all of them share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagetabular.assets.programs import check_program
from sagetabular.errors import UserError
from sagetabular.settings.models.steps import Process, ProcessingSettings
from sagetabular.steps.inputs import Source

if TYPE_CHECKING:
    from sagetabular.steps.context import Context

ROOT = "/opt/ml/processing"


@dataclass(frozen=True)
class Program:
    """A Python module that a Processing job runs, and the S3 URI of the code that it reaches."""

    module: str
    code: Any


def job_program(context: Context, job: str, own: str | None = None) -> Program:
    """Return a job of this package, or the program of the project that replaces it.

    Args:
        context: The project.
        job: Name of the module below `sagetabular/jobs/`.
        own: Name of the module below the project's `pipelines/training/`, if one replaces it.

    Raises:
        UserError: The project has no such program.
    """
    if own is not None:
        return own_program(context, own)
    return Program(f"sagetabular.jobs.{job}", context.asset_uri(context.assets.jobs[job].key))


def own_program(context: Context, name: str, model: str | None = None) -> Program:
    """Return a program of the project, with a model's files if it works on one.

    Raises:
        UserError: The project has no such program, or it could not even be imported.
    """
    assets = context.assets
    if name not in assets.own:
        msg = f"pipelines/training/pipeline.py: program must name a module beside it, got {name!r}."
        known, module = ", ".join(sorted(assets.own)) or "none", name.removesuffix(".py")
        remedy = f"Write pipelines/training/{module}.py; there are {known}."
        raise UserError(msg, f"Name it {module!r}." if module in assets.own else remedy)
    asset = assets.own[name] if model is None else assets.own_evaluations[name, model]
    check_program(asset.files)
    return Program(f"pipelines.training.{name}", context.asset_uri(asset.key))


@dataclass(frozen=True)
class ProcessingJob:
    """One Processing job of ours.

    Attributes:
        program: What runs.
        image: URI of the image, or a reference to it.
        arguments: Command-line arguments.
        inputs: Name → S3 URI or source, mounted at `input/<name>`.
        outputs: Name → S3 URI, published from `output/<name>`.
        environment: Further environment variables.
        isolated: Whether the container is cut off from the network.
        settings: Those of a model's step, which count more than the project's `resources`.
    """

    program: Program
    image: Any
    arguments: list[Any]
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    environment: dict[str, Any] = field(default_factory=dict)
    isolated: bool = True
    settings: ProcessingSettings | None = None

    def request(self, context: Context) -> dict[str, Any]:
        """Return the CreateProcessingJob request."""
        return {
            "AppSpecification": {
                "ImageUri": self.image,
                "ContainerEntrypoint": ["python3", "-m", self.program.module],
                **({"ContainerArguments": self.arguments} if self.arguments else {}),
            },
            "Environment": {
                "PYTHONPATH": f"{ROOT}/input/code",
                **self.environment,
                **(self.settings.environment if self.settings else {}),
            },
            "ProcessingInputs": [
                _input(name, uri)
                for name, uri in {"code": self.program.code, **self.inputs}.items()
            ],
            **self._outputs(),
            "NetworkConfig": {"EnableNetworkIsolation": self.isolated},
            "RoleArn": context.parameters.role,
            **_resources(context, self.settings),
        }

    def _outputs(self) -> dict[str, Any]:
        upload = self.settings.upload if isinstance(self.settings, Process) else "EndOfJob"
        outputs = [_output(name, uri, upload) for name, uri in self.outputs.items()]
        return {"ProcessingOutputConfig": {"Outputs": outputs}} if outputs else {}


def _resources(context: Context, settings: ProcessingSettings | None) -> dict[str, Any]:
    job, own = context.settings.pipeline.resources.processing, settings or ProcessingSettings()
    cluster = {
        "InstanceCount": own.instance_count if isinstance(own, Process) else 1,
        "InstanceType": own.instance_type or context.parameters.processing_instance,
        "VolumeSizeInGB": own.volume_gb or job.volume_gb,
    }
    minutes = own.max_minutes or job.max_minutes
    return {
        "ProcessingResources": {"ClusterConfig": cluster},
        "StoppingCondition": {"MaxRuntimeInSeconds": minutes * 60},
    }


def _input(name: str, source: Any) -> dict[str, Any]:
    mounted = source if isinstance(source, Source) else Source(source)
    return mounted.mounted(name, f"{ROOT}/input")


def _output(name: str, uri: Any, upload: str) -> dict[str, Any]:
    target = {"S3Uri": uri, "LocalPath": f"{ROOT}/output/{name}", "S3UploadMode": upload}
    return {"OutputName": name, "S3Output": target}
