"""What was finished before a stop, a failure or a kill is not done again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from localsage import ExecutionStateError, LocalSageMaker, Reuse

SCORE = (
    "import os, pathlib, sys, time\n"
    "x = sys.argv[sys.argv.index('--x') + 1]\n"
    "name = os.environ['TRAINING_JOB_NAME']\n"
    "with open({ran!r}, 'a') as file: file.write(name + chr(10))\n"
)
PUBLISH = (
    "(pathlib.Path(os.environ['SM_MODEL_DIR']) / 'cv.json').write_text(x)\nprint('cv:r2=%s;' % x)\n"
)


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """Every trial that runs writes its name into this file."""
    return tmp_path / "ran"


@pytest.fixture
def tuning(build, sagemaker, ran):
    """Steps `Tune` and `Fit`, with code of the trials to come before their result."""

    def make(code: str = "", **options: Any) -> list[dict[str, Any]]:
        source = SCORE.format(ran=str(ran)) + code + PUBLISH
        build.put_code(sagemaker.storage, fit=source)
        tune = {"Name": "Tune", "Type": "Tuning", "Arguments": build.tuning_request(**options)}
        best = {"Get": "Steps.Tune.BestTrainingJob.TunedHyperParameters['x']"}
        request = build.training_request(x=best)
        return [tune, {"Name": "Fit", "Type": "Training", "Arguments": request}]

    return make


def trials_run(ran: Path) -> list[str]:
    """Numbers of the trials, in the order in which they started."""
    return [name[-3:] for name in ran.read_text().split() if "-Tune-" in name]


def test_finished_steps_are_kept_and_the_failed_one_runs_again(start, build, sagemaker, tmp_path):
    mended = tmp_path / "mended"
    test = f"import pathlib, sys; sys.exit(not pathlib.Path({str(mended)!r}).exists())"
    broken = build.processing("Break", test, step={"DependsOn": ["Make"]})
    after = build.processing("After", step={"DependsOn": ["Break"]})
    record = start(build.processing("Make"), broken, after)
    assert (record.status, record.failed_step) == ("Failed", "Break")
    definition = (record.directory / "definition.json").read_bytes()

    mended.touch()
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
def test_an_execution_that_has_succeeded_or_runs_is_refused(start, build, sagemaker):
    record = start(build.processing("Make"))
    with pytest.raises(ExecutionStateError) as caught:
        sagemaker.resume(record.id)
    assert str(caught.value).splitlines() == [
        f"Execution {record.id} has succeeded: there is nothing left to resume.",
        "Start a new one.",
    ]
    thread = threading.Thread(
        target=start, args=[build.processing("Wait", "import time; time.sleep(1)")]
    )
    thread.start()
    while sagemaker.executions()[0].id == record.id:
        time.sleep(0.01)
    with pytest.raises(ExecutionStateError, match=f"is still running, in process {os.getpid()}"):
        sagemaker.resume(sagemaker.executions()[0].id)
    thread.join()


def test_no_trial_that_failed_by_itself_or_succeeded_is_repeated(start, tuning, sagemaker, ran):
    hopeless = "if float(x) < 0.5: sys.exit(3)\n"
    stop = "if name.endswith('-004'): os.kill(os.getpid(), 9)\n"
    record = start(*tuning("sys.exit(3)\n", trials=4, parallel=1))
    assert record.status == "Failed"
    sagemaker.resume(record.id)
    assert trials_run(ran) == ["001", "002", "003", "004"], "each has failed by itself"

    ran.write_text("")
    record = start(*tuning(hopeless + stop, trials=4, parallel=2))
    assert record.status == "Succeeded", record.failure_reason
    journal = record.directory / "trials/Tune"
    states = {json.loads(file.read_text())["status"] for file in journal.iterdir()}
    assert states == {"Completed", "Failed"}
    assert sorted(file.stem[-3:] for file in journal.iterdir()) == ["001", "002", "003"]


@pytest.mark.slow
def test_the_logs_of_all_hosts_of_a_finished_trial_stay_where_they_are(start, tuning, sagemaker):
    steps = tuning("time.sleep(0.5)\nsys.exit(3)\n", trials=2, parallel=1)
    steps[0]["Arguments"]["TrainingJobDefinition"]["ResourceConfig"]["InstanceCount"] = 2
    record = start(*steps)
    names = [
        f"pipelines-{record.id}-Tune-00{n}{host}.log" for n in (1, 2) for host in (".algo-2", "")
    ]
    assert [log.name for log in record.log_files("Tune")] == names
    again = sagemaker.resume(record.id)
    assert again.status == "Failed"
    assert [log.name for log in again.log_files("Tune")] == names


def test_a_trial_whose_model_is_gone_runs_again(start, tuning, sagemaker, ran, build):
    steps = tuning(trials=3, parallel=1)
    steps[1]["Arguments"]["HyperParameters"]["sagemaker_program"] = "missing.py"
    record = start(*steps)
    assert record.failed_step == "Fit"
    path = record.directory / "steps/Tune.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"status": "Stopped"}))
    name = content["response"]["TrainingJobSummaries"][1]["TrainingJobName"]
    model = sagemaker.storage.path(f"s3://bucket/models/{name}/output/model.tar.gz")
    before = model.read_bytes()
    model.unlink()
    sagemaker.resume(record.id)
    assert trials_run(ran) == ["001", "002", "003", "002"]
    assert model.read_bytes() == before


def test_a_search_that_asks_for_something_else_is_refused(start, tuning, sagemaker):
    steps = tuning(trials=2, parallel=1)
    steps[1]["Arguments"]["HyperParameters"]["sagemaker_program"] = "missing.py"
    record = start(*steps)
    path = record.directory / "steps/Tune.json"
    path.write_text(path.read_text().replace('"Succeeded"', '"Stopped"', 1))
    (trial, *_) = sorted((record.directory / "trials/Tune").iterdir())
    content = json.loads(trial.read_text())
    trial.write_text(json.dumps(content | {"hyperparameters": {"x": "0.5"}}))
    again = sagemaker.resume(record.id)
    assert again.failed_step == "Tune"
    assert f"Trial {trial.stem} ran with {{'x': '0.5'}}, and the search now" in again.failure_reason


def test_a_trial_that_found_the_disk_full_runs_again(start, tuning, sagemaker, ran, tmp_path):
    space = tmp_path / "space"
    full = f"if not pathlib.Path({str(space)!r}).exists(): raise OSError(28, os.strerror(28))\n"
    with pytest.raises(OSError, match="No space left on device"):
        start(*tuning(full, trials=2, parallel=1))
    (record,) = sagemaker.executions()
    assert (record.status, record.failed_step) == ("Failed", "Tune")
    space.touch()
    assert sagemaker.resume(record.id).status == "Succeeded"
    assert trials_run(ran) == ["001", "001", "002"]


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


RUN = """
import pathlib, sys
from localsage import LocalSageMaker
home = pathlib.Path(sys.argv[1])
sagemaker = LocalSageMaker(home, slots=2)
if len(sys.argv) > 2:
    record = sagemaker.resume(sys.argv[2])
else:
    record = sagemaker.start((home / "definition").read_bytes(), pipeline_name="demo")
"""


@pytest.fixture
def two_searches(build, home: Path) -> bytes:
    """Two searches side by side, each with a fit of its best trial."""
    storage = LocalSageMaker(home).storage
    source = SCORE.format(ran=str(home / "ran")) + PUBLISH
    build.put_code(storage, fit=source)
    steps = []
    for model in ("One", "Two"):
        request = build.tuning_request(trials=4, parallel=2, strategy="Bayesian")
        request["HyperParameterTuningJobConfig"]["RandomSeed"] = len(model) + ord(model[0])
        output = {"Get": "Execution.PipelineExecutionId"}
        path = {"Std:Join": {"On": "/", "Values": ["s3://bucket", output, model.lower()]}}
        request["TrainingJobDefinition"]["OutputDataConfig"] = {"S3OutputPath": path}
        steps.append({"Name": f"Tune{model}", "Type": "Tuning", "Arguments": request})
        best = {"Get": f"Steps.Tune{model}.BestTrainingJob.TunedHyperParameters['x']"}
        fit = build.training_request(x=best)
        fit["OutputDataConfig"] = {"S3OutputPath": path}
        steps.append({"Name": f"Fit{model}", "Type": "Training", "Arguments": fit})
    definition = build.definition(*steps)
    (home / "definition").write_bytes(definition)
    return definition


def launch(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(home), *arguments],
        env=environment,
        start_new_session=True,
    )


def wait_for_trials(process: subprocess.Popen[bytes], ran: Path, more: int) -> None:
    """Wait until as many more jobs have started, or the process has ended."""
    before = len(ran.read_text().split())
    while process.poll() is None and len(ran.read_text().split()) < before + more:
        time.sleep(0.005)


def results(sagemaker: LocalSageMaker, identifier: str) -> dict[str, Any]:
    """All that an execution found, the models to the byte, without names and times."""
    record = sagemaker.execution(identifier)
    assert record.status == "Succeeded", record.failure_reason
    trials = {
        name: [
            (trial["TunedHyperParameters"], trial["TrainingJobStatus"],
             trial["FinalHyperParameterTuningJobObjectiveMetric"])
            for trial in step.response["TrainingJobSummaries"]
        ]
        for name, step in record.steps.items()
        if step.kind == "Tuning"
    }  # fmt: skip
    root = sagemaker.storage.path(f"s3://bucket/{identifier}")
    files = {
        path.relative_to(root).as_posix().replace(identifier, ""): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }
    return {"trials": trials, "files": files}


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="process groups are killed")
@pytest.mark.parametrize("worker", range(4))
def test_kills_at_random_moments_change_nothing(home: Path, two_searches, worker: int) -> None:
    sagemaker = LocalSageMaker(home, slots=2)
    undisturbed = results(sagemaker, sagemaker.start(two_searches, pipeline_name="demo").id)
    assert len(undisturbed["files"]) == 10
    (home / "ran").write_text("")
    moments, known = random.Random(worker), {sagemaker.executions()[0].id}
    kills, counts = 0, dict[str, int]()
    more = moments.sample(range(5), 5)
    process, identifier, started = launch(home), None, list[str]()
    while kills < 5 or identifier is None:
        wait_for_trials(process, home / "ran", more[kills % len(more)])
        time.sleep(moments.random() * 0.2)
        finished = process.poll() is not None
        if not finished:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            started = (home / "ran").read_text().split()
        new = {record.id for record in sagemaker.executions()} - known
        identifier = new.pop() if new else None
        if identifier and sagemaker.execution(identifier).status == "Succeeded":
            assert results(sagemaker, identifier) == undisturbed
            known.add(identifier)
            identifier = None
        done = {path.stem for path in home.glob(f"executions/{identifier}/trials/*/*.json")}
        counts |= {name: started.count(name) for name in done if name not in counts}
        process = launch(home, identifier) if identifier else launch(home)
    process.wait()
    if sagemaker.execution(identifier).status != "Succeeded":
        assert launch(home, identifier).wait() == 0
    assert results(sagemaker, identifier) == undisturbed
    final = (home / "ran").read_text().split()
    assert counts, "no kill came between the first trial and the last"
    assert {name: final.count(name) for name in counts} == counts, "a finished trial ran again"


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
