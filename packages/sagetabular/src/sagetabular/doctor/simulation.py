"""Permissions by IAM's own simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.aws.deployment import group_of
from sagetabular.aws.images.building import repository_of
from sagetabular.aws.permissions import KEYS
from sagetabular.doctor.findings import CannotTellError
from sagetabular.doctor.situation import ask, ask_all
from sagetabular.settings.aws import ONLY_STAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sagetabular.aws.permissions import Permission
    from sagetabular.doctor.situation import Situation

# What a policy may demand: roles.yaml demands both.
_CONTEXT = {
    "iam:PassedToService": "sagemaker.amazonaws.com",
    "cloudwatch:namespace": "/aws/sagemaker/TrainingJobs",
}
# Their names are made up, when a job runs or by whoever deploys.
_SAGEMAKER = (
    "endpoint", "experiment-trial", "experiment-trial-component", "hyper-parameter-tuning-job",
    "model", "processing-job", "training-job", "transform-job",
)  # fmt: skip
_INSIDE = {"bucket": "", "objects": "/{}/any", "unloaded": "/{}/any-unload/any"}
_VALUES = {"role": "RoleArn", "tracking": "TrackingUri"}


def denied(situation: Situation, principal: str, needed: Iterable[Permission]) -> list[Permission]:
    """Return what a user or role is not allowed by its own policies.

    Args:
        situation: The project in its account.
        principal: ARN of the user or role.
        needed: What it should be allowed.

    Raises:
        UserError: IAM refuses to simulate.
    """
    groups: dict[str, list[Permission]] = {}
    for permission in needed:
        groups.setdefault(arn_of(situation, permission.resource), []).append(permission)
    client = situation.account.client("iam")
    refused: list[Permission] = []
    for arn, group in groups.items():
        results = ask_all(
            *(client, "simulate_principal_policy", "EvaluationResults"),
            PolicySourceArn=principal,
            ActionNames=sorted({permission.action for permission in group}),
            ResourceArns=[arn],
            ContextEntries=_context(situation, arn),
        )
        allowed = {one["EvalActionName"] for one in results if one["EvalDecision"] == "allowed"}
        refused += [permission for permission in group if permission.action not in allowed]
    return refused


def _context(situation: Situation, arn: str) -> list[dict[str, Any]]:
    """Return what a request says beside action and resource, as far as policies look at it."""
    found = {**_CONTEXT}
    if ":mlflow-app/" in arn:  # allowed by its tags: its name is made up
        client = situation.account.client("sagemaker")
        answer = ask(client, "list_tags", ("ResourceNotFound",), ResourceArn=arn) or {}
        tags = answer.get("Tags", [])
        found |= {f"aws:ResourceTag/{tag['Key']}": tag["Value"] for tag in tags}
    return [
        {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for name, value in found.items()
    ]


def arn_of(situation: Situation, resource: str) -> str:
    """Return the ARN of one resource of a kind; of an invented one, where any would do.

    Raises:
        CannotTellError: It is a value of the account that is not set.
    """
    pipeline = f"pipeline/{situation.deployment.pipeline}"
    repository = repository_of(situation.project, "model")
    if resource in _SAGEMAKER:
        return situation.arn("sagemaker", f"{resource}/pipelines-any")
    if resource in _INSIDE:
        inside = _INSIDE[resource].format(situation.prefix)
        return situation.arn("s3", situation.need("Bucket") + inside, everywhere=True)
    if resource in KEYS:
        return _key_arn(situation, resource)
    if resource in _VALUES:
        return situation.need(_VALUES[resource])
    stage = situation.project.stage or ONLY_STAGE
    stacks = f"sagemaker-{situation.project.settings.pipeline.name}-{stage}"
    workgroup = f"workgroup/{situation.values.get('Workgroup')}"
    # Glue has them in lower case.
    database, table = (str(situation.values.get(name)).lower() for name in ("Database", "Table"))
    group = group_of(situation.project, situation.deployment)
    found = {
        "any": "*",
        "experiment": situation.arn("sagemaker", f"experiment/{situation.deployment.pipeline}"),
        "model-package": situation.arn("sagemaker", f"model-package/{group}/1"),
        "model-package-group": situation.arn("sagemaker", f"model-package-group/{group}"),
        "pipeline": situation.arn("sagemaker", pipeline),
        "execution": situation.arn("sagemaker", f"{pipeline}/execution/any"),
        "repository": situation.arn("ecr", f"repository/{repository}"),
        "logs": situation.arn("logs", "log-group:/aws/sagemaker/TrainingJobs:log-stream:any"),
        "workgroup": situation.arn("athena", workgroup),
        "catalog": situation.arn("glue", "catalog"),
        "database": situation.arn("glue", f"database/{database}"),
        "table": situation.arn("glue", f"table/{database}/{table}"),
        "stack": situation.arn("cloudformation", f"stack/{stacks}-any/any"),
        "crawler": situation.arn("glue", "crawler/any"),
    }
    return found[resource]


def _key_arn(situation: Situation, parameter: str) -> str:
    client, (name,) = situation.account.client("kms"), situation.ids(parameter)
    answer = ask(client, "describe_key", ("NotFoundException",), KeyId=name)
    if answer is None:
        raise CannotTellError(f"There is no key {name}.", f"Correct {parameter}.")
    return str(answer["KeyMetadata"]["Arn"])
