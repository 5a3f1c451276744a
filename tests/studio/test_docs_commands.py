"""Commands of AWS's command line in the pages about Studio are ones that AWS has."""

from __future__ import annotations

import re

import pytest
from botocore import xform_name
from botocore.session import Session

from tests.baking import ROOT

PAGES = (ROOT / "docs/studio.md", *sorted((ROOT / "docs/studio").glob("*.md")))
# What the command line adds to the API: https://awscli.amazonaws.com/v2/documentation/api/latest/.
OWN = {("cloudformation", "deploy"), ("codecommit", "credential-helper"), ("s3", "cp")}
# https://awscli.amazonaws.com/v2/documentation/api/latest/reference/sns/subscribe.html
RENAMED = {("sns", "subscribe"): {"--notification-endpoint": "--endpoint"}}
GLOBAL = {"--query", "--output", "--region"}
_COMMAND = re.compile(r"\baws ([a-z0-9-]+) ([a-z-]+)((?:[^`\n]|\\\n)*)")


def commands() -> list[tuple[str, str, tuple[str, ...]]]:
    """Return service, operation and options of each command."""
    texts = [page.read_text(encoding="utf-8").replace("\\\n", " ") for page in PAGES]
    found = [match for text in texts for match in _COMMAND.findall(text)]
    return [
        (service, operation, tuple(re.findall(r"--[a-z-]+", rest)))
        for service, operation, rest in found
        if (service, operation) not in OWN
    ]


def test_the_pages_have_commands() -> None:
    assert len(commands()) > 8


@pytest.mark.parametrize("command", commands(), ids=lambda each: f"{each[0]} {each[1]}")
def test_a_command_and_its_options_are_ones_of_aws(command: tuple[str, str, list[str]]) -> None:
    service, operation, options = command
    model = Session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names
    shape = model.operation_model(names[operation]).input_shape
    known = {f"--{xform_name(name, '-')}" for name in shape.members} if shape else set()
    renamed = RENAMED.get((service, operation), {})
    assert {renamed.get(each, each) for each in options} - known - GLOBAL == set()
