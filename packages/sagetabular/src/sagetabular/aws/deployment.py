"""A project in an account: under which names, and with which values of its parameters."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sagetabular.aws.account import Account
from sagetabular.aws.lake import VARIABLES, lake_values
from sagetabular.errors import UserError
from sagetabular.project import MARKER
from sagetabular.project.versions import commit_of
from sagetabular.settings.account import is_variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sagetabular.compiling.compilation import Compiled
    from sagetabular.project import Project

# What SageMaker Projects gives to its build servers.
PROJECT_NAME = "SAGEMAKER_PROJECT_NAME"
PROJECT_ID = "SAGEMAKER_PROJECT_ID"
PROJECT_ARN = "SAGEMAKER_PROJECT_ARN"
TRACKING = "TrackingUri"
EXPERIMENTS = "experiments"  # its value with which Track logs to SageMaker Experiments


@dataclass(frozen=True)
class Deployment:
    """A project's place in an account.

    Attributes:
        region: Of the services.
        pipeline: Its name in SageMaker.
        given: Values of pipeline parameters that count more than the environment's.
        role: ARN of the role that the pipeline itself has; that of its jobs if None.
        tags: For the pipeline, and whatever else is made for it.
        project_arn: The SageMaker project whose own tags are copied.
        description: Of the pipeline; made up if there is none.
        environment: Where `conf/aws.yaml` finds values.
        stage: Of `conf/aws.yaml`.
        account: Number of the account that it must be.
    """

    region: str
    pipeline: str
    given: Mapping[str, str] = field(default_factory=dict)
    role: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    project_arn: str | None = None
    description: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    stage: str | None = None
    account: str | None = None

    @property
    def option(self) -> str:
        """What a command that is suggested needs to be about the same stage."""
        return f" --stage {self.stage}" if self.stage else ""

    def connect(self) -> Account:
        """Return the account that it stands in, which must be the one of `conf/aws.yaml`."""
        return Account(self.region, self.account, self.stage)


def deployment_of(project: Project, environment: Mapping[str, str] = os.environ) -> Deployment:
    """Name pipeline, model package group and prefix after the SageMaker project or the stage.

    If there is neither, `name` in `conf/pipeline.yaml` says what they are called.

    Raises:
        UserError: A variable of the lake is no name that Athena takes.
    """
    settings = project.settings
    name, identifier = environment.get(PROJECT_NAME), environment.get(PROJECT_ID)
    plain = Deployment(
        settings.aws.region,
        settings.pipeline.name,
        given=lake_values(project, environment),
        environment=environment,
        stage=project.stage,
        account=settings.aws.account,
    )
    if project.stage in settings.aws.stages:
        own = f"{settings.pipeline.name}-{project.stage}"
        names = {"ModelPackageGroup": own, "Prefix": own}
        plain = replace(plain, pipeline=own, given={**plain.given, **names})
    if not name or not identifier:
        return plain
    own = f"{name}-{identifier}"
    return replace(
        plain,
        pipeline=own,
        given={**plain.given, "ModelPackageGroup": own},
        tags={"sagemaker:project-name": name, "sagemaker:project-id": identifier},
        project_arn=environment.get(PROJECT_ARN) or None,
    )


def account_value(project: Project, deployment: Deployment, parameter: str) -> str:
    """Return the value that the account has for a parameter.

    Raises:
        UserError: `conf/aws.yaml` names no variable for it, or the variable is not set.
    """
    if value := known_value(project, deployment, parameter):
        return value
    variables = project.settings.aws.variables
    if parameter not in variables:
        msg = f"conf/aws.yaml: environment must name the variable of {parameter}, got none."
        raise UserError(msg, f"Add it there, or give --set {parameter}=VALUE.")
    msg = f"conf/aws.yaml: {parameter} is the variable {variables[parameter]}, which is not set."
    raise UserError(msg, f"Export it; `pipeline run` also takes --set {parameter}=VALUE.")


def check_values(project: Project, deployment: Deployment, parameters: Iterable[str]) -> None:
    """Accept where the account has a value for each of these parameters.

    Raises:
        UserError: It lacks some; all are named at once.
    """
    variables = project.settings.aws.variables
    lacking = [
        name for name in dict.fromkeys(parameters) if not known_value(project, deployment, name)
    ]
    if len(lacking) == 1:
        account_value(project, deployment, lacking[0])
    if not lacking:
        return
    unnamed = [name for name in lacking if name not in variables]
    unset = [f"{variables[name]} ({name})" for name in lacking if name in variables]
    parts = [
        *([f"environment must name variables of {', '.join(unnamed)}"] if unnamed else []),
        *([f"these variables are not set: {', '.join(unset)}"] if unset else []),
    ]
    raise UserError(
        f"conf/aws.yaml: {'; '.join(parts)}.",
        "Export them; `pipeline run` also takes --set NAME=VALUE for each.",
    )


def known_value(project: Project, deployment: Deployment, parameter: str) -> str | None:
    """Return the given value, else that of its variable, else what needs no variable, or None."""
    variable = project.settings.aws.variables.get(parameter, "")
    found = deployment.given.get(parameter) or deployment.environment.get(variable)
    if not found and parameter == TRACKING and project.settings.pipeline.tracking == "auto":
        return EXPERIMENTS
    return found


def output_key(project: Project, deployment: Deployment) -> str | None:
    """Return the KMS key that encrypts what is stored; None for the bucket's own default.

    Raises:
        UserError: It is a variable that is not set.
    """
    key: str | None = project.settings.aws.encryption.output_key
    if key is None or not is_variable(key):
        return key
    return account_value(project, deployment, "OutputKmsKeyId")


def needed_to_upsert(project: Project, deployment: Deployment) -> list[str]:
    """Return the parameters that must have a value before anything is stored."""
    key: str | None = project.settings.aws.encryption.output_key
    encrypted = key is not None and is_variable(key)
    role = [] if deployment.role else ["RoleArn"]
    return [*role, "Bucket", *(["OutputKmsKeyId"] if encrypted else [])]


def prefix_of(project: Project, deployment: Deployment) -> str:
    """Return what the keys of all objects begin with."""
    return deployment.given.get("Prefix", project.settings.pipeline.name)


def group_of(project: Project, deployment: Deployment) -> str:
    """Return the model package group that the competing models are registered in."""
    return deployment.given.get("ModelPackageGroup", project.settings.pipeline.name)


def start_parameters(
    project: Project, deployment: Deployment, compiled: Compiled
) -> dict[str, str]:
    """Return the values that an execution is started with: all without a default, and given ones.

    Raises:
        UserError: The account has no value for a parameter.
    """
    declared = json.loads(compiled.definition)["Parameters"]
    names = {entry["Name"] for entry in declared}
    own = {"Commit": commit_of(project.root, MARKER)}
    given = {
        name: value
        for name, value in deployment.given.items()
        # These are the deployment's own idea: a pipeline that registers nothing has no group.
        if name in names or name not in ("ModelPackageGroup", "Prefix", *VARIABLES)
    }
    without = [entry["Name"] for entry in declared if "DefaultValue" not in entry]
    lacking = [name for name in without if name not in ("QueryUri", *own, *given)]
    check_values(project, deployment, [*needed_to_upsert(project, deployment), *lacking])
    if compiled.assets.query and "QueryUri" not in given:
        bucket = account_value(project, deployment, "Bucket")
        key = f"{prefix_of(project, deployment)}/{compiled.assets.query.key}"
        own["QueryUri"] = f"s3://{bucket}/{key}"
    values = own | given
    for name in lacking:
        values[name] = account_value(project, deployment, name)
    return {name: value for name, value in values.items() if name in names or name in given}
