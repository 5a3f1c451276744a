"""One process that answers requests: an event loop with the model in it, and its connections."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
import traceback
from email.utils import formatdate
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sagetabular.jobs.errors import JobError
from sagetabular.serving.errors import NoModelError, RequestError
from sagetabular.serving.formats.answers import refuse
from sagetabular.serving.http.app import OWN_FAILURE, App, Shared
from sagetabular.serving.http.connection import Connection
from sagetabular.serving.listening import BACKLOG, count_waiting, let_nobody_in
from sagetabular.serving.model import load_model

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from sagetabular.serving.settings import ServerSettings

# Of the 30 seconds that SageMaker leaves between SIGTERM and SIGKILL.
DRAIN_SECONDS = 25
_TICK_SECONDS = 0.1
_POLL_SECONDS = 0.05


class Worker:
    """Loads its model, answers, keeps the log and can be found hanging.

    Args:
        settings: How to serve.
        replacement: Whether it replaces a worker that died. Then it takes no request before
            it can answer it; the first workers say at once that they are loading.
        parent: The process that it ends with. It may have died before this one asks who it was.
    """

    def __init__(self, settings: ServerSettings, *, replacement: bool, parent: int) -> None:
        self._app = App(settings)
        self._connections = Connections(self._app, settings.payload_limit, settings.timeout)
        self._folder, self._outputs = settings.model_folder, settings.outputs
        self._replacement = replacement
        self._parent = parent
        self._ending = False

    def run(self, listener: socket.socket) -> None:
        """Serve until SIGTERM or SIGINT, or until the first process has gone."""
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._end)
            runner.run(self._serve(listener))

    def _end(self, *_signal: object) -> None:
        self._ending = True

    async def _serve(self, listener: socket.socket) -> None:
        if self._replacement:
            self._load()
        else:
            threading.Thread(target=self._load, daemon=True).start()
        self._app.deadline.arm()
        server = await asyncio.get_running_loop().create_server(
            self._connections.accept, sock=listener, backlog=BACKLOG
        )
        while not self._ending:
            self._tick()
            await asyncio.sleep(_TICK_SECONDS)
        if self._is_orphan():
            let_nobody_in(listener)
        self._connections.draining = time.perf_counter()
        await self._accept_the_last(listener, self._connections.draining + DRAIN_SECONDS)
        server.close()
        self._app.deadline.postpone_death(DRAIN_SECONDS + 2)
        await self._connections.drain(DRAIN_SECONDS)
        self._app.log.flush()

    def _tick(self) -> None:
        """Do what is due ten times a second."""
        self._app.log.flush()
        self._connections.look()
        self._app.deadline.postpone_death()
        self._ending = self._ending or self._is_orphan()

    async def _accept_the_last(self, listener: socket.socket, end: float) -> None:
        """Let the loop, which takes one connection a turn, take all that the kernel has."""
        await asyncio.sleep(_TICK_SECONDS)
        while count_waiting(listener) and time.perf_counter() < end:
            self._tick()
            await asyncio.sleep(_TICK_SECONDS)

    def _is_orphan(self) -> bool:
        return os.getppid() != self._parent

    def _load(self) -> None:
        """Load the model, or note what `/ping` then answers."""
        app = self._app
        try:
            app.model = load_model(self._folder, self._outputs)
            app.log.event(f"serving models/{app.model.manifest.model}")
        except NoModelError as error:
            app.reason = refuse(RequestError(404, str(error)))
            app.log.event(str(error))
        except JobError as error:  # 503 would promise that it comes right by waiting
            app.reason = refuse(RequestError(500, str(error)))
            app.log.event(str(error))
        except Exception:  # the thread would end in silence, and `/ping` say "loading" for ever
            app.reason = OWN_FAILURE
            traceback.print_exc(file=sys.stderr)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the fastest event loop there is; None for Python's own (Windows)."""
    if find_spec("uvloop") is None:
        return None
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


class Connections(Shared):
    """The connections of one process."""

    def __post_init__(self) -> None:
        self.look()

    def accept(self) -> Connection:
        """Return what answers a new client."""
        return Connection(self)

    def look(self) -> None:
        """Do what is due; to be called some times a second.

        One look at all of them: a timer for each request would cost as much as parsing a small one.
        """
        self.date = formatdate(usegmt=True).encode()
        now = time.perf_counter()
        for connection in list(self.open):
            connection.look(now)

    async def drain(self, seconds: float) -> None:
        """Let every connection end after the answers that are due, and wait for that.

        Args:
            seconds: The longest wait since `draining`, or from now.
        """
        self.draining = self.draining or time.perf_counter()
        while self.open and time.perf_counter() < self.draining + seconds:
            await asyncio.sleep(_POLL_SECONDS)
            self.look()
