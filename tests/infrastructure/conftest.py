"""Fixture: an account of AWS on this machine, with nothing in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infrastructure.account import Account, account_in
from tests.servers import environment

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def ministack() -> Path:
    """Install the server as locked and return the folder of its programs."""
    return environment("ministack-infrastructure", HERE / "ministack.lock") / "bin"


@pytest.fixture
def server_program() -> Path:
    """Return the server's program; a module in which roles count has one that enforces them."""
    return HERE / "server.py"


@pytest.fixture
def account(ministack: Path, server_program: Path, tmp_path: Path) -> Iterator[Account]:
    """Start an empty account, whose Lambdas run in the server's environment.

    They, and `account.client`, look for SageMaker at `account.sagemaker_port`, where nothing is
    until the test starts it.
    """
    with account_in(tmp_path / "ministack", ministack, server_program) as account:
        yield account
