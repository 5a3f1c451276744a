"""The protocol: whatever comes over the wire gets an answer that says what is wrong with it."""

from __future__ import annotations

import http.client
import json
import socket
from urllib.parse import urlsplit

import botocore.session
import pytest
from building import ROLE, Build
from clients import REGION, fail, refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagelocal.endpoint import Endpoint
from sagelocal.endpoint.operations import OPERATIONS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
MODEL = botocore.session.Session().get_service_model("sagemaker")


def ask(endpoint: Endpoint, body: bytes, target: str = "SageMaker.ListPipelines", **headers: str):
    """Send a request as it is and return status and answer."""
    connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc, timeout=30)
    try:
        sent = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1", **headers}
        connection.request("POST", "/", body, sent)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b"[]", b'"x"', b"null", b'{"MaxResults": NaN}', b"[" * 100_000, b"{}" * 2],
)
def test_a_body_that_is_no_object_is_refused(endpoint: Endpoint, body: bytes) -> None:
    status, answer = ask(endpoint, body)
    assert (status, answer["__type"]) == (400, "SerializationException")


def test_an_empty_body_is_an_empty_request(endpoint: Endpoint) -> None:
    assert ask(endpoint, b"") == (200, {"PipelineSummaries": []})


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("SageMaker.CreateTrainingJob", "sagelocal does not have the operation CreateTrainingJob"),
        ("SageMaker.Nothing", "SageMaker has no operation 'Nothing'"),
        ("SageMaker.", "SageMaker has no operation ''"),
        ("DynamoDB_20120810.PutItem", "X-Amz-Target must be SageMaker.<operation>"),
        ("", "X-Amz-Target must be SageMaker.<operation>"),
    ],
)
def test_an_operation_that_there_is_not_is_named(
    endpoint: Endpoint, target: str, words: str
) -> None:
    status, answer = ask(endpoint, b"{}", target)
    # A client tries again after an answer of 500 and more.
    assert (status, answer["__type"]) == (400, "UnknownOperationException")
    assert words in answer["message"]


def test_every_operation_is_one_of_the_service() -> None:
    assert {*OPERATIONS} <= {*MODEL.operation_names}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"MaxResults": "5"}, "Invalid type for parameter MaxResults"),
        ({"MaxResults": True}, "MaxResults must be a whole number"),
        ({"MaxResults": 0}, "valid min value: 1"),
        ({"MaxResults": 101}, "MaxResults may be at most 100"),
        ({"SortBy": "Size"}, "SortBy must be a value that SageMaker knows"),
        ({"PipelineNamePrefix": "a b"}, "PipelineNamePrefix must match"),
        ({"Prefix": "a"}, "Unknown parameter in input"),
        ({"CreatedAfter": "soon"}, "CreatedAfter"),
        ({"CreatedAfter": 1e30}, "A time of the request is out of range"),
        ({"NextToken": "x"}, "NextToken is not one that this list gave"),
        ({"NextToken": "W10="}, "NextToken is not one that this list gave"),
        ({"NextToken": "WyJDcmVhdGlvblRpbWUiLCB0cnVlLCBbMSwgMl1d"}, "NextToken is not one"),
    ],
)
def test_a_member_that_the_service_would_refuse_is_named(
    endpoint: Endpoint, client, create, request_: dict, words: str
) -> None:
    create(fail())
    status, answer = ask(endpoint, json.dumps(request_).encode())
    assert (status, answer["__type"]) == (400, "ValidationException")
    assert words in answer["message"]


def test_a_request_without_a_length_or_with_too_much_is_refused(endpoint: Endpoint) -> None:
    place = urlsplit(endpoint.url)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: SageMaker.ListPipelines\r\n"
    for length in (b"", b"Content-Length: -1\r\n", b"Content-Length: x\r\n"):
        with socket.create_connection((place.hostname, place.port)) as connection:
            connection.sendall(head + length + b"\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 411 ")
    status, answer = ask(endpoint, b" " * (9 << 20))
    assert (status, answer["__type"]) == (413, "RequestEntityTooLarge")


@pytest.mark.parametrize("length", ["9" * 5_000, "1" * 19, str(1 << 40)])
def test_a_length_that_no_request_has_is_refused_at_once(endpoint: Endpoint, capfd, length) -> None:
    place = urlsplit(endpoint.url)
    head = "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: SageMaker.ListPipelines\r\n"
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
    assert "Traceback" not in capfd.readouterr().err


def test_zeros_before_a_length_are_none(endpoint: Endpoint) -> None:
    header = {"Content-Length": "0" * 5_000 + "2"}
    assert ask(endpoint, b"{}", **header) == (200, {"PipelineSummaries": []})


# Java's `.`: https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html#lt
@pytest.mark.parametrize("mark", ["\n", "\r", "\x85", "\u2028", "\u2029"])
def test_a_description_of_two_lines_is_refused(client, create, mark: str) -> None:
    create(fail())
    name = "demo"
    for text in (f"a{mark}b", f"a{mark}"):
        with refused("ValidationException", "PipelineExecutionDescription must match"):
            client.start_pipeline_execution(PipelineName=name, PipelineExecutionDescription=text)
        with refused("ValidationException", "PipelineDescription must match"):
            client.update_pipeline(PipelineName=name, PipelineDescription=text)
    client.update_pipeline(PipelineName=name, PipelineDescription="a\tb ü 🌲")


def test_a_definition_as_large_as_the_service_takes_is_taken(client, create, build: Build) -> None:
    step = fail(message="x" * 1_000_000)
    create(step)
    text = build.definition(fail(message="x" * 1_100_000)).decode()
    with refused("ValidationException", "PipelineDefinition may be at most 1048576"):
        client.create_pipeline(PipelineName="more", PipelineDefinition=text, RoleArn=ROLE)


def test_what_is_no_request_of_the_api_is_refused(endpoint: Endpoint) -> None:
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc, timeout=30)
        connection.request(method, "/")
        assert connection.getresponse().status == 404
        connection.close()


def test_a_client_that_goes_away_disturbs_nobody(endpoint: Endpoint, client) -> None:
    place = urlsplit(endpoint.url)
    for part in (b"", b"POST", b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"):
        with socket.create_connection((place.hostname, place.port)) as connection:
            connection.sendall(part)
    assert client.list_pipelines()["PipelineSummaries"] == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), operation=st.sampled_from(sorted(OPERATIONS)))
def test_no_request_is_answered_with_a_bug(endpoint: Endpoint, data, operation: str) -> None:
    members = list(MODEL.operation_model(operation).input_shape.members)
    names = st.sampled_from(members) | st.text(max_size=4)
    values = JSON | st.sampled_from(["demo", f"arn:aws:sagemaker:{REGION}:000000000000:pipeline/x"])
    request = data.draw(st.dictionaries(names, values, max_size=4))
    status, answer = ask(endpoint, json.dumps(request).encode(), f"SageMaker.{operation}")
    assert status < 500, answer
