"""HTTP messages: a request as far as it has arrived, and an answer as bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httptools

from sagetabular.serving.errors import RequestError

if TYPE_CHECKING:
    from sagetabular.serving.formats.answers import Answer

_STATUS_LINES = {
    int(status): f"HTTP/1.1 {int(status)} {status.phrase}\r\n".encode() for status in HTTPStatus
}


@dataclass(slots=True, eq=False)
class Request:
    """One request.

    Attributes:
        began: When its first byte arrived, by `time.perf_counter`.
        method: GET, POST, …
        target: What was asked for, as it was sent.
        path: The same without host and query; empty if it is nothing of that kind.
        headers: Name in lower case → value; those that came twice are joined, as HTTP has it.
        chunks: The pieces of the body.
        received: Bytes of the body.
    """

    began: float
    method: str = ""
    target: bytes = b""
    path: str = ""
    headers: dict[bytes, str] = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)
    received: int = 0

    @property
    def body(self) -> bytes:
        """The whole body."""
        return self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)

    def add_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        name, text = name.lower(), value.decode("latin-1")
        headers = self.headers
        headers[name] = f"{headers[name]},{text}" if name in headers else text

    def end_head(self, method: bytes, limit: int) -> None:
        """Look at what was asked for, and at the length that the headers announce.

        Raises:
            RequestError: The body will be larger than `limit` bytes (413), or is compressed, for
                the model (415) or on its way (501).
        """
        self.method = method.decode("ascii")
        self.path = _path(self.target)
        announced, most = self.headers.get(b"content-length", ""), str(limit)
        # The comparison of texts of digits spares Python from numbers of any length.
        if announced.isdigit() and (len(announced), announced) > (len(most), most):
            raise _too_large(limit)
        if b"content-encoding" in self.headers:
            self._check_coding(b"content-encoding", "identity", 415)
        if b"transfer-encoding" in self.headers:
            self._check_coding(b"transfer-encoding", "chunked", 501)

    def head_without(self, name: bytes, method: bytes, version: str) -> bytes:
        """Return the request's line and its headers without one of them.

        Args:
            name: Of the header, in lower case.
            method: GET, POST, …
            version: Of HTTP, such as 1.1.
        """
        kept = [item for item in self.headers.items() if item[0] != name]
        lines = [b"%b: %b\r\n" % (key, text.encode("latin-1")) for key, text in kept]
        return b"%b %b HTTP/%b\r\n%b\r\n" % (method, self.target, version.encode(), b"".join(lines))

    def _check_coding(self, name: bytes, known: str, status: int) -> None:
        coding = self.headers[name]
        if coding.strip().lower() != known:
            msg = f"The {name.decode()} of a body can be {known}, got {coding[:60]!r}.\n"
            raise RequestError(status, f"{msg}Send the body as it is, not compressed.")

    def add(self, piece: bytes, limit: int) -> None:
        """Take a piece of the body.

        Raises:
            RequestError: The body is larger than `limit` bytes (413).
        """
        self.chunks.append(piece)
        self.received += len(piece)
        if self.received > limit:
            raise _too_large(limit)


def _path(target: bytes) -> str:
    if target in (b"/invocations", b"/ping"):
        return target.decode()
    try:
        path = httptools.parse_url(target).path or b""
        return unquote(path.decode("ascii"))
    except (httptools.HttpParserInvalidURLError, UnicodeDecodeError):
        return ""


def _too_large(limit: int) -> RequestError:
    megabytes = limit / 2**20
    msg = f"The body may have {megabytes:g} MB (SAGEMAKER_MAX_PAYLOAD_IN_MB).\n"
    return RequestError(413, f"{msg}Send fewer rows at once.")


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
