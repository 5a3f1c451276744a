"""The server of a model: the image's `serve`, run as batch transform runs it.

It listens on the port in `SAGEMAKER_BIND_TO_PORT`, has the model's artefact in `/opt/ml/model`,
answers `GET /ping` with 200 once it is ready and `POST /invocations` with predictions, may say in
`GET /execution-parameters` how it wants to be asked, and is ended with SIGTERM. A ping answered
with 4xx or 500 says that it will never be ready; 503 and the like, that it may be.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.client import HTTPException

from sagelocal.errors import RecordError, ServerError
from sagelocal.files import JsonObject
from sagelocal.jobs.containers import Outcome, run_in_tree
from sagelocal.jobs.hosts import Host
from sagelocal.jobs.machine import Machine, free_ports
from sagelocal.processes.commands import GRACE_SECONDS, Cancellation, Command
from sagelocal.transform.client import Client, Request

# The service waits eight minutes, but it has an image and a model to bring to a machine first.
STARTUP_SECONDS = 60.0
PING_SECONDS = 2.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0
_LONGEST_REASON = 1024


@dataclass(frozen=True)
class ModelServer:
    """A server that was started; it can be asked from many threads.

    Attributes:
        client: Asks it.
        ended: Becomes the outcome of its process.
    """

    client: Client
    ended: Future[Outcome]

    @property
    def exit_code(self) -> int | None:
        """Return the exit code of its process, once that has ended."""
        return self.ended.result().exit_code if self.ended.done() else None

    def wait_until_ready(self) -> None:
        """Wait for the first ping that is answered with 200.

        Raises:
            ServerError: If the server ends first, or takes too long, or says with a status of
                4xx that it has nothing to serve, or with 500 that it cannot serve what it has.
            StoppedError: If the execution was stopped.
        """
        answer, pause, deadline = "nothing", _FIRST_PAUSE, time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < deadline:
            if self.ended.done():
                raise ServerError(f"the server ended before it was ready: {self._last_words()}")
            try:
                status, text = self.client.ask(Request("/ping", PING_SECONDS))
            except (OSError, HTTPException):
                status, text = 0, b""
            if status == HTTPStatus.OK:
                return
            answer = f"{status}: {_short(text)}" if status else answer
            if 400 <= status <= HTTPStatus.INTERNAL_SERVER_ERROR:
                break
            time.sleep(pause)
            pause = min(1.5 * pause, _LONGEST_PAUSE)
        raise ServerError(f"the server is not ready: it answers pings with {answer}")

    def parameters(self) -> JsonObject:
        """Return what the server says about how it wants to be asked; empty if it does not say."""
        try:
            status, text = self.client.ask(Request("/execution-parameters", PING_SECONDS))
            found = json.loads(text) if status == HTTPStatus.OK else {}
        except (OSError, HTTPException, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def invoke(self, body: bytes, headers: Mapping[str, str], seconds: float) -> bytes:
        """Return the answer to a payload.

        Raises:
            RecordError: If the server refuses it with a status of 4xx.
            ServerError: If it answers with any other status that is not 2xx, or not at all.
            StoppedError: If the execution was stopped.
        """
        try:
            status, text = self.client.ask(Request("/invocations", seconds, body, headers))
        except TimeoutError as error:
            raise ServerError(f"the server did not answer within {seconds:g} s") from error
        except (OSError, HTTPException) as error:
            raise ServerError(f"the server broke off: {self._last_words()}") from error
        if 200 <= status < 300:
            return text
        kind = RecordError if 400 <= status < 500 else ServerError
        raise kind(f"the server answered {status}: {_short(text)}")

    def _last_words(self) -> str:
        """Return how the process ended; it may need a moment to do so."""
        try:
            outcome = self.ended.result(GRACE_SECONDS)
        except FutureTimeoutError:
            return "it runs on, and does not answer"
        return outcome.reason or f"its exit code is {outcome.exit_code}"


@contextmanager
def serving(host: Host, machine: Machine, command: Command) -> Iterator[ModelServer]:
    """Start a server, and end it with the block.

    Args:
        host: Its tree holds the model.
        machine: What the jobs of the execution share.
        command: Starts it; where it is to listen is added to its variables.
    """
    (port,), cancellation = free_ports(1), Cancellation()
    environment = {**command.environment, "SAGEMAKER_BIND_TO_PORT": str(port)}
    command = replace(command, environment=environment, cancellation=cancellation)
    client = Client(port)
    with ThreadPoolExecutor(1, thread_name_prefix="serve") as pool, ExitStack() as stack:
        ended = pool.submit(run_in_tree, host.tree, machine, command)
        stack.callback(cancellation.cancel)
        stack.callback(client.close)
        yield ModelServer(client, ended)


def _short(text: bytes) -> str:
    return text.decode(errors="replace").strip()[:_LONGEST_REASON]
