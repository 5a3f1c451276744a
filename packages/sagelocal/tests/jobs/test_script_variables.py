"""Arguments and variables of a script are those of AWS's training toolkit.

`toolkit_variables.json` holds what `train` of sagemaker-training 5.1.4 gave a program that writes
down its arguments and variables, with `/opt/ml` for the folder that it ran in. It counts the cores
of the whole machine; a job here has one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sagelocal.jobs.containers import JobTree
from sagelocal.jobs.hosts import Host
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.script_mode import user_arguments, variables_of
from sagelocal.jobs.training import run_training_job

RECORDED = json.loads(Path(__file__).with_name("toolkit_variables.json").read_text("utf-8"))
ARCHIVE = "/opt/ml/input/data/code/sourcedir.tar.gz"


def request(hyperparameters: dict[str, str], **channel: Any) -> dict[str, Any]:
    source = {"S3DataSource": {"S3Uri": "s3://bucket/x"}}
    return {
        "HyperParameters": {
            "sagemaker_program": "dump.py",
            "sagemaker_submit_directory": ARCHIVE,
            **hyperparameters,
        },
        "ResourceConfig": {"InstanceType": "ml.m5.large"},
        "InputDataConfig": [
            {"ChannelName": name, "DataSource": source, **channel} for name in ("code", "train")
        ],
    }


def variables(asked: dict[str, Any], names: tuple[str, ...] = ("localhost",)) -> dict[str, str]:
    host = Host(names[-1], names, JobTree(Path("/tree")), Path("/log"))
    return variables_of(asked, "job", host)


@pytest.mark.parametrize("case", range(len(RECORDED)))
def test_every_variable_and_argument_is_the_toolkits(case: int) -> None:
    recorded = RECORDED[case]
    asked = request(recorded["hyperparameters"])
    assert user_arguments(asked) == recorded["arguments"]
    found = variables(asked)
    environment = json.loads(found.pop("SM_TRAINING_ENV"))
    assert (found.pop("SM_NUM_CPUS"), environment.pop("num_cpus")) == ("1", 1)
    assert found.pop("PYTHONPATH") == "/opt/ml/code"
    assert found == recorded["variables"]
    assert environment == recorded["environment"]


def test_of_several_hosts_each_knows_which_it_is() -> None:
    found = variables(request({}), ("algo-1", "algo-2"))
    assert (found["SM_CURRENT_HOST"], found["SM_HOSTS"]) == ("algo-2", '["algo-1","algo-2"]')
    environment = json.loads(found["SM_TRAINING_ENV"])
    assert (environment["is_master"], environment["master_hostname"]) == (False, "algo-1")


def test_a_channel_says_what_its_content_is() -> None:
    found = variables(request({}, ContentType="text/csv", RecordWrapperType="RecordIO"))
    (train,) = [json.loads(found["SM_INPUT_DATA_CONFIG"])["train"]]
    assert (train["ContentType"], train["RecordWrapperType"]) == ("text/csv", "RecordIO")
    assert "ContentType" not in json.loads(variables(request({}))["SM_INPUT_DATA_CONFIG"])["train"]


def test_a_job_finds_them_with_the_paths_of_its_tree(machine: Machine, build) -> None:
    code = (
        "import json, os\n"
        "known = json.loads(os.environ['SM_TRAINING_ENV'])\n"
        "base = os.environ['SAGEMAKER_BASE_DIR']\n"
        "assert known['model_dir'] == os.environ['SM_MODEL_DIR'] == base + '/model'\n"
        "assert os.path.isfile(os.environ['SM_MODULE_DIR'])\n"
        "assert os.path.isdir(known['channel_input_dirs']['code'])\n"
        "with open(base + '/input/config/resourceconfig.json') as file:\n"
        "    assert json.load(file) == json.loads(os.environ['SM_RESOURCE_CONFIG'])\n"
        "with open(base + '/input/config/inputdataconfig.json') as file:\n"
        "    assert json.load(file) == json.loads(os.environ['SM_INPUT_DATA_CONFIG'])\n"
    )
    build.put_code(machine.storage, fit=code)
    response = run_training_job(build.training_request(), name="job", step="Fit", machine=machine)
    assert response["TrainingJobStatus"] == "Completed", response.get("FailureReason")
