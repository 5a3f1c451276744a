"""Preparation: what trials share is done once and early, and no result shows that it was."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from searches import in_turn

from sagelocal import LocalSageMaker
from sagelocal.forking.launching import ForkLauncher, TrialLauncher, forking_is_safe, launcher_type
from sagelocal.jobs.machine import Machine
from sagelocal.tuning.job import run_tuning_job

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not forking_is_safe(), reason="there are forks on Linux only"),
]

# A program that offers to prepare, and says how often it has, and who runs.
PROGRAM = """
import json, os, pathlib, sys
import shared

def prepare():
    base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
    given = json.loads((base / "input/config/hyperparameters.json").read_text())
    assert "x" not in given and given["sagemaker_program"] == "fit.py"
    shared.NUMBERS.append(4)
    PREPARE

if __name__ == "__main__":
    numbers = shared.NUMBERS or [4]
    numbers.append(1)
    assert len(numbers) == 2, numbers
    note = pathlib.Path(NOTES, os.environ["TRAINING_JOB_NAME"])
    (own,) = {path for path in sys.path if "tune-" in path and "/.python/" not in path}
    assert own == os.environ["PYTHONPATH"]
    note.write_text(f"{bool(shared.NUMBERS)} {os.getppid()} {pathlib.Path.cwd()} {sys.path[0]}")
    x = float(sys.argv[sys.argv.index("-x") + 1])
    print(f"cv:r2={numbers[0] + x};")
"""
OUTCOMES = {
    "well": ("pass", True),
    "error": ("raise ValueError('on purpose')", False),
    "exit": ("sys.exit(0)", False),
    "hard exit": ("os._exit(0 if False else 3)", False),
    "killed": ("os.kill(os.getpid(), 9)", False),
    "thread": (
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
        False,
    ),
}


@pytest.fixture
def run(machine: Machine, build, tmp_path: Path):
    notes = tmp_path / "notes"
    notes.mkdir()

    def run_job(prepare: str = "pass", isolation: str = "fork", trials: int = 4):
        source = PROGRAM.replace("PREPARE", prepare).replace("NOTES", repr(str(notes)))
        build.put_code(machine.storage, fit=source, shared="NUMBERS = []\n")
        response = run_tuning_job(
            build.tuning_request(trials, 2),
            name="tune",
            step="Tune",
            machine=replace(machine, launcher=launcher_type(isolation)()),
            trial_finished=lambda *_event: None,
        )
        noted = [note.read_text().split() for note in sorted(notes.iterdir())]
        values = [
            trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
            for trial in in_turn(response)
        ]
        return values, noted

    return run_job


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_trials_find_what_was_prepared_or_do_without(run, machine: Machine, outcome: str) -> None:
    code, shared = OUTCOMES[outcome]
    plain, by_themselves = run(isolation="process")
    values, noted = run(code)
    assert values == plain
    assert [words[0] for words in by_themselves] == ["False"] * 4
    assert [words[0] for words in noted] == [str(shared)] * 4
    assert len({words[1] for words in noted}) == 1, "all come from one server"
    assert int(noted[0][1]) != os.getpid()
    assert all(words[2] == words[3] for words in noted), "each works in its own folder"
    assert len({words[2] for words in noted}) == 4
    assert not any(machine.work.iterdir())


def test_a_program_that_does_not_offer_to_prepare_is_not_run_beforehand(
    machine: Machine, build, tmp_path: Path
) -> None:
    count = f"open({str(tmp_path / 'runs')!r}, 'a').write('x')\n"
    build.put_code(machine.storage, fit=count + "print('cv:r2=1;')\n")
    run_tuning_job(
        build.tuning_request(3, 1),
        name="tune",
        step="Tune",
        machine=replace(machine, launcher=ForkLauncher()),
        trial_finished=lambda *_event: None,
    )
    assert (tmp_path / "runs").read_text() == "xxx"


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch):
    """Note when servers start, and which of them still live."""
    started: list[tuple[float, TrialLauncher]] = []
    start = TrialLauncher.start

    def noting(self, command):
        if self._server is None:
            started.append((time.monotonic(), self))
        start(self, command)

    monkeypatch.setattr(TrialLauncher, "start", noting)
    return started


def all_ended(servers) -> bool:
    return all(one._server._process.returncode is not None for _, one in servers)


def pipeline_of(build, first: str, *, depends: bool = True, models: int = 1):
    """Return a step, and tuning steps that wait for it."""
    output = {"result": "s3://bucket/result"} if depends else {}
    steps = [build.processing("First", first, outputs=output)]
    for number in range(models):
        step = {"Name": f"Tune{number}", "Type": "Tuning", "Arguments": build.tuning_request(2, 2)}
        steps.append({**step, "DependsOn": ["First"], "CacheConfig": CACHED})
    steps[0]["CacheConfig"] = CACHED
    return build.definition(*steps)


CACHED = {"Enabled": True, "ExpireAfter": "30d"}
WRITE = (
    "import os, pathlib, time; time.sleep(0.5)\n"
    "folder = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'processing/output/result')\n"
    "folder.mkdir(parents=True, exist_ok=True); (folder / 'a').write_text('b')\n"
)
SCORE = "print('cv:r2=1;')\n"


def test_servers_start_while_the_step_before_still_runs(home, build, servers) -> None:
    sagemaker = LocalSageMaker(home, slots=2)
    build.put_code(sagemaker.storage, fit=SCORE)
    record = sagemaker.start(pipeline_of(build, WRITE, models=2), pipeline_name="demo")
    assert record.status == "Succeeded", record.failure_reason
    assert len(servers) == 2
    assert len({one for _, one in servers}) == 2
    assert all_ended(servers)
    names = [one for one in os.listdir(record.work) if "libraries" in one]  # noqa: PTH208
    assert names == []


@pytest.mark.slow
def test_no_server_starts_when_all_is_reused_or_when_only_the_tuning_step_is(
    home, build, servers
) -> None:
    sagemaker = LocalSageMaker(home, slots=2)
    build.put_code(sagemaker.storage, fit=SCORE)
    definition = pipeline_of(build, WRITE)
    sagemaker.start(definition, pipeline_name="demo")
    assert len(servers) == 1
    again = sagemaker.start(definition, pipeline_name="demo")
    assert [step.shown_status for step in again.steps.values()] == ["Succeeded (cached)"] * 2
    assert len(servers) == 1
    changed = pipeline_of(build, WRITE + "# changed\n")
    third = sagemaker.start(changed, pipeline_name="demo")
    assert third.steps["Tune0"].shown_status == "Succeeded (cached)"
    assert len(servers) == 2, "one was expected to be needed, since the step before it ran"
    assert all_ended(servers)


def test_a_server_that_is_not_needed_after_all_ends_with_the_execution(
    home, build, servers
) -> None:
    sagemaker = LocalSageMaker(home, slots=2)
    build.put_code(sagemaker.storage, fit=SCORE)
    failing = pipeline_of(build, "import sys, time; time.sleep(0.3); sys.exit(2)")
    record = sagemaker.start(failing, pipeline_name="demo")
    assert record.status == "Failed"
    assert len(servers) == 1
    assert all_ended(servers)


def test_an_interrupt_ends_a_server_that_was_started_ahead(home, build, notes, servers) -> None:
    sagemaker = LocalSageMaker(home, slots=2)
    build.put_code(sagemaker.storage, fit=SCORE)

    def interrupt() -> None:
        while not servers:
            time.sleep(0.01)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)  # not to who waits

    threading.Thread(target=interrupt, daemon=True).start()
    record = sagemaker.start(
        pipeline_of(build, "import time; time.sleep(30)"), pipeline_name="demo", listener=notes
    )
    assert record.status == "Stopped"
    assert all_ended(servers)


def test_an_isolation_of_processes_starts_no_server(home, build, servers) -> None:
    sagemaker = LocalSageMaker(home, slots=2, isolation="process")
    build.put_code(sagemaker.storage, fit=SCORE)
    record = sagemaker.start(pipeline_of(build, WRITE), pipeline_name="demo")
    assert record.status == "Succeeded"
    assert servers == []
