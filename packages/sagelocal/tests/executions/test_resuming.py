"""Resuming: what was finished before a stop, a failure or a kill is not done again."""

from __future__ import annotations

import os
import threading

import pytest
from waiting import wait_until

from sagelocal import ExecutionStateError, Reuse


def test_finished_steps_are_kept_and_the_failed_one_runs_again(start, build, sagemaker, tmp_path):
    fixed = tmp_path / "fixed"
    test = f"import pathlib, sys; sys.exit(not pathlib.Path({str(fixed)!r}).exists())"
    broken = build.processing("Break", test, step={"DependsOn": ["Make"]})
    after = build.processing("After", step={"DependsOn": ["Break"]})
    record = start(build.processing("Make"), broken, after)
    assert (record.status, record.failed_step) == ("Failed", "Break")
    definition = (record.directory / "definition.json").read_bytes()

    fixed.touch()
    again = sagemaker.resume(record.id[:-1])
    assert (again.status, again.id, again.attempts) == ("Succeeded", record.id, 2)
    assert (again.failure_reason, again.failed_step) == (None, None)
    assert again.steps["Make"] == record.steps["Make"]
    assert {step.status for step in again.steps.values()} == {"Succeeded"}
    assert sagemaker.execution(record.id) == again
    assert (record.directory / "definition.json").read_bytes() == definition
    assert again.parameters == record.parameters
    assert [log.stem.rpartition(".")[2] for log in again.log_files("Break")] == [
        "attempt-1",
        again.log_files("Break")[1].stem,
    ]


@pytest.mark.slow
def test_an_execution_that_has_succeeded_or_runs_is_refused(start, build, sagemaker, tmp_path):
    record = start(build.processing("Make"))
    with pytest.raises(ExecutionStateError) as caught:
        sagemaker.resume(record.id)
    assert str(caught.value).splitlines() == [
        f"Execution {record.id} has succeeded: there is nothing left to resume.",
        "Start a new one.",
    ]
    done = tmp_path / "done"
    wait = f"import os, time\nwhile not os.path.exists({str(done)!r}): time.sleep(0.01)\n"
    thread = threading.Thread(target=start, args=[build.processing("Wait", wait)])
    thread.start()
    assert wait_until(lambda: sagemaker.executions()[0].id != record.id)
    with pytest.raises(ExecutionStateError, match=f"is still running, in process {os.getpid()}"):
        sagemaker.resume(sagemaker.executions()[0].id)
    done.touch()
    thread.join()


def test_a_model_is_registered_once_though_its_note_was_lost(start, sagemaker, build):
    register = {
        "Name": "Register",
        "Type": "RegisterModel",
        "Arguments": {"ModelPackageGroupName": "group"},
    }
    record = start(register)
    for file, old in (("execution", "Succeeded"), ("steps/Register", "Succeeded")):
        path = record.directory / f"{file}.json"
        path.write_text(path.read_text().replace(f'"{old}"', '"Stopped"'))
    again = sagemaker.resume(record.id)
    assert again.status == "Succeeded"
    assert again.steps["Register"].response["ModelPackageVersion"] == 1
    assert len(sagemaker.registry.packages("group")) == 1
    start(register)
    assert len(sagemaker.registry.packages("group")) == 2


def test_a_cache_that_was_left_alone_stays_so_when_resumed(start, build, sagemaker, tmp_path):
    cached = {"CacheConfig": {"Enabled": True, "ExpireAfter": "P30D"}}
    make = build.processing("Make", step=cached)
    start(make)
    flag = tmp_path / "flag"
    wait = build.processing("Test", f"open({str(flag)!r})", step=cached)
    make_after = build.processing("Make", step={**cached, "DependsOn": ["Test"]})
    record = start(wait, make_after, reuse=Reuse(cache=False))
    assert record.status == "Failed"
    flag.touch()
    assert sagemaker.resume(record.id).steps["Make"].cached_from is None
