"""An interrupt ends the jobs, and the record says so."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from small_steps import after, statuses


def test_an_interrupt_ends_the_jobs_and_leaves_a_record_that_says_stopped(
    sagemaker, build, notes
) -> None:
    build.put_code(sagemaker.storage, fit="import time; time.sleep(60)")
    definition = build.definition(
        build.processing("Endless", "import time; time.sleep(60)"),
        {"Name": "Tune", "Type": "Tuning", "Arguments": build.tuning_request(4, 2)},
        build.processing("After", step=after("Endless")),
    )

    def interrupt() -> None:
        notes.started.wait(20)
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    began = time.monotonic()
    record = sagemaker.start(definition, pipeline_name="demo", listener=notes)
    assert time.monotonic() - began < 20
    assert record.status == "Stopped"
    assert statuses(record) == {"Endless": "Stopped", "Tune": "Stopped", "After": "NotExecuted"}
    assert sagemaker.execution(record.id) == record


def test_an_interrupt_between_two_steps_leaves_none_that_claims_to_run(
    sagemaker, build, notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_name: str, _kind: str, status: str, _detail: str) -> None:
        if status == "Executing":
            raise KeyboardInterrupt

    monkeypatch.setattr(notes, "step_changed", interrupt)
    definition = build.definition(build.processing("A"), build.processing("B"))
    record = sagemaker.start(definition, pipeline_name="demo", listener=notes)
    assert record.status == "Stopped"
    assert statuses(record) == {"A": "Stopped", "B": "NotExecuted"}
    assert sagemaker.execution(record.id) == record
