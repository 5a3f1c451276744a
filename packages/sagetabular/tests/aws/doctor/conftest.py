"""The account in which all is well, and the command that looks at it."""

from __future__ import annotations

import json

import boto3
import pytest
from healthy import DIGEST, REGISTRY, ROLE, Cloud
from services import in_place_of_clients


@pytest.fixture(scope="session")
def account(compiled):
    """Its clients, which take most of a second to make; something has been compiled before."""
    return Cloud()


@pytest.fixture
def cloud(account, deployable, monkeypatch):
    """The account; the project uses a network and two keys in it."""
    deployable.change("conf/aws.yaml", "network", {
        "subnets": ["SUBNET", "subnet-0a1b"], "security_groups": ["sg-0a1b"]
    })  # fmt: skip
    deployable.change("conf/aws.yaml", "encryption", {"volume_key": "KEY", "output_key": "alias/o"})
    values = {
        "ROLE": ROLE,
        "SUBNET": "subnet-1111",
        "KEY": "alias/volumes",
        "IMAGE": f"{REGISTRY}/model{DIGEST}",
        "JOBS": f"{REGISTRY}/jobs{DIGEST}",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    deployable.compile()
    account.recover()
    monkeypatch.setattr(boto3, "client", in_place_of_clients(account.client))
    return account


@pytest.fixture
def doctor(pipeline):
    """Run the command; returns its findings, and checks that its exit code is theirs."""

    def run(*options):
        ended = pipeline("doctor", "--on", "aws", "--json", *options)
        findings = json.loads(ended.out)["findings"]
        states = [finding["state"] for finding in findings]
        assert ended.code == (2 if "to fix" in states else 0)
        for finding in findings:
            assert bool(finding["remedy"]) == (finding["state"] != "ok"), finding
            assert "\n" not in finding["text"] + finding["remedy"]
        return findings

    return run
