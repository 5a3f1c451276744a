"""Requests to a server on this machine, over connections that are kept and used again."""

from __future__ import annotations

import http.client
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from sagelocal.jobs.machine import LOOPBACK


@dataclass(frozen=True)
class Request:
    """One request; a body makes it a POST."""

    path: str
    seconds: float
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Client:
    """Asks a server, from any number of threads.

    Args:
        port: Where the server listens, on the loopback address.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._kept: deque[http.client.HTTPConnection] = deque()

    def ask(self, request: Request) -> tuple[int, bytes]:
        """Return status and body of the answer.

        Raises:
            TimeoutError: If none came in time.
            OSError: If there is no connection, or it broke.
            HTTPException: If what came is not HTTP.
        """
        try:
            kept = self._kept.pop()
        except IndexError:
            pass
        else:
            kept.sock.settimeout(request.seconds)
            try:
                return self._exchange(kept, request)
            except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
                pass  # the server has closed it in the meantime, which is its right
        fresh = http.client.HTTPConnection(LOOPBACK, self.port, timeout=request.seconds)
        return self._exchange(fresh, request)

    def close(self) -> None:
        """Close the connections that are kept."""
        while self._kept:
            self._kept.pop().close()

    def _exchange(
        self, connection: http.client.HTTPConnection, request: Request
    ) -> tuple[int, bytes]:
        method = "GET" if request.body is None else "POST"
        try:
            connection.request(method, request.path, request.body, dict(request.headers))
            response = connection.getresponse()
            body = response.read()
        except BaseException:
            connection.close()
            raise
        if not response.will_close:
            self._kept.append(connection)
        return response.status, body
