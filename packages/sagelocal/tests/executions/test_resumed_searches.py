"""No trial that was finished is done again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from noted_trials import PUBLISH, SCORE, trials_run


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
def test_the_logs_of_all_hosts_of_a_finished_trial_stay_where_they_are(
    start, tuning, sagemaker, tmp_path
):
    meet = (
        f"marks = pathlib.Path({str(tmp_path)!r})\n"
        "(marks / f\"{name}.{os.environ['SM_CURRENT_HOST']}\").touch()\n"
        "while len(list(marks.glob(name + '.*'))) < 2: time.sleep(0.01)\n"
    )
    steps = tuning(meet + "sys.exit(3)\n", trials=2, parallel=1)
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
    name = content["response"]["HyperParameterTuningJobName"] + "-002"
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
