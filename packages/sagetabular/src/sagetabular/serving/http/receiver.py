"""Bytes → requests: what of a connection the parser calls while a head arrives."""

from __future__ import annotations

import time

import httptools

from sagetabular.serving.http.messages import Request


class Receiver:
    """Collects the request that arrives; whoever inherits answers it.

    What begins with `on_` is called by the parser, once for each part of a request.
    """

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._arriving: Request | None = None  # None between requests, and once it is answered
        self._head_bytes = 0  # of a head that is not complete, or of what follows a body
        self._since = time.perf_counter()  # when something last moved on the connection

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._arriving = Request(time.perf_counter())
        self._since = self._arriving.began

    def on_url(self, part: bytes) -> None:
        """Take a part of what is asked for."""
        if self._arriving is not None:
            self._arriving.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one that comes after the body says nothing about the request."""
        if self._arriving is not None and not self._arriving.method:
            self._arriving.add_header(name, value)

    def _feed(self, data: bytes) -> bytes:
        """Give bytes to the parser, and return those that it has to be given next.

        Raises:
            HttpParserError: They are no HTTP.
        """
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            return self._decline(data[offer.args[0] :])
        return b""

    def _decline(self, rest: bytes) -> bytes:
        """Return a request that offers another protocol as one that does not, and what follows.

        The parser leaves the body of such a request unread; Java's client offers HTTP/2 with each.
        """
        request, parser = self._arriving, self._parser
        if request is None:  # CONNECT: it has been refused, and nothing that follows is for us
            return b""
        self._arriving, self._parser = None, httptools.HttpRequestParser(self)
        return (
            request.head_without(b"upgrade", parser.get_method(), parser.get_http_version()) + rest
        )

    def _is_offer(self) -> bool:
        """Return whether the request that arrives offers to speak another protocol."""
        return bool(self._parser.should_upgrade()) and self._parser.get_method() != b"CONNECT"

    def _keeps(self) -> bool:
        """Return whether the connection outlives the answer to the request that has arrived."""
        return bool(self._parser.should_keep_alive()) and not self._parser.should_upgrade()
