"""Two definitions: what differs between them, and what SageMaker's step cache makes of it.

The expected values follow the service's table of default cache keys
(https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-default-keys.html).
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from definitions import steps_of

from sagelocal.executions.caching import compared
from sagetabular.compiling.comparing import KEYS, compare
from sagetabular.compiling.documents import read_definition
from sagetabular.errors import UserError

CACHED = {"Enabled": True, "ExpireAfter": "P30D"}


def s3_input(name: str, uri: object) -> dict[str, Any]:
    return {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": f"/opt/{name}"}}


def processing(name: str, source: str | None = None, **more: Any) -> dict[str, Any]:
    uri = {"Get": f"Steps.{source}.ProcessingOutputConfig.Outputs['x'].S3Output.S3Uri"}
    return {
        "Name": name,
        "Type": "Processing",
        "Arguments": {
            "AppSpecification": {
                "ImageUri": "image:1",
                "ContainerEntrypoint": ["python3", "-m", f"jobs.{name.lower()}"],
                "ContainerArguments": ["--folds", {"Get": "Parameters.Folds"}],
            },
            "Environment": {"MODE": "plain"},
            "ProcessingInputs": [
                s3_input("code", f"s3://bucket/code/{name}"),
                *([s3_input("data", uri)] if source else []),
            ],
            "ProcessingResources": {
                "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1}
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "RoleArn": {"Get": "Parameters.Role"},
        },
        "CacheConfig": CACHED,
        **more,
    }


def training(name: str, source: str) -> dict[str, Any]:
    uri = {"Get": f"Steps.{source}.ProcessingOutputConfig.Outputs['x'].S3Output.S3Uri"}
    channel = {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3Uri": uri}}}
    return {
        "Name": name,
        "Type": "Training",
        "Arguments": {
            "AlgorithmSpecification": {"TrainingImage": "image:2", "TrainingInputMode": "File"},
            "HyperParameters": {"sagemaker_program": "fit.py", "depth": "3"},
            "InputDataConfig": [channel],
            "ResourceConfig": {"InstanceType": "ml.m5.large"},
        },
        "CacheConfig": CACHED,
    }


def gate(*inside: dict[str, Any]) -> dict[str, Any]:
    left = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Judge.PropertyFiles.F"}, "Path": "r2"}}
    condition = {"Type": "GreaterThanOrEqualTo", "LeftValue": left, "RightValue": 0.5}
    arguments = {"Conditions": [condition], "IfSteps": list(inside), "ElseSteps": []}
    return {"Name": "Gate", "Type": "Condition", "Arguments": arguments}


REGISTER = {
    "Name": "Register",
    "Type": "RegisterModel",
    "Arguments": {"Model": {"Get": "Steps.Fit.ModelArtifacts.S3ModelArtifacts"}},
}


@pytest.fixture
def old() -> dict[str, Any]:
    """Read → Fit → Judge → Gate, in it Register; and Aside, which nothing reads."""
    return {
        "Version": "2020-12-01",
        "Parameters": [
            {"Name": "Folds", "Type": "Integer", "DefaultValue": 5},
            {"Name": "Role", "Type": "String"},
        ],
        "Steps": [
            processing("Read"),
            training("Fit", "Read"),
            processing("Judge", "Fit"),
            gate(REGISTER),
            processing("Aside", "Read"),
        ],
    }


@pytest.fixture
def new(old) -> dict[str, Any]:
    """The same, for the test to change."""
    return copy.deepcopy(old)


def changes(old, new):
    return {each.name: each for each in compare(old, new).steps}


def running(old, new) -> set[str]:
    return {name for name, each in changes(old, new).items() if each.runs == "yes"}


def test_of_equal_definitions_nothing_runs_but_what_the_service_never_reuses(old, new):
    found = compare(old, new)
    assert {each.state for each in found.steps} == {"same"}
    assert {each.name: each.runs for each in found.steps} == {
        "Read": "no", "Fit": "no", "Judge": "no", "Gate": "", "Register": "every time",
        "Aside": "no",
    }  # fmt: skip
    assert (found.defaults, found.elsewhere, found.given) == ((), (), ("Role",))


def change_code(steps):
    steps["Fit"]["Arguments"]["HyperParameters"]["depth"] = "4"


def change_program(steps):
    steps["Judge"]["Arguments"]["AppSpecification"]["ContainerEntrypoint"][2] = "own.judge"
    steps["Judge"]["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3Uri"] = "s3://bucket/code/2"


def change_image(steps):
    steps["Aside"]["Arguments"]["AppSpecification"]["ImageUri"] = "image:9"


def change_parameter(steps):
    steps["Judge"]["Arguments"]["RoleArn"] = {"Get": "Parameters.OtherRole"}
    join = {"Std:Join": {"On": "", "Values": ["a", "b"]}}
    steps["Judge"]["Arguments"]["Environment"]["MODE"] = join


def change_environment(steps):
    steps["Aside"]["Arguments"]["Environment"] = {"MODE": "fancy", "LEVEL": "1"}


def change_arguments(steps):
    steps["Aside"]["Arguments"]["AppSpecification"]["ContainerArguments"] = ["--rows", "9"]


def change_machine(steps):
    cluster = steps["Read"]["Arguments"]["ProcessingResources"]["ClusterConfig"]
    cluster |= {"InstanceType": "ml.m5.4xlarge", "InstanceCount": 2}
    steps["Read"]["Arguments"]["StoppingCondition"]["MaxRuntimeInSeconds"] = 120


def change_retries(steps):
    steps["Fit"]["RetryPolicies"] = [{"ExceptionType": ["Step.THROTTLING"]}]
    steps["Fit"]["CacheConfig"] = {"Enabled": True, "ExpireAfter": "P1D"}


# What is changed → the step that differs, in which words, and what runs again.
CHANGES = {
    "a hyperparameter": (
        change_code, "Fit", ["hyperparameter depth 3 → 4"], {"Fit", "Judge", "Register"},
    ),
    "program and code": (
        change_program, "Judge", ["program jobs.judge → own.judge", "code s3://bucket/code/Judge →"
        " s3://bucket/code/2"], {"Judge"},
    ),
    "the image": (change_image, "Aside", ["image image:1 → image:9"], {"Aside"}),
    "the environment": (
        change_environment, "Aside", ["environment MODE plain → fancy", "environment LEVEL"],
        {"Aside"},
    ),
    "a reference": (
        change_parameter,
        "Judge",
        ["environment MODE", "role Role → OtherRole"],
        {"Judge"},
    ),
    "the arguments": (change_arguments, "Aside", ["arguments"], {"Aside"}),
    "the machine": (
        change_machine, "Read", ["instance type ml.m5.large → ml.m5.4xlarge",
        "number of instances 1 → 2", "time limit 60 → 120"], set(),
    ),
    "retries and age": (change_retries, "Fit", ["cache P30D → P1D", "retries"], set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_told_in_words_with_what_runs_again(old, new, name):
    change, step, words, again = CHANGES[name]
    change(steps_of(new))
    found = changes(old, new)
    assert {each.name for each in found.values() if each.state != "same"} == {step}
    assert found[step].state == "changed"
    assert [str(each) for each in found[step].differences] == words
    assert running(old, new) == again


def test_it_says_why_a_step_runs_again(old, new):
    change_code(steps_of(new))
    found = changes(old, new)
    assert found["Fit"].why == ("hyperparameter depth",)
    assert found["Judge"].why == ("reads Fit",)
    assert found["Register"].why == ("reads Fit",)


def test_another_default_repeats_what_is_given_the_parameter(old, new):
    new["Parameters"][0]["DefaultValue"] = 3
    found = compare(old, new)
    assert [str(each) for each in found.defaults] == ["Folds 5 → 3"]
    assert {each.name: each.why for each in found.steps if each.runs == "yes"} == {
        "Read": ("parameter Folds",), "Fit": ("reads Read",),
        "Judge": ("parameter Folds", "reads Fit"), "Register": ("reads Fit",),
        "Aside": ("parameter Folds", "reads Read"),
    }  # fmt: skip


def test_a_parameter_that_no_cache_key_holds_repeats_nothing(old, new):
    new["Parameters"][1]["DefaultValue"] = "arn"
    found = compare(old, new)
    assert [str(each) for each in found.defaults] == ["Role no default → arn"]
    assert running(old, new) == set()


def test_parameters_come_and_go(old, new):
    new["Parameters"][1] = {"Name": "Seed", "Type": "Integer", "DefaultValue": 0}
    defaults = [str(each) for each in compare(old, new).defaults]
    assert defaults == ["Role no default → not there", "Seed not there → 0"]


def test_steps_come_and_go(old, new):
    new["Steps"][4] = processing("Other", "Read")
    found = changes(old, new)
    assert (found["Other"].state, found["Other"].runs) == ("added", "yes")
    assert found["Other"].why == ("it is new",)
    assert (found["Aside"].state, found["Aside"].runs) == ("removed", "")
    assert list(found)[-1] == "Aside"


def test_a_step_of_another_kind_runs_again(old, new):
    new["Steps"][4] = training("Aside", "Read")
    found = changes(old, new)["Aside"]
    assert (found.state, found.runs) == ("changed", "yes")
    assert "kind of step" in found.why


def test_a_step_that_moves_under_a_condition_differs_and_is_reused(old, new):
    new["Steps"][3] = gate(REGISTER, new["Steps"].pop(4))
    found = changes(old, new)["Aside"]
    assert [each.what for each in found.differences] == ["condition around it"]
    assert found.runs == "no"


def test_what_is_inside_a_condition_is_no_part_of_it(old, new):
    steps_of(new)["Register"]["Arguments"]["Model"] = "s3://elsewhere"
    found = changes(old, new)
    assert (found["Gate"].state, found["Register"].state) == ("same", "changed")
    steps_of(new)["Gate"]["Arguments"]["Conditions"][0]["RightValue"] = 0.6
    assert [str(each) for each in changes(old, new)["Gate"].differences] == ["conditions"]


def test_without_a_cache_a_step_runs_every_time_and_so_does_what_reads_it(old, new):
    for definition in (old, new):
        del steps_of(definition)["Fit"]["CacheConfig"]
    found = changes(old, new)
    assert {name: each.runs for name, each in found.items()} == {
        "Read": "no", "Fit": "every time", "Judge": "every time", "Gate": "",
        "Register": "every time", "Aside": "no",
    }  # fmt: skip
    assert found["Fit"].why == ("its cache is off",)
    assert found["Judge"].why == ("reads Fit",)
    assert found["Register"].why == ("SageMaker reuses no RegisterModel step",)


def test_a_value_of_the_execution_in_the_key_lets_a_step_run_every_time(old, new):
    for definition in (old, new):
        steps_of(definition)["Aside"]["Arguments"]["Environment"]["RUN"] = {
            "Std:Join": {"On": "-", "Values": ["run", {"Get": "Execution.PipelineExecutionId"}]}
        }
    found = changes(old, new)["Aside"]
    assert (found.runs, found.why) == ("every time", ("it reads a value of the execution",))


def test_a_change_counts_through_a_step_that_runs_every_time(old, new):
    for definition in (old, new):
        del steps_of(definition)["Read"]["CacheConfig"]
    steps_of(new)["Read"]["Arguments"]["AppSpecification"]["ImageUri"] = "image:9"
    assert running(old, new) == {"Read", "Fit", "Judge", "Register", "Aside"}


def test_steps_may_stand_in_any_order(old, new):
    for definition in (old, new):
        definition["Steps"].reverse()
    change_code(steps_of(new))
    assert running(old, new) == {"Fit", "Judge", "Register"}
    assert next(iter(changes(old, new))) == "Aside"


def test_what_else_a_definition_holds_is_compared_too(old, new):
    new["PipelineExperimentConfig"] = {"ExperimentName": "x"}
    assert [each.what for each in compare(old, new).elsewhere] == ["ExperimentName"]


def nested(path, value):
    return value if not path else {path[0]: nested(path[1:], value)}


@pytest.mark.parametrize("kind", KEYS)
def test_its_table_is_that_of_the_local_cache(kind):
    for path in KEYS[kind]:
        assert compared(kind, nested(path, 1)) != compared(kind, {}), path
    assert len(compared(kind, {})) == len(KEYS[kind])


def test_before_the_move_to_packages_programs_and_code_had_other_names(definition):
    earlier = json.loads(
        json.dumps(definition)
        .replace("sagetabular.jobs", "pipelines.training.jobs")
        .replace("/code/", "/code/0")
    )
    found = changes(earlier, definition)
    assert str(found["Preprocess"].differences[0]) == (
        "program pipelines.training.jobs.preprocess → sagetabular.jobs.preprocess"
    )
    for name in ("Ingest", "Preprocess", "EvaluateRidge", "Select"):
        assert found[name].why[:2] == ("program", "code"), name
        assert found[name].runs == "yes"
    assert [each.what for each in found["TuneRidge"].differences] == ["code"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(content):
    with pytest.raises(UserError) as caught:
        read_definition(content, "old.json")
    assert str(caught.value).splitlines() == [
        "old.json must be JSON, got something else.",
        "Name a file that `pipeline compile -o FILE` wrote.",
    ]


@pytest.mark.parametrize(
    "document",
    [
        1,
        [],
        {},
        {"Steps": {}},
        {"Steps": [1]},
        {"Steps": [{"Name": "A"}]},
        {"Steps": [{"Name": "A", "Type": "Processing", "Arguments": []}]},
        {"Steps": [{"Name": "A", "Type": "Condition", "Arguments": {"IfSteps": [0]}}]},
    ],
)
def test_what_is_no_definition_is_refused(document):
    with pytest.raises(UserError) as caught:
        read_definition(json.dumps(document).encode(), "old.json")
    assert str(caught.value).startswith("old.json must be a definition with Steps that have Name")


def test_a_definition_of_other_tools_needs_neither_parameters_nor_arguments():
    bare = {"Steps": [{"Name": "A", "Type": "Lambda"}], "Parameters": None}
    found = compare(read_definition(json.dumps(bare).encode(), "x"), bare)
    assert [(each.state, each.runs) for each in found.steps] == [("same", "every time")]
