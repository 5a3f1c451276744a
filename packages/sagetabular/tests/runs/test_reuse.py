"""After a change exactly those steps run again that SageMaker's own cache rules ask for."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest
from repeating import MODEL, fill, ran, start

from sagelocal import LocalSageMaker
from sagelocal.executions.claims import claimed, in_use
from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.local import account

pytestmark = pytest.mark.slow

RIDGE = {"TuneRidge", "FitRidge", "EvaluateRidge"}
BOOST = {"TuneBoost", "FitBoost", "EvaluateBoost"}
DATA = {"Ingest", "Preprocess"}
LAST = {"Track", "RegisterRidge"}
END = {"Select", *LAST}
CODE = "models/ridge/model.py"
QUERY = "queries/ingest.sql"


@pytest.fixture(scope="module")
def finished(tmp_path_factory, new_example):
    """A project that has run once; tests take copies."""
    example = new_example(tmp_path_factory.mktemp("reuse") / "project")
    example.change("conf/pipeline.yaml", "tuning", {"trials": 1, "parallel": 1})
    example.change("conf/pipeline.yaml", "split.folds", 2)
    example.change("conf/pipeline.yaml", "selection", {"minimum_r2": -1e9})
    for name, factor in (("ridge", "1"), ("boost", "9")):  # so that ridge is selected
        example.write(f"models/{name}/model.py", MODEL.replace("FACTOR", factor))
    fill(example.root, 120)
    record = start(example.root)
    assert record.status == "Succeeded", record.failure_reason
    return example.root


@pytest.fixture
def project(finished, tmp_path, example):
    """A copy of the finished project, with the means to change it."""
    shutil.rmtree(example.root)
    shutil.copytree(finished, example.root)
    return example


def change_code(project) -> None:
    project.write(CODE, (project.root / CODE).read_text().replace("penalty *", "2 * penalty *"))


def change_query(project) -> None:
    project.write(QUERY, "SELECT * FROM ${table} WHERE rooms > 1\n")


CHANGES = {
    "nothing": (lambda _project: None, LAST),
    "a model's range": (
        lambda project: project.change("models/ridge/model.yaml", "tuning.ranges.strength.max", 20),
        RIDGE | END,
    ),
    "a model's code": (change_code, RIDGE | END),
    "the query": (change_query, DATA | RIDGE | BOOST | END),
    "the data": (lambda project: fill(project.root, 121), DATA | RIDGE | BOOST | END),
    "the minimum R2": (
        lambda project: project.change("conf/pipeline.yaml", "selection.minimum_r2", -2e9),
        LAST,
    ),
    "what selection looks at": (
        lambda project: project.change("conf/pipeline.yaml", "selection.by", "test"),
        END,
    ),
    "the number of trials": (
        lambda project: project.change("conf/pipeline.yaml", "tuning.trials", 2),
        RIDGE | BOOST | END,
    ),
    "an instance's time limit": (
        lambda project: project.change("conf/pipeline.yaml", "resources.training.max_minutes", 90),
        LAST,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_repeats_what_it_must_and_nothing_else(project, name: str) -> None:
    change, expected = CHANGES[name]
    change(project)
    record = start(project.root)
    assert record.status == "Succeeded", record.failure_reason
    # A search that found the same setting as before makes Fit ask for the same work.
    assert expected - {"FitRidge", "FitBoost"} <= ran(record) <= expected


def test_other_library_versions_repeat_everything(project, monkeypatch) -> None:
    monkeypatch.setattr(account.metadata, "version", lambda _name: "0")
    assert {"Ingest", "Preprocess", "Select"} <= ran(start(project.root))


def test_a_version_of_the_data_lets_sagemaker_reuse_ingest(project) -> None:
    project.change("conf/pipeline.yaml", "data.version", "1")
    first = start(project.root)
    ingest = json.loads(compile_pipeline(project.load()).definition)["Steps"][0]
    assert ingest["CacheConfig"]["Enabled"]
    request = first.steps["Ingest"].arguments
    compared = [request[key] for key in ("AppSpecification", "Environment", "ProcessingInputs")]
    assert first.id not in json.dumps(compared), "else the service's key would never be the same"


def test_selected_steps_run_and_the_command_refuses_what_is_none(project, pipeline) -> None:
    ended = pipeline("run", "--from", "EvaluateRidge", "--json")
    assert ended.code == 0, ended
    record = LocalSageMaker(project.root / ".pipeline").executions()[0]
    assert ran(record) == {"EvaluateRidge", *END}
    assert pipeline("run", "--only", "FitRigde").mistake == [
        "There is no step FitRigde.",
        "Did you mean FitRidge?",
    ]
    assert pipeline("run", "--based-on", record.id).mistake[1] == "Select steps, or leave it out."
    apart = pipeline("run", "--only", "FitRidge", "--only", "FitBoost", "--based-on", record.id)
    assert apart.mistake[0].startswith("Selected steps must be connected, and Fit")
    both = ("--only", "FitRidge", "--only", "EvaluateRidge")
    ended = pipeline("run", *both, "--based-on", record.id)
    assert ended.code == 0, ended
    assert "FitRidge (Training) succeeded\n" in ended.err
    assert "Select" not in ended.err


def test_the_command_shows_what_was_reused_and_leaves_the_cache_alone_when_told(
    project, pipeline
) -> None:
    ended = pipeline("run")
    assert ended.code == 0
    assert "Ingest (Processing) succeeded (cached)" in ended.err
    record = LocalSageMaker(project.root / ".pipeline").executions()[0]
    assert "Succeeded (cached)" in pipeline("show", record.id).out
    assert "rows" in pipeline("logs", record.id, "Ingest").out
    ended = pipeline("run", "--no-cache")
    assert (ended.code, "cached" in ended.err) == (0, False)


def test_resume_goes_on_with_a_stopped_execution_and_refuses_a_finished_one(
    project, pipeline
) -> None:
    (record,) = LocalSageMaker(project.root / ".pipeline").executions()
    for file in ("execution", "steps/Select"):
        path = record.directory / f"{file}.json"
        path.write_text(path.read_text().replace('"Succeeded"', '"Stopped"', 1))
    ended = pipeline("resume", record.id)
    assert ended.code == 0, ended
    assert "Select (Processing) succeeded" in ended.err
    assert "Ingest" not in ended.err
    assert pipeline("resume", record.id).mistake == [
        f"Execution {record.id} has succeeded: there is nothing left to resume.",
        "Start a new one.",
    ]


@pytest.mark.skipif(os.name != "posix", reason="an interrupt is a signal")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_request_to_end_says_how_to_go_on_and_that_works(project, pipeline, name) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", "from sagetabular.cli import main; main()", "run", "--no-cache"],
        cwd=project.root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in running.stderr:
        if "Preprocess (Processing) executing" in line:
            running.send_signal(getattr(signal, name))
            break
    rest = running.stderr.read()
    assert running.wait() == 130
    record = LocalSageMaker(project.root / ".pipeline").executions()[0]
    assert record.status == "Stopped"
    assert rest.endswith(f"resume {record.id}`.\n"), rest
    assert "Stopped by the user.\nGo on with `" in rest
    ended = pipeline("resume", record.id)
    assert ended.code == 0, ended
    assert "Ingest" not in ended.err
    assert "cached" not in ended.err, "the execution was started without the cache"


def test_an_execution_that_was_killed_is_shown_as_interrupted_with_its_remedy(
    project, pipeline
) -> None:
    (record,) = LocalSageMaker(project.root / ".pipeline").executions()
    path = record.directory / "execution.json"
    path.write_text(path.read_text().replace('"Succeeded"', '"Executing"', 1))
    listed, shown = pipeline("executions"), pipeline("show", record.id)
    assert f"{record.id}  Interrupted" in listed.out
    assert listed.out.rstrip().endswith(f" resume {record.id}`.")
    assert "The process that ran it ended before the execution did.\nGo on with `" in shown.out
    assert pipeline("resume", record.id).code == 0
    assert "Interrupted" not in pipeline("executions").out


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such locks")
def test_an_execution_that_runs_is_neither_resumed_nor_cleaned_away(project, pipeline) -> None:
    home = project.root / ".pipeline"
    (record,) = LocalSageMaker(home).executions()
    with in_use(home), claimed(home, record.id):
        refused = pipeline("resume", record.id).mistake
        assert refused[0] == f"Execution {record.id} is still running, in process {os.getpid()}."
        refused = pipeline("clean", "--keep", "0").mistake
        assert refused[0].startswith(f"Execution {record.id} is running, in process {os.getpid()},")
    assert record.directory.exists()


def test_clean_says_what_it_removed(project, pipeline) -> None:
    (first,) = LocalSageMaker(project.root / ".pipeline").executions()
    shutil.rmtree(project.root / ".pipeline/model-registry")
    assert pipeline("run", "--no-cache", "--set", "MinimumR2=1e9").code == 3
    ended = pipeline("clean", "--keep", "1", "--yes")
    assert ended.code == 0
    assert f"Removed {first.id}: " in ended.out
    assert "1 executions removed, " in ended.out


# Its time is a benchmark's matter: `benchmarks/tuning` in the template.
WITNESS = """
import sys
started = []
def watch(event, arguments):
    if event in ("os.fork", "os.posix_spawn", "subprocess.Popen"):
        started.extend(arguments[1] if arguments else [event])
sys.addaudithook(watch)
from sagetabular.cli import main
try:
    main()
finally:
    heavy = {"sagemaker", "botocore", "boto3", "optuna", "pandas"} & set(sys.modules)
    modules = [word for option, word in zip(started, started[1:]) if option == "-m"]
    print("imported", sorted(heavy), "and started", modules, file=sys.stderr)
"""


def test_an_unchanged_second_run_starts_one_job_and_imports_neither_sdk_nor_optuna(project) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITNESS, "run"],
        cwd=project.root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    expected = "imported [] and started ['sagetabular.jobs.track']\n"
    assert ended.stderr.endswith(expected), ended.stderr
