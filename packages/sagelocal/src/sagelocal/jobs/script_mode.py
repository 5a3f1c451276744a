"""Script mode: how a SageMaker framework container starts the user's program.

The code archive comes as an input channel and is unpacked to `/opt/ml/code`; the program gets
the hyperparameters as arguments, as variables (see `variables`) and in `hyperparameters.json`.
"""

from __future__ import annotations

import json

from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject
from sagelocal.jobs.containers import ROOT, JobTree
from sagelocal.jobs.hosts import Host
from sagelocal.jobs.inputs import distribution
from sagelocal.jobs.variables import arguments_of, own_hyperparameters, script_variables
from sagelocal.storage.archives import unpack

OBJECTIVE_HYPERPARAMETER = "_tuning_objective_metric"


def channel_config(request: JsonObject) -> JsonObject:
    """Return the content of `inputdataconfig.json`: what a job may know of its channels."""
    return {
        channel["ChannelName"]: {
            "TrainingInputMode": channel.get("InputMode", "File"),
            "S3DistributionType": distribution(channel["DataSource"].get("S3DataSource", {})),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
            **({"ContentType": channel["ContentType"]} if channel.get("ContentType") else {}),
        }
        for channel in request.get("InputDataConfig", [])
    }


def unpack_code(tree: JobTree, request: JsonObject, step: str) -> str:
    """Unpack the code channel and return the container path of the program in it."""
    settings = _decoded(request)
    program, archive = settings.get("sagemaker_program"), settings.get("sagemaker_submit_directory")
    if not isinstance(program, str) or not isinstance(archive, str):
        raise DefinitionError(
            f"Step {step}: a local Training job runs in script mode and needs the hyperparameters "
            "sagemaker_program and sagemaker_submit_directory."
        )
    source = tree.locate(archive)
    if not source.is_file():
        raise DefinitionError(f"Step {step}: no channel brings the code archive {archive}.")
    unpack(source, tree.base / "code")
    path = f"{ROOT}/code/{program}"
    if not tree.locate(path).is_file():
        raise DefinitionError(f"Step {step}: the code archive holds no {program}.")
    return path


def _decoded(request: JsonObject) -> JsonObject:
    """Return the hyperparameters as script mode reads them: JSON where it is JSON, else text."""
    return {key: _decode(value) for key, value in request.get("HyperParameters", {}).items()}


def _decode(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def user_arguments(request: JsonObject) -> list[str]:
    """Return the hyperparameters as a script gets them."""
    return arguments_of(own_hyperparameters(_decoded(request)))


def variables_of(request: JsonObject, name: str, host: Host) -> dict[str, str]:
    """Return the variables that a SageMaker framework container sets for a script on a host.

    Args:
        request: The job's request.
        name: Of the job.
        host: The host.
    """
    resources = host.resources(request.get("ResourceConfig", {}))
    return script_variables(_decoded(request), channel_config(request), resources, name, host)
