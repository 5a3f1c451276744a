"""A local AWS server in an environment of its own, and a project that CodeBuild would build."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.codebuild import CodeBuild
from tests.aws.server import BUCKET, Server
from tests.baking import generate
from tests.servers import REGION, environment, free_port, serving

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def moto() -> Path:
    """Install the server as locked and return its program."""
    return environment("moto", HERE / "requirements.lock") / "bin/moto_server"


@pytest.fixture
def server(moto: Path) -> Iterator[Server]:
    """Start an empty account, but for a bucket that keeps all versions."""
    port = free_port()
    server = Server(port)
    command = [str(moto), "-H", "127.0.0.1", "-p", str(port)]
    with serving(command, lambda: server.client("sts").get_caller_identity()):
        s3 = server.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        versions = {"Status": "Enabled"}
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versions)
        yield server


@pytest.fixture
def codebuild(template: Path, server: Server, tmp_path: Path) -> CodeBuild:
    """Check a new project out on a build server, as its first commit."""
    project = generate(template, tmp_path / "output", {"source_control": "codecommit"})
    subprocess.run(["git", "init", "-q", project], check=True)
    return CodeBuild(project, server, tmp_path)
