"""The body of a request, as it arrives."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

from pipelines.serving.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]


class ClientGoneError(Exception):
    """The client closed the connection before its request was complete."""


async def receive_body(
    receive: Receive, chunks: list[bytes], announced: str, limit: int, timeout: float
) -> bytes:
    """Receive a body, no further than its limit, whether its length was announced or not.

    Args:
        receive: ASGI's.
        chunks: Filled with what has arrived, for the log.
        announced: The header Content-Length, if there is one.
        limit: Bytes that the body may have.
        timeout: Seconds that it may take.

    Raises:
        RequestError: It is too large (413) or too slow (408).
        ClientGoneError: The client has closed the connection.
    """
    # The comparison of texts of digits spares Python from numbers of any length.
    if announced.isdigit() and (len(announced), announced) > (len(str(limit)), str(limit)):
        raise _too_large(limit)
    try:
        async with asyncio.timeout(timeout):
            await _fill(receive, chunks, limit)
    except TimeoutError as err:
        msg = f"The body did not arrive within {timeout:g} seconds.\nSend it at once."
        raise RequestError(408, msg) from err
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _fill(receive: Receive, chunks: list[bytes], limit: int) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            raise _too_large(limit)
        more = message.get("more_body", False)


def _too_large(limit: int) -> RequestError:
    msg = f"The body may have {limit / 2**20:g} MB (SAGEMAKER_MAX_PAYLOAD_IN_MB).\n"
    return RequestError(413, f"{msg}Send fewer rows at once.")
