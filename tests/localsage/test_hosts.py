from __future__ import annotations

import io
import json
import tarfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localsage.errors import DefinitionError, StoppedError, StorageError
from localsage.forking.launching import ForkLauncher, forking_is_safe
from localsage.jobs.machine import Machine
from localsage.jobs.ports import free_ports
from localsage.jobs.processing import run_processing_job
from localsage.jobs.training import run_training_job
from localsage.processes.launching import ProcessLauncher
from localsage.processes.slots import Slots
from localsage.tuning.job import run_tuning_job

KINDS = [ProcessLauncher, *([ForkLauncher] if forking_is_safe() else [])]

# What a job does to meet its other hosts: the address it is told here, its name on AWS.
MEETING = """
import json, os, pathlib, socket, sys, time
me, hosts = os.environ["SM_CURRENT_HOST"], json.loads(os.environ["SM_HOSTS"])
told = json.loads(os.environ.get("LOCALSAGE_HOST_ADDRESSES", "{}"))

def address(host):
    name, port = told.get(host, f"{host}:7777").rsplit(":", 1)
    return socket.getaddrinfo(name, int(port), type=socket.SOCK_STREAM)[0][4]

def connect(host):
    deadline = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(address(host))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)

def receive(count):
    with socket.create_server(address(me)) as server:
        for _ in range(count):
            connection, _ = server.accept()
            with connection, connection.makefile() as lines:
                yield lines.read()

def send(host, text):
    with connect(host) as connection:
        connection.sendall(text.encode())

model = pathlib.Path(os.environ["SM_MODEL_DIR"])
"""
MEET = (
    MEETING
    + """
if me == hosts[0]:
    met = sorted([me, *receive(len(hosts) - 1)])
    (model / "met.json").write_text(json.dumps(met))
    print(f"cv:r2={len(met)};")
else:
    send(hosts[0], me)
(model / f"{me}.txt").write_text(me)
"""
)


@pytest.fixture
def train(machine: Machine, build):
    def run_job(source: str, count: int, *, slots: int = 2, name: str = "job", **rest: Any):
        build.put_code(machine.storage, fit=source)
        request = {**build.training_request(), **rest}
        request["ResourceConfig"] = {"InstanceCount": count, "InstanceType": "ml.m5.large"}
        wide = replace(machine, slots=Slots(slots))
        return run_training_job(request, name=name, step="Step", machine=wide)

    return run_job


def model_files(machine: Machine, name: str = "job") -> dict[str, str]:
    content = machine.storage.read_bytes(f"s3://bucket/models/{name}/output/model.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {entry: tar.extractfile(entry).read().decode() for entry in tar.getnames()}


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


def test_each_host_is_told_who_it_is_in_the_file_and_in_variables(train, machine: Machine) -> None:
    source = (
        "import json, os, pathlib\n"
        "config = pathlib.Path(os.environ['SM_INPUT_CONFIG_DIR'], 'resourceconfig.json')\n"
        "told = [json.loads(config.read_text()), os.environ['SM_HOSTS'],\n"
        "        json.loads(os.environ['LOCALSAGE_HOST_ADDRESSES'])]\n"
        "me = os.environ['SM_CURRENT_HOST']\n"
        "pathlib.Path(os.environ['SM_MODEL_DIR'], me).write_text(json.dumps(told))\n"
    )
    train(source, 3)
    files = model_files(machine)
    names = ["algo-1", "algo-2", "algo-3"]
    assert sorted(files) == names
    addresses = set()
    for name, text in files.items():
        resources, hosts, told = json.loads(text)
        assert resources["current_host"] == name
        assert resources["hosts"] == json.loads(hosts) == list(told) == names
        assert resources["current_instance_type"] == "ml.m5.large"
        assert resources["instance_groups"][0]["hosts"] == names
        assert resources["network_interface_name"].startswith("lo")
        addresses.add(tuple(told.values()))
    (addresses,) = addresses
    assert len(set(addresses)) == 3


def test_a_job_of_one_host_is_told_no_addresses(train, machine: Machine) -> None:
    source = (
        "import os, pathlib\n"
        "assert 'LOCALSAGE_HOST_ADDRESSES' not in os.environ\n"
        "assert os.environ['SM_HOSTS'] == '[\"algo-1\"]'\n"
    )
    assert train(source, 1)["TrainingJobStatus"] == "Completed"


LIST = (
    "import json, os, pathlib\n"
    "found = {name: sorted(os.listdir(os.environ[f'SM_CHANNEL_{name.upper()}']))\n"
    "         for name in ('whole', 'dealt')}\n"
    "config = pathlib.Path(os.environ['SM_INPUT_CONFIG_DIR'], 'inputdataconfig.json')\n"
    "config = json.loads(config.read_text())\n"
    "found['types'] = [config[name]['S3DistributionType'] for name in ('whole', 'dealt')]\n"
    "me = os.environ['SM_CURRENT_HOST']\n"
    "pathlib.Path(os.environ['SM_MODEL_DIR'], me).write_text(json.dumps(found))\n"
)


def channel(name: str, uri: str, **source: str) -> dict[str, Any]:
    data = {"S3Uri": uri, "S3DataType": "S3Prefix", **source}
    return {"ChannelName": name, "DataSource": {"S3DataSource": data}}


@pytest.mark.parametrize(("objects", "count"), [(7, 3), (2, 3), (4, 1)])
def test_a_sharded_channel_is_dealt_to_the_hosts_and_a_replicated_one_is_whole_on_each(
    train, machine: Machine, build, objects: int, count: int
) -> None:
    names = [f"part-{number}.csv" for number in range(objects)]
    for name in names:
        machine.storage.put_bytes(f"s3://bucket/in/{name}", b"1")
    channels = [
        *build.training_request()["InputDataConfig"],
        channel("whole", "s3://bucket/in"),
        channel("dealt", "s3://bucket/in/", S3DataDistributionType="ShardedByS3Key"),
    ]
    train(LIST, count, InputDataConfig=channels)
    hosts = [json.loads(text) for _, text in sorted(model_files(machine).items())]
    assert all(host["whole"] == names for host in hosts)
    assert [host["dealt"] for host in hosts] == [names[n::count] for n in range(count)]
    assert hosts[0]["types"] == ["FullyReplicated", "ShardedByS3Key"]


def test_a_manifest_names_the_objects_of_a_channel(train, machine: Machine, build) -> None:
    for name in ("a.csv", "sub/b.csv", "c.csv"):
        machine.storage.put_bytes(f"s3://bucket/in/{name}", b"1")
    listed = [{"prefix": "s3://bucket/in/"}, "sub/b.csv", "a.csv"]
    machine.storage.put_bytes("s3://bucket/in.manifest", json.dumps(listed).encode())
    source = (
        "import os, pathlib\n"
        "folder = pathlib.Path(os.environ['SM_CHANNEL_TRAIN'])\n"
        "found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob('*.csv'))\n"
        "assert found == ['a.csv', 'sub/b.csv'], found\n"
    )
    manifest = channel("train", "s3://bucket/in.manifest", S3DataType="ManifestFile")
    channels = [*build.training_request()["InputDataConfig"], manifest]
    assert train(source, 1, InputDataConfig=channels)["TrainingJobStatus"] == "Completed"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not JSON", "is not a manifest"),
        (b"[]", "is not a manifest"),
        (b'["s3://bucket/in/a.csv"]', "is not a manifest"),
        (b'[{"prefix": "s3://bucket/in/"}, "none.csv"]', "s3://bucket/in/none.csv"),
        (b'[{"prefix": "s3://bucket/in/"}, "../x"]', "not allowed"),
        (b'[{"prefix": "bucket"}, "x"]', "Not an S3 address"),
    ],
)
def test_a_manifest_that_leads_nowhere_is_an_error(
    train, machine: Machine, build, content: bytes, message: str
) -> None:
    machine.storage.put_bytes("s3://bucket/in.manifest", content)
    manifest = channel("train", "s3://bucket/in.manifest", S3DataType="ManifestFile")
    channels = [*build.training_request()["InputDataConfig"], manifest]
    with pytest.raises(StorageError, match=message):
        train("pass", 1, InputDataConfig=channels)


def test_an_input_of_another_type_is_refused(train, build) -> None:
    augmented = channel("train", "s3://bucket/in", S3DataType="AugmentedManifestFile")
    channels = [*build.training_request()["InputDataConfig"], augmented]
    with pytest.raises(DefinitionError, match="Step Step, channel train: .*AugmentedManifestFile"):
        train("pass", 1, InputDataConfig=channels)


def wait_for(condition, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


# The second host ends itself once the others have said who they are; they would wait for ever.
LOSE_ONE = """
import os, pathlib, signal, time
marks = pathlib.Path(MARKS)
me = os.environ["SM_CURRENT_HOST"]
(marks.parent / me).write_text(str(os.getpid()))
os.replace(marks.parent / me, marks / me)
while len(list(marks.iterdir())) < 3:
    time.sleep(0.02)
if me == "algo-2":
    END
signal.signal(signal.SIGTERM, IGNORED)
time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "ignored", "reason", "code"),
    [
        ("os.kill(os.getpid(), 9)", "signal.SIG_DFL", "killed by signal 9", -9),
        ("raise SystemExit(3)", "signal.SIG_DFL", "exit code 3", 3),
        ("raise SystemExit(3)", "signal.SIG_IGN", "exit code 3", 3),
        ("raise ValueError('that is why')", "signal.SIG_DFL", "ValueError: that is why", 1),
    ],
)
@pytest.mark.parametrize("launcher_type", KINDS)
def test_the_death_of_one_host_fails_the_job_at_once_with_its_name(
    build, machine: Machine, tmp_path, launcher_type, end, ignored, reason: str, code: int
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    source = LOSE_ONE.replace("MARKS", repr(str(marks))).replace("END", end)
    build.put_code(machine.storage, fit=source.replace("IGNORED", ignored))
    request = build.training_request()
    request["ResourceConfig"]["InstanceCount"] = 3
    started = time.monotonic()
    with launcher_type().for_trials("tune") as trials:
        trial_machine = replace(machine, launcher=trials)
        response = run_training_job(request, name="job", step="Step", machine=trial_machine)
    assert time.monotonic() - started < 10
    assert response["TrainingJobStatus"] == "Failed"
    assert response["ExitCode"] == code
    assert response["FailureReason"].startswith("Host algo-2: ")
    assert reason in response["FailureReason"]
    pids = [int(mark.read_text()) for mark in marks.iterdir()]
    assert wait_for(lambda: not any(map(is_alive, pids)), 5)
    assert not machine.storage.exists("s3://bucket/models/job")
    assert (machine.work / "job" / "algo-3").is_dir()


def test_a_host_may_be_done_long_before_the_others(train, machine: Machine) -> None:
    source = MEETING + (
        "if me == 'algo-2':\n    raise SystemExit\ntime.sleep(0.5)\n(model / me).write_text(me)\n"
    )
    assert train(source, 3)["TrainingJobStatus"] == "Completed"
    assert sorted(model_files(machine)) == ["algo-1", "algo-3"]


def test_hosts_that_leave_different_files_of_one_name_are_told_so(train, machine) -> None:
    source = MEETING + "(model / 'same').write_text('s'); (model / 'other').write_text(me)\n"
    with pytest.raises(StorageError) as caught:
        train(source, 2)
    assert "algo-2 and a host before it both left /opt/ml/model/other" in caught.value.message
    assert not machine.storage.exists("s3://bucket/models/job")


def test_hosts_may_leave_the_same_file(train, machine: Machine) -> None:
    assert train(MEETING + "(model / 'same').write_text('s')", 2)["ExitCode"] == 0
    assert model_files(machine) == {"same": "s"}


@pytest.mark.slow
def test_all_hosts_are_stopped_when_time_is_up(train) -> None:
    response = train("import time; time.sleep(60)", 2, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert response["TrainingJobStatus"] == "Stopped"
    assert "MaxRuntimeExceeded" in response["FailureReason"]


def test_stopping_an_execution_ends_all_hosts(build, machine: Machine, tmp_path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    source = LOSE_ONE.replace("MARKS", repr(str(marks))).replace("< 3", "< 2")
    source = source.replace("END", "pass").replace("IGNORED", "signal.SIG_DFL")
    build.put_code(machine.storage, fit=source)
    request = build.training_request()
    request["ResourceConfig"]["InstanceCount"] = 2
    errors: list[Exception] = []

    def run() -> None:
        try:
            run_training_job(request, name="job", step="Step", machine=machine)
        except StoppedError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert wait_for(lambda: all((marks / f"algo-{n}").is_file() for n in (1, 2)))
    machine.launcher.stop()
    thread.join(timeout=15)
    assert len(errors) == 1
    pids = [int(mark.read_text()) for mark in marks.iterdir()]
    assert wait_for(lambda: not any(map(is_alive, pids)))


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
        "assert me in json.loads(os.environ['LOCALSAGE_HOST_ADDRESSES'])\n"
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
