"""An interrupt ends the jobs, and the record says so."""

from __future__ import annotations

import signal
import threading
import time

import pytest
from small_steps import after, statuses
from waiting import wait_until


def test_an_interrupt_ends_the_jobs_and_leaves_a_record_that_says_stopped(
    sagemaker, build, tmp_path
) -> None:
    marks = [tmp_path / "endless", tmp_path / "fit"]
    endless = "import pathlib, time\npathlib.Path({!r}).touch()\ntime.sleep(600)\n"
    build.put_code(sagemaker.storage, fit=endless.format(str(marks[1])))
    definition = build.definition(
        build.processing("Endless", endless.format(str(marks[0]))),
        {"Name": "Tune", "Type": "Tuning", "Arguments": build.tuning_request(4, 2)},
        build.processing("After", step=after("Endless")),
    )

    def interrupt() -> None:
        wait_until(lambda: all(mark.exists() for mark in marks))
        # The system may give a signal to any thread, which wakes no other.
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    began = time.monotonic()
    record = sagemaker.start(definition, pipeline_name="demo")
    assert time.monotonic() - began < 50, "the jobs have been waited for"
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
