from __future__ import annotations

import json
from dataclasses import replace

import pytest
from several_hosts import MEET, MEETING, model_files

from sagelocal.errors import DefinitionError, StorageError
from sagelocal.jobs.machine import Machine, free_ports
from sagelocal.jobs.processing import run_processing_job
from sagelocal.processes.slots import Slots
from sagelocal.tuning.job import run_tuning_job


@pytest.mark.parametrize(("count", "slots"), [(2, 2), (5, 2), (3, 1)])
def test_the_hosts_of_a_job_meet_and_their_models_become_one(
    train, machine: Machine, count: int, slots: int
) -> None:
    response = train(MEET, count, slots=slots)
    names = [f"algo-{number + 1}" for number in range(count)]
    assert response["TrainingJobStatus"] == "Completed"
    files = model_files(machine)
    assert json.loads(files.pop("met.json")) == names
    assert files == {f"{name}.txt": name for name in names}
    assert response["FinalMetricDataList"][0]["Value"] == count
    assert not (machine.work / "job").exists()


def test_each_host_reads_who_it_is_in_the_file_and_in_variables(train, machine: Machine) -> None:
    source = (
        "import json, os, pathlib\n"
        "config = pathlib.Path(os.environ['SM_INPUT_CONFIG_DIR'], 'resourceconfig.json')\n"
        "given = [json.loads(config.read_text()), os.environ['SM_HOSTS'],\n"
        "        json.loads(os.environ['SAGELOCAL_HOST_ADDRESSES'])]\n"
        "me = os.environ['SM_CURRENT_HOST']\n"
        "pathlib.Path(os.environ['SM_MODEL_DIR'], me).write_text(json.dumps(given))\n"
    )
    train(source, 3)
    files = model_files(machine)
    names = ["algo-1", "algo-2", "algo-3"]
    assert sorted(files) == names
    addresses = set()
    for name, text in files.items():
        resources, hosts, given = json.loads(text)
        assert resources["current_host"] == name
        assert resources["hosts"] == json.loads(hosts) == list(given) == names
        assert resources["current_instance_type"] == "ml.m5.large"
        assert resources["instance_groups"][0]["hosts"] == names
        assert resources["network_interface_name"].startswith("lo")
        addresses.add(tuple(given.values()))
    (addresses,) = addresses
    assert len(set(addresses)) == 3


def test_a_job_of_one_host_reads_no_addresses(train, machine: Machine) -> None:
    source = (
        "import os, pathlib\n"
        "assert 'SAGELOCAL_HOST_ADDRESSES' not in os.environ\n"
        "assert os.environ['SM_HOSTS'] == '[\"algo-1\"]'\n"
    )
    assert train(source, 1)["TrainingJobStatus"] == "Completed"


def test_hosts_that_leave_different_files_of_one_name_are_an_error(train, machine) -> None:
    source = MEETING + "(model / 'same').write_text('s'); (model / 'other').write_text(me)\n"
    with pytest.raises(StorageError) as caught:
        train(source, 2)
    assert "algo-2 and a host before it both left /opt/ml/model/other" in caught.value.message
    assert not machine.storage.exists("s3://bucket/models/job")


def test_hosts_may_leave_the_same_file(train, machine: Machine) -> None:
    assert train(MEETING + "(model / 'same').write_text('s')", 2)["ExitCode"] == 0
    assert model_files(machine) == {"same": "s"}


@pytest.mark.slow
def test_trials_may_have_several_hosts_and_keep_to_the_slots(machine: Machine, build) -> None:
    build.put_code(machine.storage, fit=MEET.replace("{len(met)}", "{len(met) / 10}"))
    request = build.tuning_request(6, 3)
    training = request["TrainingJobDefinition"]
    training["HyperParameterTuningResourceConfig"] = {"InstanceCount": 2}
    del training["ResourceConfig"]
    response = run_tuning_job(
        request,
        name="tune",
        step="Tune",
        machine=replace(machine, slots=Slots(3)),
        trial_finished=lambda *_: None,
    )
    assert response["TrainingJobStatusCounters"]["Completed"] == 6
    assert {
        trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        for trial in response["TrainingJobSummaries"]
    } == {0.2}
    assert len(list((machine.logs / "Tune").glob("*.algo-2.log"))) == 6


def test_a_processing_job_may_have_several_hosts(machine: Machine, build) -> None:
    for number in range(5):
        machine.storage.put_bytes(f"s3://bucket/in/{number}.txt", str(number).encode())
    code = (
        "import json, os, pathlib\n"
        "base = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])\n"
        "me = json.loads((base / 'config/resourceconfig.json').read_text())['current_host']\n"
        "assert me in json.loads(os.environ['SAGELOCAL_HOST_ADDRESSES'])\n"
        "for file in (base / 'processing/input/data').iterdir():\n"
        "    text = f'{me} {file.read_text()}'\n"
        "    (base / 'processing/output/result' / file.name).write_text(text)\n"
    )
    request = build.processing_request(
        code, inputs={"data": "s3://bucket/in"}, outputs={"result": "s3://bucket/out"}
    )
    request["ProcessingInputs"][0]["S3Input"]["S3DataDistributionType"] = "ShardedByS3Key"
    request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 2
    response = run_processing_job(request, name="job", step="Step", machine=machine)
    assert response["ProcessingJobStatus"] == "Completed"
    found = [machine.storage.read_bytes(f"s3://bucket/out/{n}.txt").decode() for n in range(5)]
    assert found == ["algo-1 0", "algo-2 1", "algo-1 2", "algo-2 3", "algo-1 4"]


@pytest.mark.parametrize("count", [0, -1, "x", 1.5, None])
def test_a_number_of_instances_that_is_none_is_refused(train, count: object) -> None:
    with pytest.raises(DefinitionError, match="Step Step: InstanceCount must be 1 or more"):
        train("pass", count)


def test_free_ports_differ() -> None:
    assert len(set(free_ports(20))) == 20
