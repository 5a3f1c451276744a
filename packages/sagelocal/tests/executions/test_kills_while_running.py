"""Whatever the moment of a kill, an execution that goes on ends as if there had been none."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from noted_trials import PUBLISH, SCORE

from sagelocal import LocalSageMaker

RUN = """
import pathlib, sys
from sagelocal import LocalSageMaker
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
    """Return all that an execution found, the models to the byte, without names and times."""
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
