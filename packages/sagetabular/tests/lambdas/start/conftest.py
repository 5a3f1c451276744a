"""Fixtures: an account for the Lambda that starts the pipeline, and a way to call it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from started_account import StartedAccount, in_account

from sagetabular.lambdas import start


@pytest.fixture
def account():
    """Give the Lambda an account of its own."""
    account = StartedAccount()
    with in_account(account):
        yield account


@pytest.fixture
def call(account):
    """Call the Lambda with an event, in a request of its own unless one is given."""
    requests = iter(range(1000))

    def with_event(event, request=None):
        return start.handler(event, SimpleNamespace(aws_request_id=request or f"r{next(requests)}"))

    return with_event
