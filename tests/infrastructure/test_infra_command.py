"""`pipeline infra` against a local AWS server: deployed, deployed again, removed and taken over.

The server makes and executes change sets as CloudFormation does; what stands is asked of the
services themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.baking import DEFAULTS, ROOT, generate
from tests.infrastructure.account import Account

TABLE = "sagemaker-housing-prices-dev-own"
# Larger than a call takes: it must go through the bucket of artefacts.
OWN = f"""\
{"".join(f"# {number:04} {'.' * 90}{chr(10)}" for number in range(600))}
Parameters:
  Project: {{Type: String}}
  Stage: {{Type: String, Default: dev}}
  KeyArn: {{Type: String, AllowedPattern: "^arn:.+$"}}
  ArtifactBucket: {{Type: String}}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      TableName: !Sub "sagemaker-${{Project}}-${{Stage}}-own"
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
      SSESpecification: {{SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: !Ref KeyArn}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "sagemaker-${{Project}}-${{Stage}}-own"
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{Service: sagemaker.amazonaws.com}}
            Action: sts:AssumeRole
Outputs:
  PipelineRoleArn: {{Value: !GetAtt Role.Arn}}
"""
STATEFUL = ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::DynamoDB::Table", "AWS::Glue::Database")


class Infra:
    """The command in a project, with the account as AWS."""

    def __init__(self, project: Path, account: Account) -> None:
        self.project = project
        self.account = account

    def __call__(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run it, and check how it ends."""
        command = [sys.executable, "-m", "sagetabular.cli", "infra", *words]
        variables = {**os.environ, **self.account.environment}
        ended = subprocess.run(
            command,
            cwd=self.project,
            env=variables,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        assert ended.returncode == code, f"{ended.stdout}\n{ended.stderr}"
        return ended

    def template(self, name: str) -> Path:
        """Return the file of a template."""
        return self.project / "infrastructure" / f"{name}.yaml"

    def set(self, **parameters: object) -> None:
        """Give parameters values in conf/aws.yaml."""
        file = self.project / "conf/aws.yaml"
        conf = yaml.safe_load(file.read_text(encoding="utf-8"))
        conf["infrastructure"] = {"parameters": parameters}
        file.write_text(yaml.safe_dump(conf), encoding="utf-8")

    def stateful(self) -> dict[str, str]:
        """Return logical → physical id of what holds data."""
        client = self.account.client("cloudformation")
        found: dict[str, str] = {}
        for concern in ("data-lake", "own"):
            name = f"sagemaker-housing-prices-dev-{concern}"
            answer = client.list_stack_resources(StackName=name)
            found |= {
                each["LogicalResourceId"]: each["PhysicalResourceId"]
                for each in answer["StackResourceSummaries"]
                if each["ResourceType"] in STATEFUL
            }
        return found


@pytest.fixture
def infra(tmp_path: Path, account: Account) -> Infra:
    """A project with the lake, and a template of its own."""
    answers = {**DEFAULTS, "infrastructure": "full"}
    project = generate(ROOT, tmp_path / "projects", answers)
    for file in (project / "infrastructure").glob("*.yaml"):
        if file.stem != "data-lake":
            file.unlink()
    (project / "infrastructure/own.yaml").write_text(OWN, encoding="utf-8")
    return Infra(project, account)


def has_item(account: Account) -> bool:
    """Return whether what was written into the table is still there."""
    answer: dict[str, Any] = account.client("dynamodb").get_item(
        TableName=TABLE, Key={"id": {"S": "planted"}}
    )
    return "Item" in answer


def test_stacks_from_the_first_deployment_to_the_last(infra: Infra, account: Account) -> None:
    # Nothing happens unasked.
    refused = infra("deploy", code=2)
    assert "2 stacks would be deployed" in refused.stderr
    assert account.client("cloudformation").describe_stacks()["Stacks"] == []

    deployed = infra("deploy", "--yes")
    assert deployed.stdout.endswith("2 stacks of stage dev stand as the templates say.\n")
    before = infra.stateful()
    assert {"DataBucket", "ArtifactBucket", "Key", "Table"} <= before.keys()
    exports = infra("outputs").stdout.splitlines()
    assert f"export ARTIFACT_BUCKET={before['ArtifactBucket']}" in exports
    assert any(line.startswith("export SAGEMAKER_PIPELINE_ROLE_ARN=arn:") for line in exports)
    stacks = account.client("cloudformation").describe_stacks()["Stacks"]
    assert {each["EnableTerminationProtection"] for each in stacks} == {True}
    assert {"Key": "stage", "Value": "dev"} in stacks[0]["Tags"]
    account.client("dynamodb").put_item(TableName=TABLE, Item={"id": {"S": "planted"}})

    assert infra("diff").stdout.count("nothing changes") == 2
    assert infra("deploy", "--yes").stdout.count("nothing changes") == 2

    # A deployment that changes something replaces nothing that holds data.
    # (Of buckets this server says for every property that it may mean another bucket.)
    infra.set(ScanLimitBytes=20971520)
    more = OWN.replace("BillingMode", "TableClass: STANDARD_INFREQUENT_ACCESS\n      BillingMode")
    infra.template("own").write_text(more, encoding="utf-8")
    shown = infra("diff")
    assert shown.stdout.count(": changed") == 2
    assert "changed" in shown.stdout and "holds data" not in shown.stdout
    infra("deploy", "--yes")
    assert infra.stateful() == before

    # One that would is refused, and leaves all as it was.
    infra.template("own").write_text(more.replace("-own", "-other"), encoding="utf-8")
    lost = infra("deploy", "--yes", code=2)
    assert f"AWS::DynamoDB::Table Table ({TABLE})" in lost.stderr
    assert "--replace" in lost.stderr
    assert has_item(account)
    infra.template("own").write_text(more, encoding="utf-8")

    removed = infra("destroy", "--yes")
    assert f"kept: AWS::DynamoDB::Table {TABLE}" in removed.stderr
    assert f"kept: AWS::S3::Bucket {before['DataBucket']}" in removed.stderr
    assert has_item(account)
    buckets = [each["Name"] for each in account.client("s3").list_buckets()["Buckets"]]
    assert before["DataBucket"] in buckets

    # What was kept and has a name is taken over, with what is in it.
    infra("deploy", "--yes")
    assert infra.stateful()["Table"] == TABLE
    assert has_item(account)
    assert infra("diff").stdout.count("nothing changes") == 2
