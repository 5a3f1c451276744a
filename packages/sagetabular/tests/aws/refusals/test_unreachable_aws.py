"""A region, a network or a server that is not AWS's: two lines, whatever the command."""

from __future__ import annotations

import socket

import pytest
from asking import every_command, two_lines

pytestmark = pytest.mark.slow


@every_command
def test_in_a_region_that_does_not_exist(pipeline, project, monkeypatch, command):
    asked = []

    def no_such_name(host, port, family=0, type=0, proto=0, flags=0):
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    project.change("conf/aws.yaml", "region", "eu-nowhere-1")
    project.change("models/boost/model.yaml", "image", "project")  # AWS's own are listed by region
    rule, remedy = two_lines(pipeline(*command), exactly=True)
    assert rule.startswith("STS could not be asked to GetCallerIdentity: Could not connect ")
    assert remedy == "Check the network, and region in conf/aws.yaml."
    assert {*asked} == {"sts.eu-nowhere-1.amazonaws.com"}


@every_command
def test_where_nobody_listens(pipeline, project, monkeypatch, command):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        rule, remedy = two_lines(pipeline(*command), exactly=True)
    assert rule.startswith("STS could not be asked to GetCallerIdentity: Could not connect ")
    assert "network" in remedy


@every_command
def test_where_something_else_answers(pipeline, project, server, command):
    page = "<html>Sign in to the hotel's network<br></html>"
    server.refusals["GetCallerIdentity"] = (200, "as it is", page)
    rule, remedy = two_lines(pipeline(*command), exactly=True)
    assert rule.startswith("STS could not be asked to GetCallerIdentity: ")
    assert "network" in remedy
