"""Errors in `conf/aws.yaml`, and settings that a step has no place for."""

from __future__ import annotations

import pytest
from account_requests import AWS, RIDGE, with_every_class

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
