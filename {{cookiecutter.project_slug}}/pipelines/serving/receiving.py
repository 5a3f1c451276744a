"""The body of a request, as it arrives."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeAlias

from pipelines.serving.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]


class ClientGoneError(Exception):
    """The client closed the connection before its request was complete."""


class Receiver:
    """Receives bodies, no further than their limit and no longer than their time.

    Somebody must call `expire` now and then: a timer for each request would cost as much as
    parsing a small one, and nearly all of them have arrived already.

    Args:
        limit: Bytes that a body may have.
        timeout: Seconds that it may take.
    """

    def __init__(self, limit: int, timeout: float) -> None:
        self._limit = limit
        self._timeout = timeout
        self._waiting: dict[asyncio.Task[Any], float] = {}
        self._expired: set[asyncio.Task[Any]] = set()

    async def receive(self, receive: Receive, chunks: list[bytes], announced: str) -> bytes:
        """Receive a body, whether its length was announced or not.

        Args:
            receive: ASGI's.
            chunks: Filled with what has arrived, for the log.
            announced: The header Content-Length, if there is one.

        Raises:
            RequestError: It is too large (413) or too slow (408).
            ClientGoneError: The client has closed the connection.
        """
        # The comparison of texts of digits spares Python from numbers of any length.
        limit = str(self._limit)
        if announced.isdigit() and (len(announced), announced) > (len(limit), limit):
            raise self._too_large()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  every ASGI call runs in one
        self._waiting[task] = time.perf_counter()
        try:
            await self._fill(receive, chunks)
        except asyncio.CancelledError:
            if task not in self._expired:
                raise
            task.uncancel()
            msg = f"The body did not arrive within {self._timeout:g} seconds.\nSend it at once."
            raise RequestError(408, msg) from None
        finally:
            del self._waiting[task]
            self._expired.discard(task)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def expire(self) -> None:
        """Give up the bodies that have taken too long."""
        oldest = time.perf_counter() - self._timeout
        for task, began in self._waiting.items():
            if began < oldest and task not in self._expired:
                self._expired.add(task)
                task.cancel()

    async def _fill(self, receive: Receive, chunks: list[bytes]) -> None:
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._limit:
                raise self._too_large()
            more = message.get("more_body", False)

    def _too_large(self) -> RequestError:
        megabytes = self._limit / 2**20
        msg = f"The body may have {megabytes:g} MB (SAGEMAKER_MAX_PAYLOAD_IN_MB).\n"
        return RequestError(413, f"{msg}Send fewer rows at once.")
