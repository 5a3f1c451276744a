"""Control: who starts an execution in a thread of its own can stop it, and limit its steps."""

from __future__ import annotations

import threading
from pathlib import Path

from building import Build
from small_steps import after, statuses
from waiting import wait_until

from sagelocal import ExecutionRecord, LocalSageMaker
from sagelocal.executions.control import Control

SLEEP = "import time; time.sleep(600)"


def test_an_execution_is_stopped_by_another_thread(
    sagemaker: LocalSageMaker, build: Build, notes
) -> None:
    definition = build.definition(
        build.processing("Sleep", SLEEP), build.processing("After", step=after("Sleep"))
    )
    there: list[ExecutionRecord] = []
    control = Control(created=there.append)

    def stop() -> None:
        notes.started.wait()
        assert sagemaker.execution(there[0].id).status == "Executing"
        control.stop()

    threading.Thread(target=stop).start()
    record = sagemaker.start(definition, pipeline_name="demo", listener=notes, control=control)
    assert record.status == "Stopped"
    assert statuses(record) == {"Sleep": "Stopped", "After": "NotExecuted"}
    assert sagemaker.execution(record.id) == record


def test_a_job_that_waits_for_a_slot_of_another_execution_is_stopped(
    home: Path, build: Build
) -> None:
    sagemaker = LocalSageMaker(home, slots=1)
    controls, records = [Control(), Control()], []
    definition = build.definition(build.processing("Sleep", SLEEP))

    def run(control: Control) -> None:
        records.append(sagemaker.start(definition, pipeline_name="demo", control=control))

    threads = [threading.Thread(target=run, args=[control]) for control in controls]
    threads[0].start()
    wait_until(lambda: list(home.glob("executions/*/logs/Sleep/*.log")))
    threads[1].start()
    wait_until(lambda: len(sagemaker.executions()) == 2)
    controls[1].stop()
    threads[1].join(30)
    assert [record.status for record in records] == ["Stopped"], "it has waited for the slot"
    controls[0].stop()
    threads[0].join()


def test_no_more_steps_run_at_once_than_it_allows(
    sagemaker: LocalSageMaker, build: Build, notes
) -> None:
    definition = build.definition(*(build.processing(name) for name in "ABC"))
    sagemaker.start(
        definition, pipeline_name="demo", listener=notes, control=Control(parallel_steps=1)
    )
    statuses_in_order = [status for _, status in notes.steps]
    assert statuses_in_order == ["Executing", "Succeeded"] * 3
