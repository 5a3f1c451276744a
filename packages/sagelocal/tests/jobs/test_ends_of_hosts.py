"""When one host ends, and when all are to."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from several_hosts import MEETING, model_files
from waiting import NET_SECONDS, is_alive, wait_until

from sagelocal.errors import StoppedError
from sagelocal.forking.launching import ForkLauncher, forking_is_safe
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.training import run_training_job
from sagelocal.processes.launching import ProcessLauncher

KINDS = [ProcessLauncher, *([ForkLauncher] if forking_is_safe() else [])]


# The second host ends itself once the others have said who they are; they would wait for ever.
LOSE_ONE = """
import os, pathlib, signal, time
marks = pathlib.Path(MARKS)
me = os.environ["SM_CURRENT_HOST"]
(marks.parent / me).write_text(str(os.getpid()))
os.replace(marks.parent / me, marks / me)
while len(list(marks.iterdir())) < 3:
    time.sleep(0.02)
if me == "algo-2":
    END
signal.signal(signal.SIGTERM, IGNORED)
time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "ignored", "reason", "code"),
    [
        ("os.kill(os.getpid(), 9)", "signal.SIG_DFL", "killed by signal 9", -9),
        ("raise SystemExit(3)", "signal.SIG_DFL", "exit code 3", 3),
        ("raise SystemExit(3)", "signal.SIG_IGN", "exit code 3", 3),
        ("raise ValueError('that is why')", "signal.SIG_DFL", "ValueError: that is why", 1),
    ],
)
@pytest.mark.parametrize("launcher_type", KINDS)
def test_the_death_of_one_host_fails_the_job_at_once_with_its_name(
    build, machine: Machine, tmp_path, launcher_type, end, ignored, reason: str, code: int
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    source = LOSE_ONE.replace("MARKS", repr(str(marks))).replace("END", end)
    build.put_code(machine.storage, fit=source.replace("IGNORED", ignored))
    request = build.training_request()
    request["ResourceConfig"]["InstanceCount"] = 3
    started = time.monotonic()
    with launcher_type().for_trials("tune") as trials:
        trial_machine = replace(machine, launcher=trials)
        response = run_training_job(request, name="job", step="Step", machine=trial_machine)
    assert time.monotonic() - started < 50, "the others have been waited for"
    assert response["TrainingJobStatus"] == "Failed"
    assert response["ExitCode"] == code
    assert response["FailureReason"].startswith("Host algo-2: ")
    assert reason in response["FailureReason"]
    pids = [int(mark.read_text()) for mark in marks.iterdir()]
    assert wait_until(lambda: not any(map(is_alive, pids)))
    assert not machine.storage.exists("s3://bucket/models/job")
    assert (machine.work / "job" / "algo-3").is_dir()


def test_a_host_may_be_done_long_before_the_others(train, machine: Machine) -> None:
    source = MEETING + (
        "if me == 'algo-2':\n    raise SystemExit\ntime.sleep(0.5)\n(model / me).write_text(me)\n"
    )
    assert train(source, 3)["TrainingJobStatus"] == "Completed"
    assert sorted(model_files(machine)) == ["algo-1", "algo-3"]


@pytest.mark.slow
def test_all_hosts_are_stopped_when_time_is_up(train) -> None:
    response = train("import time; time.sleep(60)", 2, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert response["TrainingJobStatus"] == "Stopped"
    assert "MaxRuntimeExceeded" in response["FailureReason"]


def test_stopping_an_execution_ends_all_hosts(build, machine: Machine, tmp_path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    source = LOSE_ONE.replace("MARKS", repr(str(marks))).replace("< 3", "< 2")
    source = source.replace("END", "pass").replace("IGNORED", "signal.SIG_DFL")
    build.put_code(machine.storage, fit=source)
    request = build.training_request()
    request["ResourceConfig"]["InstanceCount"] = 2
    request["StoppingCondition"]["MaxRuntimeInSeconds"] = 600
    errors: list[Exception] = []

    def run() -> None:
        try:
            run_training_job(request, name="job", step="Step", machine=machine)
        except StoppedError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert wait_until(lambda: all((marks / f"algo-{n}").is_file() for n in (1, 2)))
    machine.launcher.stop()
    thread.join(NET_SECONDS)
    assert len(errors) == 1
    pids = [int(mark.read_text()) for mark in marks.iterdir()]
    assert wait_until(lambda: not any(map(is_alive, pids)))
