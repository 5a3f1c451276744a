"""A local Athena, a lake with the same table, and Ingest as SageMaker would start it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.athena.ingest import Ingest
from tests.athena.table import TABLE, Account, fill
from tests.baking import generate
from tests.servers import REGION, environment, free_port, serving

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Start an account with a bucket, a workgroup, and the table in two files."""
    port, home = free_port(), tmp_path_factory.mktemp("ministack")
    python = environment("ministack", HERE / "requirements.lock") / "bin/python"
    account = Account(port)
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
    }
    command = [str(python), str(HERE / "server.py")]
    with serving(command, lambda: account.client("s3").list_buckets(), variables):
        fill(account)
        yield account


@pytest.fixture(scope="session")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate the project whose job is run."""
    return generate(template, tmp_path_factory.mktemp("athena") / "output", {})


@pytest.fixture
def ingest(project: Path, tmp_path: Path) -> Ingest:
    """The job, with nothing run yet."""
    return Ingest(project, tmp_path)


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Lay the table into a lake; how the job finds it."""
    root = tmp_path_factory.mktemp("lake")
    (root / "estate/houses").mkdir(parents=True)
    for number, part in enumerate((TABLE[:4], TABLE[4:])):
        pq.write_table(part, root / f"estate/houses/{number}.parquet")
    return {"LAKE_URI": root.as_uri()}
