"""Connections of a worker that is about to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

# Seconds in which a client that reuses a connection may still send a request on it.
LINGER = 1.0


class DrainingProtocol(HttpToolsProtocol):
    """Answers what is under way on a connection before it closes it.

    Uvicorn closes idle connections at once, and with them requests that the kernel has accepted
    already. Here an idle connection lingers, and the answer to what comes says that it closes.

    Attributes:
        draining: Whether this process is about to end.
    """

    draining = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection; it may have been accepted before draining began."""
        super().connection_made(transport)
        if self.draining:
            self.shutdown()

    def on_headers_complete(self) -> None:
        """Start to answer a request."""
        super().on_headers_complete()
        if self.draining:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Close the connection after the answer under way, or after a while."""
        if self._is_idle():
            self.loop.call_later(LINGER, self._close_if_idle)
        else:
            self.cycle.keep_alive = False

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _close_if_idle(self) -> None:
        if self._is_idle():
            self.transport.close()
