"""Run the compiled definition here, and supply what the account supplies on AWS."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from localsage import LocalSageMaker
from pipelines.errors import UserError
from pipelines.lake.store import source
from pipelines.project import MARKER
from pipelines.training.checks import check_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localsage import ExecutionRecord, Listener
    from pipelines.project import Project
    from pipelines.training.compilation import Compiled

BUCKET = "local"
ROLE = "arn:aws:iam::000000000000:role/local"


def start(
    project: Project,
    compiled: Compiled,
    overrides: Mapping[str, str],
    listener: Listener,
) -> ExecutionRecord:
    """Put the assets into the local S3, then run the definition; blocks until it has ended.

    Args:
        project: The project.
        compiled: Its definition and assets.
        overrides: Pipeline parameters, as text.
        listener: Hears of every step and trial.

    Raises:
        UserError: The lake does not have the table, or a parameter's value does not fit.
        ParameterError: A parameter is unknown or its value is not of its type.
    """
    conf = project.settings.pipeline
    database = overrides.get("Database", conf.data.database)
    table = overrides.get("Table", conf.data.table)
    origin = source(project.lake, database, table)
    if origin is None:
        msg = f"conf/pipeline.yaml: data.table: the local lake has no table {database}.{table}."
        raise UserError(msg, "Fill it: `pipeline data sample`, `data add FILE` or `data fetch`.")
    parameters = account_parameters(project, compiled, overrides) | dict(overrides)
    sagemaker = LocalSageMaker(project.home)
    values = sagemaker.effective_parameters(compiled.definition, parameters)
    check_values(json.loads(compiled.definition), values)
    _put_assets(sagemaker, compiled, parameters)
    return sagemaker.start(
        compiled.definition,
        pipeline_name=conf.name,
        parameters=parameters,
        host_environment={"LAKE_URI": project.lake.as_uri()},
        metadata={"data": origin.title},
        listener=listener,
    )


def account_parameters(
    project: Project, compiled: Compiled, overrides: Mapping[str, str]
) -> dict[str, str]:
    """Values of the declared parameters that have no default, as this machine supplies them."""
    bucket = overrides.get("Bucket", BUCKET)
    prefix = overrides.get("Prefix", project.settings.pipeline.name)
    image = f"local/{project.settings.pipeline.name}"
    values = {
        "RoleArn": ROLE,
        "Bucket": bucket,
        "ImageUri": image,
        "JobsImageUri": f"{image}-jobs",
        "QueryUri": f"s3://{bucket}/{prefix}/{compiled.assets.query.key}",
        "Commit": _commit(project),
    }
    declared = {entry["Name"] for entry in json.loads(compiled.definition)["Parameters"]}
    return {name: value for name, value in values.items() if name in declared}


def _put_assets(
    sagemaker: LocalSageMaker, compiled: Compiled, parameters: Mapping[str, str]
) -> None:
    root = parameters["QueryUri"].removesuffix(compiled.assets.query.key)
    for key, content in compiled.assets.objects().items():
        if not sagemaker.storage.exists(root + key):
            sagemaker.storage.put_bytes(root + key, content)


def _commit(project: Project) -> str:
    """The commit that is checked out, marked when files differ from it; `none` outside of git.

    A project inside another repository that does not track it has no commit either.
    """
    tracked = _git(project, "ls-files", MARKER)
    commit = _git(project, "describe", "--always", "--dirty", "--abbrev=40") if tracked else ""
    return commit or "none"


def _git(project: Project, *arguments: str) -> str:
    """What git prints; nothing where there is no git or no repository."""
    command = ["git", "-C", str(project.root), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return ""
    return result.stdout.strip()
