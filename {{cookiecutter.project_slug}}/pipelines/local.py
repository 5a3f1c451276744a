"""Run the compiled definition here, and supply what the account supplies on AWS."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING

from localsage import ImageProgram, LocalSageMaker, Reuse, ServeCommand
from pipelines.local_data import BUCKET, find_data
from pipelines.project import MARKER
from pipelines.revision import commit_of
from pipelines.tracking.local_store import LocalStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localsage import ExecutionRecord, Listener
    from pipelines.local_data import Origin
    from pipelines.project import Project
    from pipelines.training.compilation import Compiled

# The value of TrackingUri that stands for the store of this project; its address is the machine's.
TRACKING = "local"
ROLE = "arn:aws:iam::000000000000:role/local"
_REUSE = Reuse()
# Whose versions decide what a job computes.
_JOB_LIBRARIES = (
    *("numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "skops"),
    *("xgboost-cpu" if sys.platform == "linux" else "xgboost", "duckdb", "sqlglot", "optuna"),
)


def start(
    project: Project,
    compiled: Compiled,
    overrides: Mapping[str, str],
    listener: Listener,
    reuse: Reuse = _REUSE,
) -> ExecutionRecord:
    """Put the assets into the local S3, then run the definition; blocks until it has ended.

    Args:
        project: The project.
        compiled: Its definition and assets.
        overrides: Pipeline parameters, as text.
        listener: Hears of every step and trial.
        reuse: What it takes from earlier executions, and which steps run; the token of Ingest is
            added here.

    Raises:
        UserError: There is nothing to read, or a parameter's value does not fit.
        ParameterError: A parameter is unknown or its value is not of its type.
        SelectionError: The selected steps cannot run.
    """
    origin = find_data(project, overrides)
    sagemaker = _sagemaker(project)
    parameters = account_parameters(project, compiled, overrides) | dict(overrides)
    parameters |= origin.parameters(sagemaker)
    values = sagemaker.effective_parameters(compiled.definition, parameters)
    if overrides:  # with the defaults the definition has been checked already
        from pipelines.training.compilation import check_values

        check_values(project.settings, compiled, values)
    _put_assets(sagemaker, compiled, f"s3://{values['Bucket']}/{values['Prefix']}/")
    return sagemaker.start(
        compiled.definition,
        pipeline_name=project.settings.pipeline.name,
        parameters=parameters,
        host_environment=_host_environment(project, values),
        metadata={"data": origin.title},
        listener=listener,
        reuse=replace(reuse, tokens=_tokens(origin)),
    )


def resume(project: Project, identifier: str, listener: Listener) -> ExecutionRecord:
    """Continue an execution that did not come to its end; blocks until it has ended.

    Args:
        project: The project.
        identifier: The execution, or an unmistakable beginning of its identifier.
        listener: Hears of every step and trial.

    Raises:
        ExecutionNotFoundError: There is none, or more than one.
        ExecutionStateError: It runs, or has succeeded.
        UserError: There is nothing to read any more.
    """
    sagemaker = _sagemaker(project)
    parameters = sagemaker.execution(identifier).parameters
    return sagemaker.resume(
        identifier,
        host_environment=_host_environment(project, parameters),
        listener=listener,
        tokens=_tokens(find_data(project, parameters)),
    )


def _sagemaker(project: Project) -> LocalSageMaker:
    return LocalSageMaker(project.home, serve=_serve(project), programs=_programs(project))


def _serve(project: Project) -> ServeCommand:
    """The image's `serve`: the image is built from the project, its models included."""
    environment = {
        "PYTHONPATH": str(project.root),
        "MODEL_SERVER_HOST": "127.0.0.1",
        "MODEL_SERVER_WORKERS": "1",
    }
    return ServeCommand(("python", "-m", "pipelines.serving"), environment)


def _programs(project: Project) -> dict[str, ImageProgram]:
    """What stands for the programs of AWS's own images."""
    wrangler = ("python", "-m", "pipelines.training.jobs.data_wrangler")
    environment = {"PYTHONPATH": str(project.root)}
    return {"sagemaker-data-wrangler-container": ImageProgram(wrangler, environment)}


def _tokens(origin: Origin) -> dict[str, str]:
    """What Ingest's request does not show: it is reused while the table's content is the same."""
    return {"Ingest": origin.sha256}


def _host_environment(project: Project, parameters: Mapping[str, object]) -> dict[str, str]:
    """Where the jobs find what stands for the account's services."""
    found = {"LAKE_URI": project.lake.as_uri()}
    # Without this parameter it is SageMaker Experiments, which has no counterpart here, or nothing.
    if parameters.get("TrackingUri", TRACKING) == TRACKING:
        found["MLFLOW_TRACKING_URI"] = tracking_store(project).uri
    return found


def tracking_store(project: Project) -> LocalStore:
    """Return where the executions of this machine are logged."""
    return LocalStore(project.home / "mlflow")


def account_parameters(
    project: Project, compiled: Compiled, overrides: Mapping[str, str]
) -> dict[str, str]:
    """Values of the declared parameters that have no default, as this machine supplies them."""
    bucket = overrides.get("Bucket", BUCKET)
    prefix = overrides.get("Prefix", project.settings.pipeline.name)
    image = f"local/{project.settings.pipeline.name}"
    tag = _environment_tag()
    values = {
        "RoleArn": ROLE,
        "Bucket": bucket,
        "ImageUri": f"{image}:{tag}",
        "JobsImageUri": f"{image}-jobs:{tag}",
        "Commit": commit_of(project.root, MARKER),
        "TrackingUri": TRACKING,
    }
    if compiled.assets.query:
        values["QueryUri"] = f"s3://{bucket}/{prefix}/{compiled.assets.query.key}"
    # Networks and keys have no counterpart here, and change no result.
    ids = dict.fromkeys(project.settings.aws.ids, "local")
    declared = {entry["Name"] for entry in json.loads(compiled.definition)["Parameters"]}
    return {name: value for name, value in {**ids, **values}.items() if name in declared}


def _put_assets(sagemaker: LocalSageMaker, compiled: Compiled, root: str) -> None:
    for key, content in compiled.assets.objects().items():
        if not sagemaker.storage.exists(root + key):
            sagemaker.storage.put_bytes(root + key, content)


def _environment_tag() -> str:
    """What stands for an image's tag: a hash of the versions that the jobs run with here.

    It is part of the step cache's key, so other versions do the work again.
    """
    installed = (f"{name} {metadata.version(name)}" for name in _JOB_LIBRARIES)
    versions = "\n".join([platform.python_version(), *installed])
    return hashlib.sha256(versions.encode()).hexdigest()[:12]
