"""Account settings of a step, a model or the project, beside `conf/aws.yaml`."""

from __future__ import annotations

import json
import re

import yaml
from account_requests import AWS, BOOST, OWN, PIPELINE, RIDGE, SETTINGS, Requests

from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.local.account import account_parameters
from sagetabular.project import find_project
from sagetabular.settings import load_project


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
