"""A project with two templates, and CloudFormation that answers for them."""

from __future__ import annotations

import pytest
from stacks import LAKE, ROLES, Cloud

from sagetabular.infrastructure.stacking import calls


@pytest.fixture
def stacked(deployable):
    """The small project with two templates."""
    deployable.write("infrastructure/data-lake.yaml", LAKE)
    deployable.write("infrastructure/roles.yaml", ROLES)
    return deployable


@pytest.fixture
def cloud(aws, stacked, monkeypatch):
    """CloudFormation, asked by whom it knows; nobody waits in these tests."""
    monkeypatch.setattr(calls, "_pauses", lambda: iter([0.0] * 50))
    aws.knows_who_asks()
    return Cloud(aws)
