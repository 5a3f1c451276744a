"""Roles, buckets, networks and keys of the framework become settings of the account."""

from __future__ import annotations

import json

import pytest
import yaml

pytestmark = pytest.mark.slow


def test_the_account_becomes_declared_settings(pipeline, project_root, repository, monkeypatch):
    for name in ("SMP_ROLE", "SMP_SUBNETS", "SMP_SECURITYGROUPS"):
        monkeypatch.delenv(name, raising=False)
    before = (project_root / "conf/aws.yaml").read_text()
    files = [repository / f"{name}/conf/conf.yaml" for name in ("churn", "framework")]
    ended = pipeline("import", *files, folder=project_root)
    assert (ended.code, ended.err) == (0, "")
    after = (project_root / "conf/aws.yaml").read_text()
    expected = before.replace("RoleArn: SAGEMAKER_PIPELINE_ROLE_ARN", 'RoleArn: "SMP_ROLE"')
    assert after == expected.replace("Bucket: ARTIFACT_BUCKET", 'Bucket: "SMP_S3BUCKETNAME"')
    for field in ("subnets", "security_groups_id"):
        assert f"sagemakerNetworkSecurity.{field} is not carried over" in ended.out
    assert "conf.applicationName is not carried over" in ended.out


def test_network_and_key_are_those_of_all_jobs(pipeline, project_root, repository, monkeypatch):
    monkeypatch.setenv("SMP_SUBNETS", "subnet-0a, subnet-0b")
    monkeypatch.setenv("SMP_SECURITYGROUPS", "sg-0a")
    file = repository / "framework/conf/conf.yaml"
    file.write_text(file.read_text() + "    kms_key: SMP_KMSKEY\n", encoding="utf-8")
    ended = pipeline("import", repository / "churn/conf/conf.yaml", file, folder=project_root)
    assert (ended.code, ended.err) == (0, "")
    settings = yaml.safe_load((project_root / "conf/aws.yaml").read_text())
    network = {"subnets": ["subnet-0a", "subnet-0b"], "security_groups": ["sg-0a"]}
    assert settings["network"] == network
    assert settings["encryption"] == {"volume_key": "SMP_KMSKEY", "output_key": "SMP_KMSKEY"}
    assert "All jobs are cut off from the network" in ended.out
    definition = pipeline("compile", folder=project_root).out
    training = next(
        step for step in json.loads(definition)["Steps"] if step["Name"] == "TrainingChurn"
    )
    vpc = training["Arguments"]["VpcConfig"]
    assert vpc == {"Subnets": network["subnets"], "SecurityGroupIds": ["sg-0a"]}
