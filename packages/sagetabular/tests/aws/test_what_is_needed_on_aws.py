"""Permissions and quotas: lists and sums that are compared with the code and the definition."""

from __future__ import annotations

import ast
import itertools
import json
from pathlib import Path

import boto3
import pytest
from botocore import xform_name
from hypothesis import given, settings
from hypothesis import strategies as st

from sagetabular import aws, cli, infrastructure
from sagetabular.aws.permissions import COMMANDS, JOBS
from sagetabular.aws.sagemaker.costs import demands
from sagetabular.doctor.quotas import most_at_once

SERVICES = ("s3", "sagemaker", "sagemaker-runtime", "logs", "ecr", "glue", "cloudformation")
# What is allowed by another action; nobody needs to be allowed to ask who he is.
OTHER_NAMES = {
    "delete_objects": "delete_object",
    "head_bucket": "list_bucket",
    "head_object": "get_object",
    "list_objects_v2": "list_bucket",
}
# What several services have a method for, so that its name does not tell which is asked.
SHARED = {"tag_resource"}
# What Docker asks of ECR, what AWS checks on behalf of a call, and of what is shared each.
NOT_CALLED = {
    "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:TagResource", "ecr:UploadLayerPart",
    "glue:TagResource", "iam:PassRole",
    "kms:Decrypt", "kms:GenerateDataKey",
}  # fmt: skip


def operations():
    """Method → service as IAM calls it, of all services that the commands ask."""
    found = {}
    for service in SERVICES:
        client = boto3.client(
            service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        # A name of one word may be that of anything else, such as the search of a pattern.
        names = [name for name in client.meta.method_to_api_mapping if "_" in name]
        found |= dict.fromkeys(names, service.partition("-")[0])
    return found


def calls(known):
    """Methods of boto3 that the code calls, or asks for the pages of."""
    for package in (cli, aws, infrastructure):
        for file in Path(package.__file__).parent.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                if node.func.attr == "get_paginator":
                    yield node.args[0].value
                elif node.func.attr in known:
                    yield node.func.attr


def test_every_call_of_a_command_is_in_the_list_of_permissions_and_no_other():
    known = operations()
    called = {*calls(known)} - SHARED
    assert len(called) > 15
    needed = {(known[method], OTHER_NAMES.get(method, method)) for method in called}
    listed = [one.action.split(":") for one in COMMANDS if one.action not in NOT_CALLED]
    assert {(service, xform_name(action)) for service, action in listed} == needed


def test_no_permission_stands_twice():
    for group in (COMMANDS, JOBS):
        pairs = [(one.action, one.resource, one.users) for one in group]
        assert len(pairs) == len({*pairs})


def test_each_step_that_starts_something_needs_its_permissions(definition):
    users = {user for one in JOBS for user in one.users}
    kinds = {step["Type"] for step in definition["Steps"]} - {"Condition"}
    assert kinds | {"RegisterModel", "Transform", "Model"} <= users


def random_steps(draw):
    """A graph: each step may wait for earlier ones, by name or by reference."""
    count = draw(st.integers(1, 7))
    steps = []
    for number in range(count):
        before = draw(st.lists(st.sampled_from(range(number)), unique=True)) if number else []
        named = [f"s{other}" for other in before if other % 2]
        referred = {f"r{other}": {"Get": f"Steps.s{other}.X"} for other in before if not other % 2}
        steps.append({"Name": f"s{number}", "DependsOn": named, "Arguments": referred, "Type": "x"})
    return steps


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_what_runs_at_once_is_the_heaviest_set_of_steps_that_do_not_wait(data):
    steps = random_steps(data.draw)
    weights = {step["Name"]: data.draw(st.integers(0, 9)) for step in steps}
    waits = {step["Name"]: {*step["DependsOn"]} for step in steps}
    for step in steps:
        waits[step["Name"]] |= {value["Get"].split(".")[1] for value in step["Arguments"].values()}
    for before in waits.values():  # in order, so what is waited for is complete
        before.update(*[waits[other] for other in before])
    best = 0
    for size in range(len(steps) + 1):
        for chosen in itertools.combinations(waits, size):
            if not any(first in waits[second] for first in chosen for second in chosen):
                best = max(best, sum(weights[name] for name in chosen))
    assert most_at_once({"Steps": steps}, weights) == best


def test_what_a_condition_holds_waits_for_it():
    inner = {"Name": "b", "Type": "x", "Arguments": {}}
    gate = {"Name": "g", "Type": "Condition", "Arguments": {"IfSteps": [inner], "ElseSteps": []},
            "DependsOn": ["a"]}  # fmt: skip
    first = {"Name": "a", "Type": "x", "Arguments": {}}
    assert most_at_once({"Steps": [first, gate]}, {"a": 2, "b": 3}) == 3


def test_the_searches_of_all_models_run_at_once(example):
    example.change("models/ridge/model.yaml", "steps", {"tune": {"instance_count": 3, "spot": True,
                   "max_wait_minutes": 200}, "fit": None, "evaluate": None})  # fmt: skip
    document = json.loads(example.compile().definition)
    values = {one["Name"]: one.get("DefaultValue", "x") for one in document["Parameters"]}
    values["MaxParallelTrainingJobs"] = "5"
    found = {one.step: one for one in demands(document, values)}
    assert (found["TuneRidge"].hosts, found["TuneRidge"].spot) == (3, True)
    assert (found["TuneBoost"].hosts, found["TuneBoost"].spot) == (1, False)
    weights = {name: one.hosts * one.at_once for name, one in found.items()}
    tuning = {name: weight for name, weight in weights.items() if name.startswith("Tune")}
    assert most_at_once(document, tuning) == 20
    assert most_at_once(document, {"Preprocess": 1, **tuning}) == 20


@pytest.mark.parametrize(("trials", "at_once"), [(3, 3), (50, 4)])
def test_no_more_trials_run_at_once_than_there_are(example, trials, at_once):
    document = example.definition()
    values = {one["Name"]: one.get("DefaultValue", "x") for one in document["Parameters"]}
    values["MaxTrainingJobs"] = trials
    found = {one.step: one.at_once for one in demands(document, values)}
    assert (found["TuneRidge"], found["FitRidge"]) == (at_once, 1)
