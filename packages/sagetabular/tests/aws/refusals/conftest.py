"""A server that refuses, and the project whose commands ask it."""

from __future__ import annotations

import shutil
import subprocess
import threading

import boto3
import pyarrow as pa
import pytest
from deployables import commit_all, name_variables
from refusing import Server

from sagetabular.lake.store import table_folder, write_table
from sagetabular.project import Project


@pytest.fixture
def server(monkeypatch):
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory, new_example):
    """What a deployable project has beside its files: a commit, a definition and a table."""
    example = new_example(tmp_path_factory.mktemp("prepared") / "example")
    name_variables(example)
    commit_all(example.root)
    subprocess.run(["git", "repack", "-adq"], cwd=example.root, check=True)
    example.compile()
    folder = table_folder(Project(example.root).lake, "estate", "sales")
    write_table(folder, pa.table({"rooms": [3]}), kind="files", title="rows")
    return example.root


@pytest.fixture
def project(deployable, prepared, engines, monkeypatch):
    """The small project, compiled, in a commit, with credentials and a container engine."""
    for folder in (".git", ".pipeline"):
        shutil.copytree(prepared / folder, deployable.root / folder)
    (deployable.root.parent / "rows.csv").write_text("rooms\n3\n")
    engines.install("podman")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(deployable.root / "none"))
    return deployable
