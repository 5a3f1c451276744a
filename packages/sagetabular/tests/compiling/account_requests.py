"""Settings of an account, what they ought to become, and the requests that they reach."""

from __future__ import annotations

from definitions import steps_of
from every_class import STEPS_OF_EVERY_CLASS

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


class Requests:
    """A definition, by step."""

    def __init__(self, example):
        self.definition = example.definition()
        self.steps = steps_of(self.definition)

    def __getitem__(self, name):
        return self.steps[name]["Arguments"]


def with_every_class(example):
    example.write("models/ridge/process.py", "print('hello')\n")
    example.change(RIDGE, "steps", UNIT)
    return example
