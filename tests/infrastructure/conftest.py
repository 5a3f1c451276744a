"""Fixture: an account of AWS on this machine, with nothing in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infrastructure.account import NUMBER, Account
from tests.servers import REGION, environment, free_port, serving

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
    account = Account(free_port(), free_port())
    (home := tmp_path / "ministack").mkdir()
    variables = {
        "PATH": f"{ministack}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "TMPDIR": str(home),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": account.environment["AWS_ENDPOINT_URL"].rpartition(":")[2],
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": NUMBER,
        **account.environment,
    }
    command = [str(ministack / "python"), str(server_program)]
    with serving(command, lambda: account.client("sts").get_caller_identity(), variables):
        yield account
