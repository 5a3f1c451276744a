"""The roles that roles.yaml makes of given answers, and the other templates beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sagetabular.infrastructure.templates import evaluate, read_template

ROOT = Path(__file__).parents[5]
TEMPLATES = ROOT / "{{cookiecutter.project_slug}}/infrastructure"
LAMBDAS = ROOT / "packages/sagetabular/src/sagetabular/lambdas"
ACCOUNT, OTHER = "123456789012", "210987654321"
REGION = "eu-west-1"
ACTORS = (
    "pipeline", "build", "delivery", "formation", "trigger", "ledger", "release", "events",
    "scheduler", "endpoint", "workflow", "approver", "deploy",
)  # fmt: skip
# All that can be asked for.
EVERYTHING = {
    "UseVpc": "true",
    "Database": "lake",
    "Workgroup": "workgroup",
    "ConnectionArn": f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/c1",
    "MlflowArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-tracking-server/mine",
    "Source": "connection",
    "Repository": "org/name",
    "Oidc": "github",
    "CreateOidcProvider": "true",
}


@dataclass(frozen=True)
class Role:
    """A role of a stage.

    Attributes:
        name: As IAM has it.
        policies: Documents, its own first.
        trust: Document.
        boundary: ARN of the permissions boundary, if there is one.
    """

    name: str
    policies: list[dict[str, Any]]
    trust: dict[str, Any]
    boundary: str | None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:iam::{ACCOUNT}:role/{self.name}"

    def statements(self, effect: str = "Allow") -> Iterator[dict[str, Any]]:
        """Yield the statements of one effect."""
        for policy in self.policies:
            yield from (one for one in policy["Statement"] if one["Effect"] == effect)

    def actions(self) -> set[str]:
        """Return what it is allowed."""
        return {action for one in self.statements() for action in listed(one["Action"])}


def listed(value: Any) -> list[Any]:
    """Return one or several as a list."""
    return value if isinstance(value, list) else [value]


def parameters(project: str = "housing-prices", stage: str = "dev", **given: str) -> dict[str, str]:
    """Return values for the parameters that roles.yaml has no default for, and the given ones."""
    name = f"{project}-{stage}"
    return {
        "Project": project,
        "Stage": stage,
        "PipelineName": name,
        "ModelPackageGroup": name,
        "KeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{stage}",
        "DataBucket": f"sagemaker-{name}-data-lake-databucket-x",
        "ArtifactBucket": f"sagemaker-{name}-data-lake-artifactbucket-x",
        "PermissionsBoundary": "",
        **given,
    }


@cache
def template(name: str) -> dict[str, Any]:
    """Return one of the project's templates."""
    return read_template(TEMPLATES / f"{name}.yaml")


@cache
def made(project: str = "housing-prices", stage: str = "dev", **given: str) -> dict[str, Any]:
    """Return the resources of roles.yaml, references to its own resources resolved."""
    values = parameters(project, stage, **given)
    resources = evaluate(template("roles"), values, ACCOUNT, REGION)["Resources"]
    arns = {
        f"<{key}.Arn>": f"arn:aws:iam::{ACCOUNT}:role/{entry['Properties']['RoleName']}"
        for key, entry in resources.items()
        if entry["Type"] == "AWS::IAM::Role"
    }
    found: dict[str, Any] = _replaced(resources, arns)
    return found


def roles(project: str = "housing-prices", stage: str = "dev", **given: str) -> dict[str, Role]:
    """Return actor → its role."""
    return roles_of(made(project, stage, **given))


def roles_of(resources: Mapping[str, Any]) -> dict[str, Role]:
    """Return actor → its role, of resources in which references are resolved."""
    found = {}
    for entry in resources.values():
        if entry["Type"] == "AWS::IAM::Role":
            role = _role(entry["Properties"], resources)
            found[role.name.rpartition("-")[2]] = role
    return found


def _role(properties: Mapping[str, Any], resources: Mapping[str, Any]) -> Role:
    own = [one["PolicyDocument"] for one in properties.get("Policies", [])]
    # An attached policy is one of this template: there is none of AWS's.
    named = {
        f"arn:aws:iam::{ACCOUNT}:policy/{entry['Properties']['ManagedPolicyName']}": f"<{key}>"
        for key, entry in resources.items()
        if entry["Type"] == "AWS::IAM::ManagedPolicy"
    }
    attached = [
        resources[named.get(reference, reference).strip("<>")]["Properties"]["PolicyDocument"]
        for reference in properties.get("ManagedPolicyArns", [])
    ]
    trust, boundary = properties["AssumeRolePolicyDocument"], properties.get("PermissionsBoundary")
    return Role(properties["RoleName"], [*own, *attached], trust, boundary)


def _replaced(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _replaced(value, names) for key, value in node.items()}
    if isinstance(node, list):
        return [_replaced(value, names) for value in node]
    return names.get(node, node) if isinstance(node, str) else node


def resources_of(kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield template, logical id and properties of every resource of a type."""
    for name in sorted(path.stem for path in TEMPLATES.glob("*.yaml")):
        for key, entry in template(name)["Resources"].items():
            if entry["Type"] == kind:
                yield name, key, entry["Properties"]
