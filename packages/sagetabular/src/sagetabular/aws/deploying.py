"""Bring a pipeline on AWS up to date, and start it; whoever asks for it hears what happens."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sagetabular.aws.deployment import (
    EXPERIMENTS,
    TRACKING,
    account_value,
    check_values,
    needed_to_upsert,
    output_key,
    prefix_of,
    start_parameters,
)
from sagetabular.aws.errors import code_of, explained
from sagetabular.aws.glue.following import Following
from sagetabular.aws.lake import own_table, owner_of
from sagetabular.aws.s3 import Bucket
from sagetabular.aws.sagemaker.costs import billed_jobs
from sagetabular.aws.sagemaker.executions import Executions
from sagetabular.aws.sagemaker.pipelines import Pipelines, Wanted
from sagetabular.aws.usual import store_usual_values, usual_values
from sagetabular.errors import UserError
from sagetabular.project import MARKER
from sagetabular.project.versions import commit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagetabular.aws.account import Account
    from sagetabular.aws.deployment import Deployment
    from sagetabular.aws.sagemaker.pipelines import Upserted
    from sagetabular.compiling.compilation import Compiled
    from sagetabular.project import Project

    # Hears of one thing: its title, empty for a sentence, and its lines.
    Report = Callable[[str, Sequence[str]], None]

_STORAGE = "storage in S3"
# What a build makes after the check, and has an address then.
_UNBUILT = {"ImageUri": "the-image", "JobsImageUri": "the-image"}
NOT_TRACKED = "none"  # the value of TrackingUri with which Track logs nothing
# What is said of values of TrackingUri that are no addresses.
_UNADDRESSED = {
    NOT_TRACKED: "none: the execution is logged nowhere",
    EXPERIMENTS: "SageMaker Experiments; MLflow once TrackingUri names a server or an app",
}


@dataclass(frozen=True)
class Started:
    """An execution that was started.

    Attributes:
        account: Where.
        pipeline: Its pipeline.
        arn: Of the execution.
    """

    account: Account
    pipeline: str
    arn: str

    @property
    def id(self) -> str:
        """Its identifier."""
        return self.arn.rsplit("/", 1)[-1]

    def connect(self) -> Executions:
        """Open the pipeline's executions with the credentials that there are now."""
        return Executions(self.account.client("sagemaker"), self.pipeline)


def tags_of(project: Project, deployment: Deployment, account: Account) -> dict[str, str]:
    """Return the tags of whatever is made for a project, those of its SageMaker project included.

    Raises:
        UserError: AWS refuses, or cannot be reached.
    """
    arn = deployment.project_arn
    copied = Pipelines(account.client("sagemaker")).tags_of(arn) if arn else {}
    return {**copied, **project.settings.aws.tags, **deployment.tags}


def report_identity(account: Account, report: Report) -> None:
    """Report whose account it is, and as whom AWS is asked.

    Raises:
        UserError: There are no credentials, or they are not valid.
    """
    who = account.identity
    report("", [f"AWS account {who.account}, {account.place}"])
    report("As", [who.arn])


def upsert_pipeline(project: Project, deployment: Deployment, report: Report) -> Upserted:
    """Compile, send the assets that are missing, and make or change the pipeline.

    Args:
        project: The project.
        deployment: Where it stands.
        report: Hears what is about to be done, and what was.

    Raises:
        UserError: A file of the project breaks a rule, the account has no value for the role or
            the bucket, or AWS refuses.
    """
    from sagetabular.compiling.compilation import compile_pipeline

    compiled = compile_pipeline(project.settings)
    check_values(project, deployment, needed_to_upsert(project, deployment))
    account = deployment.connect()
    _announce(project, deployment, account, report)
    report("Billed", [f"{_STORAGE}; the pipeline costs nothing until it is started"])
    usual = usual_values(project, deployment, compiled, {})
    return _upsert(project, deployment, account, compiled, usual, report)


def start_pipeline(
    project: Project, deployment: Deployment, settings: Mapping[str, str], report: Report
) -> Started:
    """Compile, bring the pipeline on AWS up to date, and start it.

    Nothing is done unless all parameters have a value that fits.

    Args:
        project: The project.
        deployment: Where it stands.
        settings: Values of pipeline parameters that count more than all others.
        report: Hears what is about to be done, and what was.

    Raises:
        UserError: A file or a value breaks a rule, the account has no value for a parameter, or
            AWS refuses.
        ParameterError: A parameter is unknown or its value is not of its type.
    """
    from sagetabular.compiling.compilation import compile_pipeline

    compiled = compile_pipeline(project.settings)
    plain, deployment = deployment, replace(deployment, given={**deployment.given, **settings})
    parameters = start_parameters(project, deployment, compiled)
    values = _checked(project, compiled, parameters)
    account = deployment.connect()
    _announce(project, deployment, account, report)
    if text := _UNADDRESSED.get(parameters.get(TRACKING, "")):
        report("Tracking", [text])
    report("Billed", [*billed_jobs(json.loads(compiled.definition), values), _STORAGE])
    # The assets of another prefix are for this start alone.
    usual = {} if "Prefix" in settings else usual_values(project, plain, compiled, parameters)
    _upsert(project, deployment, account, compiled, usual, report)
    executions = Executions(account.client("sagemaker"), deployment.pipeline)
    arn = executions.start(parameters, f"Commit {parameters['Commit']}")
    return Started(account, deployment.pipeline, arn)


def check_start(project: Project, deployment: Deployment, report: Report) -> None:
    """Find what would stop a start, but for images, which may not be there yet; change nothing.

    Args:
        project: The project.
        deployment: Where it stands.
        report: Hears whose account it is.

    Raises:
        UserError: What `start_pipeline` raises, or there is no such bucket.
        ParameterError: A parameter is unknown or its value is not of its type.
    """
    from sagetabular.compiling.compilation import compile_pipeline

    compiled = compile_pipeline(project.settings)
    declared = {entry["Name"] for entry in json.loads(compiled.definition)["Parameters"]}
    images = {name: _UNBUILT[name] for name in _UNBUILT if name in declared}
    supposed = replace(deployment, given={**images, **deployment.given})
    _checked(project, compiled, start_parameters(project, supposed, compiled))
    account = deployment.connect()
    report_identity(account, report)
    _find_bucket(account, account_value(project, deployment, "Bucket"))
    if table := _own_table(project, deployment, account):
        table.check(project.settings.pipeline.data, report)
    report("", ["Nothing stands in the way of a start but images, which were not asked for"])


def _own_table(project: Project, deployment: Deployment, account: Account) -> Following | None:
    """Return the table that the environment gives to the project, None if it gives none."""
    own = own_table(project, deployment.environment)
    return own and Following(account.client("glue"), *own, owner_of(project))


def _find_bucket(account: Account, name: str) -> None:
    """Accept a bucket that is there; whoever may not look at it may still write to it.

    Raises:
        UserError: There is none, or S3 cannot be reached.
    """
    from botocore.exceptions import ClientError

    with explained("S3", "HeadBucket"):
        try:
            account.client("s3").head_bucket(Bucket=name)
        except ClientError as err:
            if code_of(err) in ("404", "NoSuchBucket"):
                msg = f"Bucket must be a bucket that exists, got {name}."
                raise UserError(msg, f"Make it in {account.region}, or name another.") from err


def _checked(
    project: Project, compiled: Compiled, parameters: Mapping[str, str]
) -> dict[str, object]:
    """Return the value of every parameter, as an execution on this machine would have it."""
    from sagelocal.definition import effective_values, parse_definition
    from sagetabular.compiling.compilation import check_values

    declared = parse_definition(compiled.definition).parameters
    values = effective_values(declared, parameters)
    check_values(project.settings, compiled, values)
    return dict(values)


def _announce(project: Project, deployment: Deployment, account: Account, report: Report) -> None:
    bucket = account_value(project, deployment, "Bucket")
    role, key = _role(project, deployment), output_key(project, deployment)
    report_identity(account, report)
    place = f"s3://{bucket}/{prefix_of(project, deployment)}/"
    lines = {"Pipeline": deployment.pipeline, "Role": role, "Stored in": place}
    for title, text in (lines | ({"Key": key} if key else {})).items():
        report(title, [text])


def _upsert(
    project: Project,
    deployment: Deployment,
    account: Account,
    compiled: Compiled,
    usual: Mapping[str, str],
    report: Report,
) -> Upserted:
    prefix = prefix_of(project, deployment)
    name, key = account_value(project, deployment, "Bucket"), output_key(project, deployment)
    bucket = Bucket(account.client("s3"), name, key)
    objects = compiled.assets.objects()
    uploaded = bucket.put_missing({f"{prefix}/{key}": body for key, body in objects.items()})
    report("", [f"Sent {uploaded.sent} of {uploaded.total} objects ({uploaded.size:,} bytes)"])
    if table := _own_table(project, deployment, account):
        table.put(project.settings.pipeline.data, report)
    wanted = _wanted(project, deployment, account, compiled)
    result = Pipelines(account.client("sagemaker")).upsert(wanted, bucket, prefix)
    if usual:
        store_usual_values(bucket, deployment.pipeline, usual)
    report("", [f"Pipeline {deployment.pipeline} is {result.outcome}"])
    return result


def _role(project: Project, deployment: Deployment) -> str:
    return deployment.role or account_value(project, deployment, "RoleArn")


def _wanted(
    project: Project, deployment: Deployment, account: Account, compiled: Compiled
) -> Wanted:
    settings = project.settings.pipeline
    own = (
        f"{settings.name} predicts {settings.data.target}. Commit {commit_of(project.root, MARKER)}"
    )
    return Wanted(
        name=deployment.pipeline,
        definition=compiled.definition,
        role=_role(project, deployment),
        description=deployment.description or own,
        tags=tags_of(project, deployment, account),
    )
