"""An account that answers what a test says."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from answered_calls import AnsweredCalls
from botocore.client import BaseClient
from botocore.loaders import JSONFileLoader


@pytest.fixture(scope="module")
def quick_clients():
    """Read each description of a service once: a session of its own would read it again."""
    read = cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _loader, path: read(path))
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
    found = AnsweredCalls()

    def answered(client: BaseClient, operation: str, request: dict[str, Any]) -> Any:
        return found.patched(client, operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", answered)
    return found
