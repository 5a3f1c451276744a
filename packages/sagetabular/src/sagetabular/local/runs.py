"""Run the compiled definition here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sagelocal import ImageProgram, LocalSageMaker, Reuse, ServeCommand
from sagetabular.local.account import account_parameters, host_environment
from sagetabular.local.data import find_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagelocal import ExecutionRecord, Listener
    from sagetabular.compiling.compilation import Compiled
    from sagetabular.local.data import Origin
    from sagetabular.project import Project

_REUSE = Reuse()


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
        from sagetabular.compiling.compilation import check_values

        check_values(project.settings, compiled, values)
    _put_assets(sagemaker, compiled, f"s3://{values['Bucket']}/{values['Prefix']}/")
    return sagemaker.start(
        compiled.definition,
        pipeline_name=project.settings.pipeline.name,
        parameters=parameters,
        host_environment=host_environment(project, values),
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
        host_environment=host_environment(project, parameters),
        listener=listener,
        tokens=_tokens(find_data(project, parameters)),
    )


def _sagemaker(project: Project) -> LocalSageMaker:
    return LocalSageMaker(project.home, serve=_serve(project), programs=_programs(project))


def _serve(project: Project) -> ServeCommand:
    """Return the image's `serve`; the image is built from the project, its models included."""
    environment = {
        "PYTHONPATH": str(project.root),
        "MODEL_SERVER_HOST": "127.0.0.1",
        "MODEL_SERVER_WORKERS": "1",
    }
    return ServeCommand(("python", "-m", "sagetabular.serving"), environment)


def _programs(project: Project) -> dict[str, ImageProgram]:
    """Return the programs that emulate those of AWS's own images."""
    wrangler = ("python", "-m", "sagetabular.jobs.data_wrangler")
    environment = {"PYTHONPATH": str(project.root)}
    return {"sagemaker-data-wrangler-container": ImageProgram(wrangler, environment)}


def _tokens(origin: Origin) -> dict[str, str]:
    """Return the hash of the data: Ingest, whose request lacks it, is reused while it stays."""
    return {"Ingest": origin.sha256}


def _put_assets(sagemaker: LocalSageMaker, compiled: Compiled, root: str) -> None:
    for key, content in compiled.assets.objects().items():
        if not sagemaker.storage.exists(root + key):
            sagemaker.storage.put_bytes(root + key, content)
