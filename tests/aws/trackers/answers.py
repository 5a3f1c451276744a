"""Answers of SageMaker that a test gives in its place."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse


def answering(service: str, answer: Callable[..., AWSResponse | None]) -> None:
    """Let some requests be answered here, before they are sent."""
    if boto3.DEFAULT_SESSION is None:
        boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register(f"before-send.{service}", answer)


def requests_of(service: str) -> list[str]:
    """Return a list that grows by the name of each operation that is asked for."""
    asked: list[str] = []

    def note(request: Any, **_: object) -> None:
        asked.append(request.headers["X-Amz-Target"].decode().partition(".")[2])

    answering(service, note)
    return asked


class Body(io.BytesIO):
    """What a response is read from."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.read()


def refusal(code: str, status: int) -> AWSResponse:
    """Answer with an error of the service."""
    body = json.dumps({"__type": code, "message": "No."}).encode()
    return AWSResponse("", status, {"x-amzn-errortype": code}, Body(body))
