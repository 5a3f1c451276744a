"""The server as a whole: a socket, and the processes that answer on it."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from sagetabular.serving.errors import ServerError
from sagetabular.serving.supervisor import Supervisor

if TYPE_CHECKING:
    from sagetabular.serving.settings import ServerSettings

_BACKLOG = 2048


def serve(settings: ServerSettings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ServerError: Nothing can listen on the port.
    """
    listener = _listen(settings)
    # Workers are what runs at once; threads of theirs would only wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

    forks = hasattr(os, "fork")
    parent = os.getpid() if forks else os.getppid()

    def work(replacement: bool) -> None:
        # The first process does without these imports.
        from sagetabular.serving.worker import Worker

        Worker(settings, replacement=replacement, parent=parent).run(listener)

    if forks:
        Supervisor(work, settings.workers).run()
    else:  # Windows: one process does all
        work(False)


def _listen(settings: ServerSettings) -> socket.socket:
    """Listen before the workers do: requests wait while one is being replaced."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    address = (settings.host, settings.port)
    try:
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as err:
        reason = os.strerror(err.errno or 0)
        msg = f"{settings.host}:{settings.port} cannot be listened on: {reason}.\n"
        remedy = "Stop what listens there, or set SAGEMAKER_BIND_TO_PORT to another port."
        raise ServerError(msg + remedy) from err
