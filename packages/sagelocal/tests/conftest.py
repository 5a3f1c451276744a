"""Small pipelines to run, and who hears of them."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from building import Build, Json

from sagelocal import ExecutionRecord, LocalSageMaker
from sagelocal.jobs.machine import Machine
from sagelocal.processes.launching import ProcessLauncher
from sagelocal.processes.slots import Slots
from sagelocal.storage.buckets import Storage


@pytest.fixture(scope="session", autouse=True)
def heard_signals() -> None:
    """Hear Ctrl-C and hang-ups: what a shell or nohup runs in the background is deaf to them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Notes:
    """A listener that remembers, and can be waited for."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []
        self.trials: list[tuple[str, int, int, float | None, float | None]] = []
        self.details: dict[str, str] = {}
        self.started = threading.Event()

    def step_changed(self, name: str, kind: str, status: str, detail: str) -> None:
        self.steps.append((name, status))
        self.details[name] = f"{kind}: {detail}"
        self.started.set()

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None:
        self.trials.append((step, number, total, value, best))


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return Build(tmp_path)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def sagemaker(home: Path) -> LocalSageMaker:
    return LocalSageMaker(home, slots=2)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(
        storage=Storage(tmp_path / "s3"),
        launcher=ProcessLauncher(),
        slots=Slots(2),
        work=tmp_path / "work",
        logs=tmp_path / "logs",
    )


@pytest.fixture
def start(sagemaker: LocalSageMaker, build: Build):
    """Run steps to their end and return the record, read back from disk."""

    def run(*steps: Json, declared: list[Json] | None = None, **options: Any) -> ExecutionRecord:
        definition = build.definition(*steps, parameters=declared)
        record = sagemaker.start(definition, pipeline_name="demo", **options)
        assert sagemaker.execution(record.id) == record
        return record

    return run
