"""What `conf/aws.yaml` says reaches every request that the service has a place for it in."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from every_class import STEPS_OF_EVERY_CLASS

from pipelines.local.account import account_parameters
from pipelines.project import find_project
from pipelines.training.checks import definition_problems
from pipelines.training.checks.references import OPERATIONS, service_model
from pipelines.training.compilation import compile_pipeline
from pipelines.training.settings import load_project

AWS, PIPELINE = "conf/aws.yaml", "conf/pipeline.yaml"
RIDGE, BOOST = "models/ridge/model.yaml", "models/boost/model.yaml"
KEYS = {"volume_key": "VOLUME_KEY", "output_key": "OUTPUT_KEY"}
# A unit of every class; its first step has settings of its own.
UNIT = {
    **STEPS_OF_EVERY_CLASS,
    "process": {**STEPS_OF_EVERY_CLASS["process"], "tags": {"step": "own"}},
}
OWN = ["Ingest", "Preprocess", "Select", "Track"]
STEPS = [*OWN, *(f"{name.capitalize()}Ridge" for name in UNIT)]


def get(name):
    return {"Get": f"Parameters.{name}"}


# Setting → the members of requests that it fills, and with what.
SETTINGS = {
    "network": (
        {"subnets": ["SUBNET_A", "subnet-0b"], "security_groups": ["GROUP"]},
        {
            "VpcConfig": {
                "SecurityGroupIds": [get("SecurityGroupId1")],
                "Subnets": [get("SubnetId1"), "subnet-0b"],
            }
        },
    ),
    "encryption": (
        {**KEYS, "traffic": False},
        {
            "VolumeKmsKeyId": get("VolumeKmsKeyId"),
            "KmsKeyId": get("OutputKmsKeyId"),
            "EnableInterContainerTrafficEncryption": False,
        },
    ),
    "isolation": (
        dict.fromkeys(("process", "train", "tune", "fit", "evaluate", "create"), False),
        {"EnableNetworkIsolation": False},
    ),
    "tags": ({"team": "housing"}, {"Tags": [{"Key": "team", "Value": "housing"}]}),
}
# The jobs of the project itself are isolated or not whatever the file says.
ALWAYS_ISOLATED = {"Ingest": False, "Track": False, "Preprocess": True, "Select": True}


class Requests:
    """A definition, by step."""

    def __init__(self, example):
        self.definition = example.definition()
        self.steps = {}
        self._visit(self.definition["Steps"])

    def _visit(self, steps):
        for step in steps:
            self.steps[step["Name"]] = step
            for branch in ("IfSteps", "ElseSteps"):
                self._visit(step["Arguments"].get(branch, []))

    def __getitem__(self, name):
        return self.steps[name]["Arguments"]


def with_every_class(example):
    example.write("models/ridge/process.py", "print('hello')\n")
    example.change(RIDGE, "steps", UNIT)
    return example


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


def input_shape(step):
    return service_model().operation_model(OPERATIONS[step["Type"]][0]).input_shape


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


def test_the_collecting_steps_of_many_models_have_them_too(example):
    example.change(AWS, "tags", {"team": "housing"})
    example.change(AWS, "network", SETTINGS["network"][0])
    example.change(PIPELINE, "tracking", "none")
    text = (example.root / RIDGE).read_text(encoding="utf-8")
    code = (example.root / "models/ridge/model.py").read_text(encoding="utf-8")
    for number in range(9):
        example.write(f"models/m{number}/model.yaml", text.replace("Ridge", f"Ridge{number}"))
        example.write(f"models/m{number}/model.py", code)
    requests = Requests(example)
    for step in ("Collect1", "Collect2"):
        assert requests[step]["Tags"] == [{"Key": "team", "Value": "housing"}]
        assert requests[step]["NetworkConfig"]["VpcConfig"] == SETTINGS["network"][1]["VpcConfig"]


def test_encrypted_traffic_can_be_asked_of_processing_jobs_too(example):
    example.change(AWS, "encryption", {"traffic": True})
    requests = Requests(example)
    member = "EnableInterContainerTrafficEncryption"
    assert requests["Preprocess"]["NetworkConfig"][member] is True
    assert requests["FitRidge"][member] is True


def test_a_step_counts_more_than_its_model_the_model_more_than_the_project(example):
    example.change(AWS, "isolation", {"fit": False, "evaluate": False})
    example.change(PIPELINE, "defaults", {"fit": {"isolated": True}, "tune": {"isolated": False}})
    example.change(BOOST, "defaults", {"fit": {"isolated": False}})
    example.change(RIDGE, "steps", {"tune": {"isolated": True}, "fit": {}, "evaluate": {}})
    requests = Requests(example)
    trial = "TrainingJobDefinition"
    isolated = {
        "TuneRidge": requests["TuneRidge"][trial]["EnableNetworkIsolation"],
        "TuneBoost": requests["TuneBoost"][trial]["EnableNetworkIsolation"],
        **{name: requests[name]["EnableNetworkIsolation"] for name in ("FitRidge", "FitBoost")},
        "EvaluateRidge": requests["EvaluateRidge"]["NetworkConfig"]["EnableNetworkIsolation"],
    }
    assert isolated == {
        "TuneRidge": True,
        "TuneBoost": False,
        "FitRidge": True,
        "FitBoost": False,
        "EvaluateRidge": False,
    }


def test_tags_of_a_step_replace_those_of_the_account_by_key(example):
    example.change(AWS, "tags", {"team": "housing", "cost": "1"})
    example.change(PIPELINE, "defaults", {"register": {"tags": {"cost": "2"}}})
    example.change(RIDGE, "steps", {"fit": {"tags": {"cost": "3", "new": ""}}, "evaluate": {}})
    example.change(PIPELINE, "selection", {"by": "test"})
    requests = Requests(example)
    tags = {name: requests[name]["Tags"] for name in ("FitRidge", "FitBoost", "RegisterRidge")}
    assert {name: {tag["Key"]: tag["Value"] for tag in found} for name, found in tags.items()} == {
        "FitRidge": {"team": "housing", "cost": "3", "new": ""},
        "FitBoost": {"team": "housing", "cost": "1"},
        "RegisterRidge": {"team": "housing", "cost": "2"},
    }


def test_ids_are_parameters_without_a_value_and_this_machine_has_one_for_each(example):
    example.change(AWS, "network", SETTINGS["network"][0])
    example.change(AWS, "encryption", {"volume_key": "KEY", "output_key": "alias/outputs"})
    project = find_project(example.root)
    compiled = compile_pipeline(project.settings)
    declared = {item["Name"]: item for item in json.loads(compiled.definition)["Parameters"]}
    new = ["SubnetId1", "SecurityGroupId1", "VolumeKmsKeyId"]
    assert [name for name in declared if name in project.settings.aws.ids] == new
    assert all("DefaultValue" not in declared[name] for name in new)
    values = account_parameters(project, compiled, {})
    assert {name: values[name] for name in new} == dict.fromkeys(new, "local")
    assert {name: project.settings.aws.variables[name] for name in new} == {
        "SubnetId1": "SUBNET_A",
        "SecurityGroupId1": "GROUP",
        "VolumeKmsKeyId": "KEY",
    }


MISTAKES = [
    ("network", {"subnets": ["SUBNET_A"]}, "network.security_groups is missing."),
    ("network.subnets", [], "network.subnets must have at least 1 item"),
    ("network.subnets", ["vpc-1"], "network.subnets.0 must be an environment variable or an id"),
    ("network.subnets", ["subnet-A B"], "network.subnets.0 must be an environment variable or"),
    ("network.subnets", ["A", "A"], "network.subnets lists the subnet 'A' twice."),
    ("network.security_groups", ["g"], "network.security_groups.0 must be an environment variable"),
    ("network.security_groups", ["G"] * 6, "network.security_groups must have at most 5 items"),
    ("network.subnet", ["A"], "network.subnet is not a known setting."),
    ("encryption", {"volume_key": "key"}, "encryption.volume_key must be an environment variable"),
    ("encryption", {"output_key": "a b"}, "encryption.output_key must be an environment variable"),
    ("encryption", {"traffic": "yes"}, "encryption.traffic must be a valid boolean, got 'yes'."),
    ("isolation", {"transform": True}, "isolation.transform is not a known setting."),
    ("isolation", {"ingest": True}, "isolation.ingest is not a known setting."),
    ("tags", {"aws:x": "y"}, "tags.aws:x must not have a tag 'aws:x': AWS keeps the prefix"),
    ("tags", {"x": "a;b"}, "tags.x must not hold the sign ';', got 'a;b'."),
    ("tags", {"x": "y" * 257}, "tags.x must have at most 256 characters"),
    ("tags", {"x": 1}, "tags.x must be a valid string, got 1."),
    ("tags", {f"t{n}": "" for n in range(51)}, "tags must have at most 50 items"),
]


@pytest.mark.parametrize(("field", "value", "rule"), MISTAKES)
def test_a_mistake_is_named_with_file_and_field(example, mistake_of, field, value, rule):
    example.change(AWS, "network", {"subnets": ["SUBNET_A"], "security_groups": ["GROUP"]})
    example.change(AWS, field, value)
    found, remedy = mistake_of(example)
    assert found.startswith(f"{AWS}: {rule}")
    assert remedy


@pytest.mark.parametrize(
    ("step", "field"),
    [("transform", "isolated"), ("register", "isolated"), ("register", "cache")],
)
def test_a_step_has_no_setting_that_its_request_has_no_place_for(example, mistake_of, step, field):
    with_every_class(example).change(RIDGE, f"steps.{step}.{field}", False)
    rule, _ = mistake_of(example)
    assert rule == f"{RIDGE}: steps.{step}.{field} is not a known setting."


def test_what_the_files_of_a_new_project_give_as_examples_is_right(project_root):
    examples = {AWS: ("network", "encryption", "isolation", "tags"), PIPELINE: ("cache", "retries")}
    for file, keys in examples.items():
        lines = (project_root / file).read_text(encoding="utf-8").splitlines()
        chosen = rf"# ({'|'.join(keys)}):|#   - "
        text = "\n".join(line[2:] if re.match(chosen, line) else line for line in lines)
        assert set(keys) <= set(yaml.safe_load(text))
        (project_root / file).write_text(text, encoding="utf-8")
    settings = load_project(project_root)
    assert [*settings.aws.ids] == [
        "SubnetId1", "SubnetId2", "SecurityGroupId1", "VolumeKmsKeyId", "OutputKmsKeyId",
    ]  # fmt: skip
    assert compile_pipeline(settings).definition.count(b'"Subnets"') == len(OWN) + 3 * 2
