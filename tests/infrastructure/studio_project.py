"""A project of SageMaker Studio on a local AWS server: what its template makes, with its roles.

The template is deployed as it is assembled, but for what the server does not know (CodePipeline,
CodeBuild, CodeCommit, SageMaker) and the seed; what refers to these is left out too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from sagetabular.infrastructure.templates import evaluate, parse_template
from studio.publishing.assembly import assemble
from tests.infrastructure.account import NUMBER, Account, eventually
from tests.infrastructure.permissions.deciding import ROLES
from tests.servers import REGION

BOUNDARY = "sagemaker-projects-boundary"
FIXED = {
    "BundleBucket": "bundles",
    "BundleKey": "bundles/template.zip",
    "Release": "1.4.0",
    "PermissionsBoundary": f"arn:aws:iam::{NUMBER}:policy/{BOUNDARY}",
}
_UNKNOWN = ("AWS::CodeBuild", "AWS::CodeCommit", "AWS::CodePipeline", "AWS::SageMaker", "Custom::")
# Nothing is uploaded before the rule is there on AWS: it waits for the seed.
_LATER = ("TriggersUploadRule",)
_REFERENCE = re.compile(r"<(?P<name>\w+)(?:\.(?P<attribute>\w+))?>")


class StudioProject:
    """A project whose stack stands.

    Args:
        account: Where.
        columns: Of the table, as `glue_columns` returns them.
        boundary: Policy that bounds every role.
        parameters: What SageMaker and Studio's form say.

    Attributes:
        name: Of the stack, the pipeline and the group.
        boundary: That policy.
    """

    def __init__(
        self,
        account: Account,
        columns: Sequence[Mapping[str, Any]],
        boundary: Mapping[str, Any],
        parameters: Mapping[str, str],
    ) -> None:
        self._account, self._parameters = account, dict(parameters)
        self._template = parse_template(assemble(FIXED, columns), "project.yaml")
        self.name = f"{parameters['SageMakerProjectName']}-{parameters['SageMakerProjectId']}"
        self.boundary = boundary
        account.client("iam").create_policy(
            PolicyName=BOUNDARY, PolicyDocument=json.dumps(boundary)
        )
        self._deploy()

    @cached_property
    def resources(self) -> dict[str, Any]:
        """All resources of the template, also those not deployed, with the names that were made."""
        plain = json.dumps(evaluate(self._template, self._parameters, NUMBER, REGION)["Resources"])
        found: dict[str, Any] = json.loads(_REFERENCE.sub(self._physical, plain))
        return found

    @property
    def environment(self) -> dict[str, str]:
        """What CodeBuild sets in a build of the project."""
        build = self.resources["BuildBuild"]["Properties"]["Environment"]
        own = {one["Name"]: one["Value"] for one in build["EnvironmentVariables"]}
        return {**own, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}

    def role(self, actor: str) -> Any:
        """Return the role of an actor, its policies as they are deployed."""
        return ROLES.roles_of(self.resources)[actor]

    def credentials(self, actor: str) -> dict[str, str]:
        """Return variables with which somebody has the role of an actor.

        AWS hands them out to the service that the role trusts; here the account's owner takes them.
        """
        role = self.role(actor)
        owner = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": NUMBER}}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [owner]})
        iam = self._account.client("iam")
        iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=trust)
        taken = self._account.client("sts").assume_role(RoleArn=role.arn, RoleSessionName="test")
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        variables = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        return {
            variable: taken["Credentials"][name]
            for variable, name in zip(variables, names, strict=True)
        }

    def _deploy(self) -> None:
        left, client = self._left_out(), self._account.client("cloudformation")
        resources = {
            name: _without(entry, left)
            for name, entry in self._template["Resources"].items()
            if name not in left
        }
        outputs = {
            f"{name}{attribute}": {"Value": {"Fn::GetAtt": [name, attribute]}}
            for name, attribute in self._attributes()
            if name not in left
        }
        body = {**self._template, "Resources": resources, "Outputs": outputs}
        self._request(client, json.dumps({k: v for k, v in body.items() if k != "Metadata"}))
        (stack,) = client.describe_stacks(StackName=self.name)["Stacks"]
        listed = client.list_stack_resources(StackName=self.name)["StackResourceSummaries"]
        self._made = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}
        self._made |= {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def _request(self, client: Any, body: str) -> None:
        s3, address = self._account.client("s3"), self._account.environment["AWS_ENDPOINT_URL"]
        place = {"LocationConstraint": REGION}
        s3.create_bucket(Bucket="templates", CreateBucketConfiguration=place)
        s3.put_object(Bucket="templates", Key="project.json", Body=body.encode())
        client.create_stack(
            StackName=self.name,
            TemplateURL=f"{address}/templates/project.json",
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in self._parameters.items()
            ],
        )

        def ended() -> str:
            (stack,) = client.describe_stacks(StackName=self.name)["Stacks"]
            status = str(stack["StackStatus"])
            return "" if status.endswith("_IN_PROGRESS") else status

        status = eventually(ended, seconds=120)
        events = client.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [one for one in events if "FAILED" in one["ResourceStatus"]]
        assert status == "CREATE_COMPLETE", failed

    def _left_out(self) -> set[str]:
        resources = self._template["Resources"]
        left = {
            name
            for name, entry in resources.items()
            if entry["Type"].startswith(_UNKNOWN) or name.startswith("Seed") or name in _LATER
        }
        while more := {
            name
            for name, entry in resources.items()
            if name not in left and any(_refers(entry.get("Properties", {}), one) for one in left)
        }:
            left |= more
        return left

    def _attributes(self) -> Iterator[tuple[str, str]]:
        plain = json.dumps(evaluate(self._template, self._parameters, NUMBER, REGION)["Resources"])
        pairs = {(one["name"], one["attribute"]) for one in _REFERENCE.finditer(plain)}
        for name, attribute in sorted(pairs, key=str):
            if attribute and name in self._template["Resources"]:
                yield name, attribute

    def _physical(self, found: re.Match[str]) -> str:
        name = found["name"] + (found["attribute"] or "")
        return str(self._made.get(name, found[0]))


def _without(entry: Mapping[str, Any], left: set[str]) -> dict[str, Any]:
    """Return a resource that waits for nothing that is left out."""
    waits = entry.get("DependsOn", [])
    kept = [name for name in ([waits] if isinstance(waits, str) else waits) if name not in left]
    own = {key: value for key, value in entry.items() if key != "DependsOn"}
    return {**own, "DependsOn": kept} if kept else own


def _refers(properties: Mapping[str, Any], name: str) -> bool:
    text = json.dumps(properties)
    return f'{{"Ref": "{name}"}}' in text or f'["{name}"' in text or f"${{{name}" in text
