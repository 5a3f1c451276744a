"""One process that answers requests: Uvicorn with the model in it."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from typing import TYPE_CHECKING

import uvicorn

from pipelines.serving.answers import Answer
from pipelines.serving.app import OWN_FAILURE, App
from pipelines.serving.draining import DrainingProtocol
from pipelines.serving.errors import NoModelError
from pipelines.serving.model import load_model
from pipelines.training.jobs.errors import JobError

if TYPE_CHECKING:
    import socket

    from pipelines.serving.settings import ServerSettings

# Of the 30 seconds that SageMaker leaves between SIGTERM and SIGKILL.
DRAIN_SECONDS = 25
# Longer than clients keep idle connections: who closes first must not be the server.
KEEP_ALIVE_SECONDS = 75
_TICKS_A_SECOND = 10


class Worker(uvicorn.Server):
    """A Uvicorn server that loads its model, keeps the log and can be found hanging.

    Args:
        settings: How to serve.
        replacement: Whether it stands in for a worker that died. Then it takes no request before
            it can answer it; the first workers say at once that they are loading.
        parent: The process that it ends with. It may have died before this one asks who it was.
    """

    def __init__(self, settings: ServerSettings, *, replacement: bool, parent: int) -> None:
        self._app = App(settings)
        self._folder = settings.model_folder
        self._replacement = replacement
        self._parent = parent
        config = uvicorn.Config(
            self._app,
            http=DrainingProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=2048,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        super().__init__(config)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Load the model, beside the first requests or before them."""
        if self._replacement:
            self._load()
        else:
            threading.Thread(target=self._load, daemon=True).start()
        self._app.deadline.arm()
        await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Do what is due ten times a second, or once; returns whether to end."""
        self._app.log.flush()
        self._app.receiver.expire()
        if counter % _TICKS_A_SECOND == 0:
            self._app.deadline.postpone_death()
            self.should_exit = self.should_exit or os.getppid() != self._parent
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what is under way, then end."""
        self._app.deadline.postpone_death(DRAIN_SECONDS + 2)
        DrainingProtocol.draining = True
        await super().shutdown(sockets)
        self._app.log.flush()

    def _load(self) -> None:
        """Load the model, or note what `/ping` then answers."""
        app = self._app
        try:
            app.model = load_model(self._folder)
            app.log.event(f"serving models/{app.model.manifest.model}")
        except NoModelError as error:
            app.reason = Answer(404, f"{error}\n".encode())
            app.log.event(str(error))
        except JobError as error:  # 503 would promise that it comes right by waiting
            app.reason = Answer(500, f"{error}\n".encode())
            app.log.event(str(error))
        except Exception:  # the thread would end in silence, and `/ping` say "loading" for ever
            app.reason = OWN_FAILURE
            traceback.print_exc(file=sys.stderr)
