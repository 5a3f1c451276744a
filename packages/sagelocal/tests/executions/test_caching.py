"""A step is reused exactly when the service would reuse it, and its result is still there."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sagelocal import DefinitionError, Reuse

CACHED = {"CacheConfig": {"Enabled": True, "ExpireAfter": "P30D"}}

OWN = {"Std:Join": {"On": "/", "Values": ["s3://bucket", {"Get": "Execution.PipelineExecutionId"}]}}

WRITE = (
    "import os, pathlib\n"
    "folder = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR']) / 'processing/output/out'\n"
    "(folder / 'text').write_text('x')\n"
)


def below(path: str) -> dict[str, Any]:
    """Return an address below the execution's own prefix."""
    return {"Std:Join": {"On": "/", "Values": [OWN, path]}}


@pytest.fixture
def make(build):
    """Return a cached step that writes a file, with changes to its request."""

    def make_step(name: str = "Make", code: str = WRITE, step=CACHED, **rest: Any):
        rest.setdefault("outputs", {"out": below(name.lower())})
        return build.processing(name, code, step=step, **rest)

    return make_step


@pytest.fixture
def reader(make):
    """Return a cached step that reads what `Make` wrote."""
    source = {"Get": "Steps.Make.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}
    return make("Read", inputs={"in": source})


def origins(record) -> dict[str, str | None]:
    return {name: step.cached_from for name, step in record.steps.items()}


def test_an_equal_step_takes_the_earlier_result_and_says_so(start, make, notes, sagemaker):
    first, second = start(make()), start(make(), listener=notes)
    step = second.steps["Make"]
    assert step.cached_from == first.id
    assert step.response == first.steps["Make"].response
    assert (step.status, step.shown_status) == ("Succeeded", "Succeeded (cached)")
    assert notes.steps == [("Make", "Executing"), ("Make", "Succeeded (cached)")]
    assert sorted(path.name for path in sagemaker.storage.path("s3://bucket").iterdir()) == [
        first.id
    ]
    assert second.log_files("Make") == first.log_files("Make") != []


def test_a_whole_chain_is_reused_since_references_lead_to_the_earlier_prefixes(start, make, reader):
    first = start(make(), reader)
    second = start(make(), reader)
    third = start(make(), reader)
    assert origins(second) == origins(third) == {"Make": first.id, "Read": first.id}
    uri = second.steps["Read"].arguments["ProcessingInputs"][0]["S3Input"]["S3Uri"]
    assert uri == f"s3://bucket/{first.id}/make"


def test_a_step_that_changed_runs_again_and_so_does_what_reads_it(start, make, reader):
    start(make(), reader)
    assert origins(start(make(code=WRITE + "#"), reader)) == {"Make": None, "Read": None}


def test_going_back_to_an_earlier_state_finds_its_result(start, make, reader):
    first = start(make(), reader)
    start(make(code=WRITE + "#"), reader)
    assert origins(start(make(), reader)) == {"Make": first.id, "Read": first.id}


@pytest.mark.parametrize(
    "step", [{}, {"CacheConfig": {"Enabled": False, "ExpireAfter": "P30D"}}], ids=["absent", "off"]
)
def test_without_a_cache_configuration_a_step_always_runs(start, make, step):
    start(make(step=step))
    assert origins(start(make(step=step))) == {"Make": None}


def test_the_cache_can_be_left_alone_for_one_execution(start, make):
    first = start(make())
    second = start(make(), reuse=Reuse(cache=False))
    assert origins(second) == {"Make": None}
    assert first.steps["Make"].response != second.steps["Make"].response
    assert origins(start(make())) == {"Make": second.id}, "the most recent result is taken"


def test_another_pipeline_and_another_step_name_share_nothing(start, make, sagemaker, build):
    start(make())
    assert origins(start(make("Other", outputs={"out": below("make")}))) == {"Other": None}
    other = sagemaker.start(build.definition(make()), pipeline_name="other")
    assert origins(other) == {"Make": None}


def test_a_step_that_failed_is_not_reused(start, make, build):
    start(make(code="raise SystemExit(1)"))
    assert origins(start(make(code="raise SystemExit(1)"))) == {"Make": None}


def test_a_step_that_succeeded_in_an_execution_that_failed_is_reused(start, make, build):
    first = start(make(), build.processing("Break", "raise SystemExit(1)"))
    assert first.status == "Failed"
    assert origins(start(make()))["Make"] == first.id


def test_a_result_that_left_the_store_is_made_again(start, make, sagemaker):
    first = start(make())
    shutil.rmtree(sagemaker.storage.path(f"s3://bucket/{first.id}"))
    assert origins(start(make())) == {"Make": None}


def test_a_result_expires_by_the_age_of_the_work_and_not_of_its_reuse(start, make, sagemaker):
    first = start(make())
    start(make())
    path = first.directory / "steps/Make.json"
    for age, expected in ((timedelta(days=29), first.id), (timedelta(days=31), None)):
        content = json.loads(path.read_text())
        content["end_time"] = (datetime.now(UTC) - age).isoformat()
        path.write_text(json.dumps(content))
        assert origins(start(make()))["Make"] == expected


def test_a_token_makes_a_step_reusable_while_it_is_the_same(start, make, reader):
    plain = make(step={})
    first = start(plain, reader, reuse=Reuse(tokens={"Make": "a"}))
    again = start(plain, reader, reuse=Reuse(tokens={"Make": "a"}))
    changed = start(plain, reader, reuse=Reuse(tokens={"Make": "b"}))
    back = start(plain, reader, reuse=Reuse(tokens={"Make": "a"}))
    assert origins(again) == origins(back) == {"Make": first.id, "Read": first.id}
    assert origins(changed) == {"Make": None, "Read": None}
    assert origins(start(plain)) == {"Make": None}


def test_fail_and_condition_steps_are_never_reused(start):
    fail = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "x"}}
    start(fail, reuse=Reuse(tokens={"Stop": "a"}))
    second = start(fail, reuse=Reuse(tokens={"Stop": "a"}))
    assert (second.status, origins(second)) == ("Failed", {"Stop": None})


def test_a_tuning_and_a_training_step_are_reused_with_all_their_models(start, build, sagemaker):
    score = "import sys\nprint('cv:r2=%s;' % sys.argv[sys.argv.index('-x') + 1])"
    build.put_code(sagemaker.storage, fit=score)
    tune = {"Name": "Tune", "Type": "Tuning", "Arguments": build.tuning_request(), **CACHED}
    best = {"Get": "Steps.Tune.BestTrainingJob.TunedHyperParameters['x']"}
    fit = {"Name": "Fit", "Type": "Training", "Arguments": build.training_request(x=best), **CACHED}
    first, second = start(tune, fit), start(tune, fit)
    assert first.status == "Succeeded"
    assert origins(second) == {"Tune": first.id, "Fit": first.id}
    name = first.steps["Tune"].response["TrainingJobSummaries"][-1]["TrainingJobName"]
    shutil.rmtree(sagemaker.storage.path(f"s3://bucket/models/{name}"))
    assert origins(start(tune, fit)) == {"Tune": None, "Fit": first.id}


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "30", "d", "P-1D", "1h", "P1.5D", "None"])
def test_other_durations_are_refused_with_the_step_named(text, make, start):
    step = {"CacheConfig": {"Enabled": True, "ExpireAfter": text}}
    with pytest.raises(DefinitionError, match=r"Step Make: CacheConfig\.ExpireAfter: .* as P30D"):
        start(make(step=step))


def test_an_execution_that_vanished_is_no_source(start, make) -> None:
    first = start(make())
    second = start(make())
    shutil.rmtree(first.directory)
    assert origins(start(make())) == {"Make": None}
    assert second.steps["Make"].cached_from == first.id
