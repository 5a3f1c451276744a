"""An answer as the bytes of HTTP/1.1."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagetabular.serving.formats.answers import Answer

_STATUS_LINES = {
    int(status): f"HTTP/1.1 {int(status)} {status.phrase}\r\n".encode() for status in HTTPStatus
}


def response(answer: Answer, date: bytes, connection: bytes, *, to_head: bool) -> bytes:
    """Return the response that carries an answer.

    Args:
        answer: What to say.
        date: The header.
        connection: The header, which is left out if this is empty.
        to_head: Whether the request was HEAD, to which no body is sent.
    """
    head = b"%bdate: %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n" % (
        _STATUS_LINES[answer.status],
        date,
        answer.content_type.encode(),
        len(answer.body),
    )
    for name, value in answer.headers:
        head += b"%b: %b\r\n" % (name, value)
    if connection:
        head += b"connection: %b\r\n" % connection
    return head + b"\r\n" + (b"" if to_head else answer.body)
