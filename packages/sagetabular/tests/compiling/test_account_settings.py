"""Settings of `conf/aws.yaml` reach every request that has a place for them."""

from __future__ import annotations

import json
from functools import cache

import pytest
from account_requests import AWS, SETTINGS, STEPS, Requests, with_every_class
from botocore.loaders import Loader
from botocore.model import ServiceModel

from sagetabular.compiling.checks import definition_problems

# The jobs of the project itself are isolated or not whatever the file says.
ALWAYS_ISOLATED = {"Ingest": False, "Track": False, "Preprocess": True, "Select": True}


@pytest.fixture(scope="session")
def plain(tmp_path_factory, new_example):
    """The requests without any setting."""
    return Requests(with_every_class(new_example(tmp_path_factory.mktemp("plain") / "example")))


@pytest.fixture(scope="session")
def requests_with(tmp_path_factory, new_example):
    """Compile with one of the settings, once."""
    found = {}

    def compiled(setting):
        if setting not in found:
            example = with_every_class(new_example(tmp_path_factory.mktemp(setting) / "example"))
            example.change(AWS, setting, SETTINGS[setting][0])
            found[setting] = Requests(example)
        return found[setting]

    return compiled


def places(shape, request, member, path=()):
    """Paths of a member in a request, as the API has them.

    What needs a structure that the request does without is no place, but for the key of a model
    package, which is all that its structure holds.
    """
    if shape.type_name != "structure":
        return
    for name, inner in shape.members.items():
        if name == member:
            yield (*path, name)
        elif name in request and isinstance(request[name], dict):
            yield from places(inner, request[name], member, (*path, name))
        elif name == "SecurityConfig" and member in inner.members:
            yield (*path, name, member)


@cache
def service_model():
    return ServiceModel(Loader().load_service_model("sagemaker", "service-2"), "sagemaker")


def input_shape(step):
    call = {"Tuning": "HyperParameterTuningJob", "Model": "Model", "RegisterModel": "ModelPackage"}
    name = f"Create{call.get(step['Type'], step['Type'] + 'Job')}"
    return service_model().operation_model(name).input_shape


def value_at(request, path):
    for name in path:
        request = request.get(name, {})
    return request


def expected_value(setting, step, member):
    if setting == "isolation" and step in ALWAYS_ISOLATED:
        return ALWAYS_ISOLATED[step]
    value = SETTINGS[setting][1][member]
    own = [{"Key": "step", "Value": "own"}]
    return value + own if setting == "tags" and step == "ProcessRidge" else value


CASES = [
    (setting, member, step)
    for setting, (_, members) in SETTINGS.items()
    for member in members
    for step in STEPS
]


@pytest.mark.parametrize(("setting", "member", "step"), CASES)
def test_a_setting_is_wherever_the_service_has_a_place_for_it(
    plain, requests_with, setting, member, step
):
    requests = requests_with(setting)
    assert definition_problems(requests.definition) == []
    shape = input_shape(plain.steps[step])
    found = list(places(shape, plain[step], member))
    for path in found:
        assert value_at(requests[step], path) == expected_value(setting, step, member), path
    assert json.dumps(requests[step]).count(f'"{member}"') == len(found)


def test_the_places_are_those_that_the_kinds_of_steps_are_known_for(plain):
    """The test above would pass if it found none."""
    found = {
        member: {
            plain.steps[step]["Type"]
            for step in STEPS
            for _ in places(input_shape(plain.steps[step]), plain[step], member)
        }
        for _, members in SETTINGS.values()
        for member in members
    }
    jobs = {"Processing", "Training", "Tuning"}
    assert found == {
        "VpcConfig": {*jobs, "Model"},
        "VolumeKmsKeyId": {*jobs, "Transform"},
        "KmsKeyId": {*jobs, "Transform", "RegisterModel"},
        "EnableInterContainerTrafficEncryption": jobs,
        "EnableNetworkIsolation": {*jobs, "Model"},
        "Tags": {*jobs, "Model", "Transform", "RegisterModel"},
    }


def test_without_settings_there_is_nothing_but_the_isolation_of_the_design(plain):
    absent = ("VpcConfig", "VolumeKmsKeyId", "KmsKeyId", "SecurityConfig")
    isolated = {}
    for step in STEPS:
        text = json.dumps(plain[step])
        assert not [name for name in absent if f'"{name}"' in text], step
        assert ('"Tags"' in text) == (step == "ProcessRidge")
        assert ("EnableInterContainerTrafficEncryption" in text) == (
            plain.steps[step]["Type"] in ("Training", "Tuning")
        )
        for path in places(input_shape(plain.steps[step]), plain[step], "EnableNetworkIsolation"):
            isolated[step] = value_at(plain[step], path)
    jobs = [f"{name}Ridge" for name in ("Process", "Train", "Tune", "Fit", "Create", "Evaluate")]
    assert isolated == {**ALWAYS_ISOLATED, **dict.fromkeys(jobs, True)}
