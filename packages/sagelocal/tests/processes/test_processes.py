from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from waiting import NET_SECONDS, is_alive, wait_until

from sagelocal.errors import DefinitionError, StoppedError
from sagelocal.forking import client as fork_client
from sagelocal.forking import launching as fork_launching
from sagelocal.forking.launching import ForkLauncher, forking_is_safe
from sagelocal.jobs.containers import job_environment
from sagelocal.processes import launching
from sagelocal.processes.commands import Command
from sagelocal.processes.launching import ProcessLauncher

# Starts a child of its own, says which, and waits for ever.
WITH_CHILD = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(child.pid, flush=True)\n"
)


KINDS = [ProcessLauncher, *([ForkLauncher] if forking_is_safe() else [])]


@pytest.fixture(params=KINDS)
def launcher(request: pytest.FixtureRequest) -> ProcessLauncher:
    return request.param()


@pytest.fixture
def run(launcher: ProcessLauncher):
    """Run a command the way a trial runs, in each kind of launcher."""
    with launcher.for_trials("Tune") as trials:
        yield trials.run


def command(tmp_path: Path, code: str, seconds: float | None = 30) -> Command:
    log, program = tmp_path / "logs" / "job.log", tmp_path / "program.py"
    program.write_text(code)
    environment = job_environment({}, isolated=True)
    return Command([sys.executable, str(program)], environment, tmp_path, log, seconds)


def printed_pid(log: Path) -> int:
    assert wait_until(lambda: log.is_file() and log.read_text().endswith("\n"))
    return int(log.read_text())


def test_output_and_errors_go_to_the_log_and_the_exit_code_comes_back(tmp_path: Path, run) -> None:
    job = command(tmp_path, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    ended = run(job)
    assert (ended.code, ended.timed_out) == (3, False)
    assert job.log.read_text() == "out\nerr\n"


def test_a_job_that_takes_too_long_is_ended_with_all_its_children(tmp_path: Path, run) -> None:
    for seconds in (0.5, 5, 50):  # on a slow machine it may not even have begun
        job = command(tmp_path, WITH_CHILD + "time.sleep(600)", seconds=seconds)
        ended = run(job)
        assert ended.timed_out
        assert ended.code != 0
        assert ended.seconds < seconds + NET_SECONDS
        if job.log.read_text():
            break
    assert wait_until(lambda: not is_alive(printed_pid(job.log)))


def test_what_a_job_leaves_running_is_killed(tmp_path: Path, run) -> None:
    job = command(tmp_path, WITH_CHILD)
    assert run(job).code == 0
    assert wait_until(lambda: not is_alive(printed_pid(job.log)))


def test_stop_ends_what_runs_and_starts_nothing_more(tmp_path: Path, launcher, run) -> None:
    job = command(tmp_path, WITH_CHILD + "time.sleep(600)", seconds=None)
    errors: list[Exception] = []

    def wait() -> None:
        try:
            run(job)
        except StoppedError as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    child = printed_pid(job.log)
    launcher.stop()
    thread.join(NET_SECONDS)
    assert len(errors) == 1
    assert wait_until(lambda: not is_alive(child))
    with pytest.raises(StoppedError):
        run(command(tmp_path, "open('started', 'w')"))
    assert not (tmp_path / "started").exists()


def test_a_job_that_is_stopped_has_a_moment_to_tidy_up(
    tmp_path: Path, launcher, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (launching, fork_launching, fork_client):
        monkeypatch.setattr(module, "GRACE_SECONDS", NET_SECONDS)
    tidy = (
        "import os, signal, sys, time\n"
        "def end(*_):\n    time.sleep(0.3)\n    print('tidy', flush=True)\n    os._exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nprint('ready', flush=True)\ntime.sleep(60)\n"
    )
    job = command(tmp_path, tidy)
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(run, job)
        assert wait_until(lambda: job.log.is_file() and job.log.read_text() == "ready\n")
        launcher.stop()
        assert isinstance(ended.exception(), StoppedError)
    assert job.log.read_text() == "ready\ntidy\n"


def test_a_program_that_does_not_exist_is_an_error_that_names_it(tmp_path: Path, run) -> None:
    job = Command(["no-such-program"], {}, tmp_path, tmp_path / "log")
    with pytest.raises(DefinitionError, match="no-such-program"):
        run(job)


def test_credentials_and_settings_of_the_host_stay_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "PYTHONPATH", "OMP_NUM_THREADS", "SECRET"):
        monkeypatch.setenv(name, "of the host")
    environment = job_environment({"MY": "own"}, isolated=False)
    assert "of the host" not in environment.values()
    assert environment["MY"] == "own"
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["PATH"] == os.environ["PATH"]


def test_only_an_isolated_job_is_pointed_at_a_closed_port() -> None:
    assert "AWS_ENDPOINT_URL" in job_environment({}, isolated=True)
    assert "AWS_ENDPOINT_URL" not in job_environment({}, isolated=False)
