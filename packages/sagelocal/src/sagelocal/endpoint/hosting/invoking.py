"""`InvokeEndpoint`: a request to the server of a model, passed on as it comes."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message

from sagelocal.endpoint.hosting.servers import Servers
from sagelocal.endpoint.protocol.api import ServiceError
from sagelocal.files import JsonObject
from sagelocal.jobs.machine import LOOPBACK

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
_PASSED_ON = ("Content-Type", "Accept", ATTRIBUTES)
# As long as the service waits for an answer, in seconds.
_PATIENCE = 60.0


@dataclass(frozen=True)
class Invoked:
    """The answer of a model: its body, and the headers that clients get."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class ModelError(ServiceError):
    """The model's server refuses a request, or fails at it.

    Args:
        status: What it answered.
        text: What it said.
    """

    def __init__(self, status: int, text: str) -> None:
        kind = "client" if 400 <= status < 500 else "server"
        message = f'Received {kind} error ({status}) from primary with message "{text}".'
        super().__init__("ModelError", message, 424)
        self.more: JsonObject = {"OriginalStatusCode": status, "OriginalMessage": text}


def invoke(servers: Servers, endpoint: str, body: bytes, headers: Message) -> Invoked:
    """Return what the model behind an endpoint answers.

    Args:
        servers: Those of all endpoints.
        endpoint: Its name.
        body: Of the request.
        headers: Of the request; those that are for the model are passed on.

    Raises:
        ServiceError: If there is no such endpoint in service, or if the model refuses the request.
    """
    served = servers.served(endpoint)
    if served is None:
        message = f"Endpoint {endpoint} of this account not found, or not in service."
        raise ServiceError("ValidationError", message)
    server, model = served
    passed = {name: headers[name] for name in _PASSED_ON if name in headers}
    connection = http.client.HTTPConnection(LOOPBACK, server.client.port, timeout=_PATIENCE)
    try:
        connection.request("POST", "/invocations", body, passed)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise ModelError(0, f"The server did not answer: {error}.") from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise ModelError(answer.status, content.decode(errors="replace")[:1024])
    shown = {name: answer.headers[name] for name in ("Content-Type", ATTRIBUTES)}
    shown["x-Amzn-Invoked-Production-Variant"] = model.variant
    return Invoked(content, {name: value for name, value in shown.items() if value})
