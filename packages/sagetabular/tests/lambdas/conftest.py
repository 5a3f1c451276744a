"""An account that answers what a test says."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from answered_calls import AnsweredCalls, read_descriptions_once
from botocore.client import BaseClient


@pytest.fixture(scope="module")
def quick_clients():
    """Clients that do not read their service's description again."""
    with pytest.MonkeyPatch.context() as patch:
        read_descriptions_once(patch)
        yield


@pytest.fixture
def aws(quick_clients, monkeypatch) -> AnsweredCalls:
    """Calls of any client, answered by the test."""
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "own",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    # It would keep the keys of an earlier test.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    found = AnsweredCalls()

    def answered(client: BaseClient, operation: str, request: dict[str, Any]) -> Any:
        return found.patched(client, operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", answered)
    return found
