"""Batch transforms over a server that notes what it is asked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from batch_server import ARTEFACT, SERVER, put_model, request

from sagelocal import ServeCommand
from sagelocal.jobs.machine import Machine
from sagelocal.models import ModelStore
from sagelocal.transform.job import run_transform_job


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes.jsonl"


@pytest.fixture
def command(tmp_path: Path, notes: Path) -> ServeCommand:
    program = tmp_path / "serve.py"
    program.write_text(SERVER)
    return ServeCommand(["python", str(program)], {"NOTES": str(notes), "OF": "the command"})


@pytest.fixture
def ready(machine: Machine, command: ServeCommand, tmp_path: Path) -> Machine:
    put_model(machine.storage, tmp_path)
    return replace(machine, serve=command)


@pytest.fixture
def models(ready: Machine, tmp_path: Path) -> ModelStore:
    models = ModelStore(tmp_path / "executions" / "20260101-000000-0000", ready.storage)
    container = {"Image": "image", "ModelDataUrl": ARTEFACT, "Environment": {"OF": "the model"}}
    models.create({"PrimaryContainer": container}, step="Create", default_name="model")
    return models


@pytest.fixture
def transform(ready: Machine, models: ModelStore):
    """Run a job over objects, and return its response."""

    def run_job(objects: dict[str, bytes], **rest: Any):
        for name, content in objects.items():
            ready.storage.put_bytes(f"s3://bucket/in/{name}", content)
        return run_transform_job(
            request(**rest), name="job", step="Step", machine=ready, models=models
        )

    return run_job


@pytest.fixture
def outputs(ready: Machine):
    def read() -> dict[str, bytes]:
        names = ready.storage.objects("s3://bucket/out")
        return {name: ready.storage.read_bytes(f"s3://bucket/out/{name}") for name in names}

    return read


@pytest.fixture
def noted(notes: Path):
    def read(key: str) -> list[Any]:
        entries = [json.loads(line) for line in notes.read_text().splitlines()]
        return [entry[key] for entry in entries if key in entry]

    return read
