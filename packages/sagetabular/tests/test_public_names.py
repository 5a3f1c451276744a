"""The public names: projects are written with them, so they stay within a major version."""

from __future__ import annotations

import dataclasses
import inspect
import json
import subprocess
import sys
from importlib.metadata import distribution
from importlib.util import find_spec

import pytest
import typer

from sagetabular import pipeline, testing
from sagetabular.cli import app
from sagetabular.jobs import encoding, runner, tables

PIPELINE = {
    "Build": "(root: 'Path | str' = '.') -> 'None'",
    "Build.pipeline": (
        "(self, *steps: 'Step | Iterable[Step]', name: 'str | None' = None) -> 'Pipeline'"
    ),
    "Build.step": (
        "(self, name: 'str', program: 'str', *, inputs: 'Mapping[str, Any]', "
        "outputs: 'Sequence[str]', arguments: 'Sequence[Any]' = (), "
        "after: 'Sequence[JobStep]' = (), isolated: 'bool' = True) -> 'JobStep'"
    ),
    "collect": "(context: 'Context', evaluations: 'Mapping[str, JobStep]') -> 'list[JobStep]'",
    "ingest": "(context: 'Context', program: 'str | None' = None) -> 'JobStep'",
    "models": (
        "(context: 'Context', ingest: 'JobStep', preprocess: 'JobStep', "
        "evaluate: 'str | None' = None) -> 'UnitSteps'"
    ),
    "preprocess": (
        "(context: 'Context', ingest: 'JobStep', program: 'str | None' = None) -> 'JobStep'"
    ),
    "quality_gate": (
        "(context: 'Context', select: 'JobStep', registrations: 'Mapping[str, JobStep]')"
        " -> 'ConditionStep'"
    ),
    "select": (
        "(context: 'Context', evaluations: 'Mapping[str, JobStep]', "
        "collected: 'Sequence[JobStep]' = (), program: 'str | None' = None) -> 'JobStep'"
    ),
    "track": (
        "(context: 'Context', preprocess: 'JobStep', tuned: 'Mapping[str, JobStep]', "
        "select: 'JobStep', program: 'str | None' = None) -> 'list[JobStep]'"
    ),
}
# What steps and `models()` return has these too.
RETURNED = {
    "JobStep.output": "(self, name: 'str') -> 'Properties'",
    "UnitSteps.evaluations": "(self) -> 'dict[str, JobStep]'",
    "UnitSteps.registrations": "(self, select: 'JobStep') -> 'dict[str, JobStep]'",
    "UnitSteps.searches": "(self) -> 'dict[str, JobStep]'",
}
TESTING = {
    "ModelCheck.run": "(self) -> 'None'",
    "compile_definition": "(root: 'Path | str' = '.') -> 'dict[str, Any]'",
    "model_checks": "(root: 'Path | str' = '.') -> 'list[ModelCheck]'",
    "planted_table": (
        "(pipeline: 'PipelineConf', rows: 'int' = 400, seed: 'int' = 7) -> 'pd.DataFrame'"
    ),
    "run_small": (
        "(root: 'Path | str', folder: 'Path', *, rows: 'int' = 400, trials: 'int' = 2)"
        " -> 'SmallRun'"
    ),
}
RUNNER = {
    "base_dir": "() -> 'Path'",
    "run_job": (
        "(job: 'Callable[[Sequence[str]], None]', argv: 'Sequence[str]', "
        "mistake_code: 'int' = 2) -> 'NoReturn'"
    ),
}
TABLES = {
    "read_table": "(folder: 'Path', *, whole_numbers: 'bool' = False) -> 'pd.DataFrame'",
    "split_columns": ("(table: 'pd.DataFrame', target: 'str') -> 'tuple[pd.DataFrame, pd.Series]'"),
    "write_table": "(table: 'pd.DataFrame', folder: 'Path', name: 'str') -> 'None'",
}
# Of what `model.py` is written with.
ENCODING = {
    "OneHot.fit": "(features: 'pd.DataFrame', most: 'int' = 255) -> 'OneHot'",
    "OneHot.transform": "(self, features: 'pd.DataFrame') -> 'NDArray[np.float64]'",
    "as_probabilities": (
        "(found: 'NDArray[Any]', classes: 'Sequence[str]') -> 'NDArray[np.float64]'"
    ),
    "directions": (
        "(named: 'Mapping[str, int]', sources: 'Sequence[str]', numbers: 'Sequence[str]')"
        " -> 'tuple[int, ...]'"
    ),
    "split_classes": "(target: 'pd.Series') -> 'tuple[list[str], pd.Series]'",
}
COMMANDS = [
    "clean", "compare", "compile", "data", "doctor", "eject", "executions", "graph", "image",
    "import", "infra", "init", "invoke", "logs", "mlflow", "model", "predict", "registry",
    "report", "resume", "run", "serve", "show", "stop", "upsert", "vendor"
]  # fmt: skip
SUBCOMMANDS = {
    "data": ["add", "crawl", "export", "fetch", "sample", "show", "upload"],
    "image": ["build", "push"],
    "infra": ["deploy", "destroy", "diff", "outputs", "render", "validate"],
    "model": ["add", "check", "list"],
    "registry": ["approve", "list", "reject", "show"],
}
# Every module of this package that a program of a project gets with `run_job`.
MODULES_OF_A_JOB = [
    "sagetabular",
    "sagetabular.jobs",
    "sagetabular.jobs.errors",
    "sagetabular.jobs.privileges",
    "sagetabular.jobs.runner",
    "sagetabular.jobs.trials",
    "sagetabular.jobs.trials.hosts",
]
PROBE = """
import json, sys
before = set(sys.modules)
import {module}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def signatures(place: object, names: dict[str, str]) -> dict[str, str]:
    found = {}
    for name in names:
        member = place
        for part in name.split("."):
            member = getattr(member, part)
        found[name] = str(inspect.signature(member))
    return found


def test_a_graph_is_written_with_these_names() -> None:
    assert pipeline.__all__ == sorted({name.split(".")[0] for name in PIPELINE} | {"Pipeline"})


def test_a_project_tests_itself_with_these_names() -> None:
    names = {name.split(".")[0] for name in TESTING} | {"SmallRun"}
    assert testing.__all__ == sorted(names)


@pytest.mark.parametrize(
    ("place", "names"),
    [
        (pipeline, PIPELINE),
        (testing, TESTING),
        (runner, RUNNER),
        (tables, TABLES),
        (encoding, ENCODING),
    ],
    ids=["pipeline", "testing", "runner", "tables", "encoding"],
)
def test_functions_take_and_return_what_they_always_did(place, names) -> None:
    assert signatures(place, names) == names


def test_steps_and_models_offer_what_they_always_did() -> None:
    from sagetabular.steps import context
    from sagetabular.steps.models import units

    places = {name: context if name.startswith("JobStep") else units for name in RETURNED}
    found = {name: signatures(place, {name: ""})[name] for name, place in places.items()}
    assert found == RETURNED
    assert isinstance(units.UnitSteps.steps, property)


def test_results_of_tests_have_the_same_fields() -> None:
    fields = {
        kind: [field.name for field in dataclasses.fields(kind)]
        for kind in (testing.ModelCheck, testing.SmallRun)
    }
    assert fields == {
        testing.ModelCheck: ["root", "model", "check"],
        testing.SmallRun: [
            "root",
            "status",
            "reason",
            "steps",
            "winner",
            "r2",
            "model_package",
            "scores",
        ],
    }


def test_the_column_of_folds_keeps_its_name() -> None:
    assert tables.FOLD == "_fold"


def test_the_programs_keep_their_names() -> None:
    scripts = distribution("sagetabular").entry_points.select(group="console_scripts")
    assert {script.name: script.value for script in scripts} == {
        "get-pipeline-definition": "sagetabular.get_pipeline_definition:main",
        "pipeline": "sagetabular.cli:main",
        "run-pipeline": "sagetabular.run_pipeline:main",
    }


def test_the_commands_keep_their_names() -> None:
    commands = typer.main.get_command(app).commands
    assert sorted(commands) == COMMANDS
    groups = {name: sorted(getattr(one, "commands", ())) for name, one in commands.items()}
    assert {name: found for name, found in groups.items() if found} == SUBCOMMANDS


@pytest.mark.parametrize("module", ["sagetabular.assets.image", "sagetabular.testing.container"])
def test_modules_that_a_project_names_are_there(module) -> None:
    assert find_spec(module) is not None


@pytest.mark.parametrize(
    ("module", "own"),
    [("sagetabular", ["sagetabular"]), ("sagetabular.jobs.runner", MODULES_OF_A_JOB)],
)
def test_a_job_imports_what_it_needs_and_nothing_else(module, own) -> None:
    """Neither settings, steps or the command line, nor any library, in a fresh interpreter."""
    probe = [sys.executable, "-c", PROBE.format(module=module)]
    ended = subprocess.run(probe, capture_output=True, text=True, check=True)
    modules = json.loads(ended.stdout)
    assert [name for name in modules if name.split(".")[0] == "sagetabular"] == own
    foreign = {name.split(".")[0] for name in modules} - {"sagetabular"}
    assert foreign <= sys.stdlib_module_names
