"""Channels: the objects that each host gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from several_hosts import model_files

from sagelocal.errors import DefinitionError, StorageError
from sagelocal.jobs.machine import Machine

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
