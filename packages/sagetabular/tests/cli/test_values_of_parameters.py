"""Values that `--set` gives are checked, without importing botocore: its description is enough."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from sagetabular.compiling import compilation
from sagetabular.compiling.checks import check_values, find_limits
from sagetabular.errors import UserError
from sagetabular.lake.sample import make_sample
from sagetabular.local.account import account_parameters
from sagetabular.project import find_project

CODE = """
import sys
from sagetabular.cli import main
try:
    main()
finally:
    print('botocore' in sys.modules, end='')
"""
TOO_LOW = "Parameter Seed must be at least 0, got -5: '-5'."


def run(example, setting):
    """Whether `run --set` imported botocore, and what it said."""
    ended = subprocess.run(
        [sys.executable, "-c", CODE, "run", "--set", setting],
        cwd=example.root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert ended.returncode == 2, ended
    return ended.stdout, ended.stderr.splitlines()[-2:]


@pytest.mark.slow
def test_botocore_is_not_imported_for_a_compiled_project(example, pipeline, tmp_path):
    table = make_sample(60)[["total_rooms", "households", "median_house_value"]]
    table.columns = ["rooms", "area", "price"]
    table.assign(district="north", sold="2026-01-01").to_csv(tmp_path / "t.csv", index=False)
    assert pipeline("data", "add", tmp_path / "t.csv").code == 0
    example.compile()
    expected = [TOO_LOW, "Give it another value with --set."]
    assert run(example, "Seed=-5") == ("False", expected)


def test_the_limits_of_a_parameter_are_those_of_every_place_that_it_fills(definition):
    limits = find_limits(definition)
    assert set(limits) == {item["Name"] for item in definition["Parameters"]}
    assert limits["MaxTrainingJobs"] == [{"min": 1}]
    assert [set(place) for place in limits["TrainingInstanceType"]] == [{"enum"}]
    assert [set(place) for place in limits["RoleArn"]] == [{"min", "max", "pattern"}]
    assert limits["Folds"] == [], "it only stands inside of texts"
    assert json.loads(json.dumps(limits)) == limits


VALUES = [
    ("MaxTrainingJobs", 0, "must be at least 1, got 0"),
    ("RoleArn", "role", "must be at least 20 characters, got 4"),
    ("RoleArn", "x" * 20, "must match "),
    ("TrainingInstanceType", "ml.m5.huge", "must be a value that SageMaker knows, such as ml.m5"),
]


@pytest.mark.parametrize(("name", "value", "rule"), VALUES)
def test_a_value_that_breaks_a_limit_is_named(definition, name, value, rule):
    defaults = {item["Name"]: item.get("DefaultValue") for item in definition["Parameters"]}
    places = {name: find_limits(definition)[name]}
    with pytest.raises(UserError) as caught:
        check_values(places, defaults | {name: value})
    assert str(caught.value).startswith(f"Parameter {name} {rule}")
    if defaults[name] is not None:
        check_values(places, defaults)


def test_a_place_that_cannot_be_written_only_costs_the_time(example):
    example.write(compilation.LIMITS, "a file where the folder should be")
    project, compiled = find_project(example.root), example.compile()
    parameters = json.loads(compiled.definition)["Parameters"]
    values = {item["Name"]: item.get("DefaultValue") for item in parameters}
    values |= account_parameters(project, compiled, {})
    compilation.check_values(project.settings, compiled, values)
    with pytest.raises(UserError):
        compilation.check_values(project.settings, compiled, values | {"Seed": -1})
