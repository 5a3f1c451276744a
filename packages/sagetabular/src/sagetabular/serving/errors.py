"""The exceptions of the server."""

from __future__ import annotations


class RequestError(Exception):
    """A request that its client has to change; the text becomes the answer.

    Args:
        status: Of the HTTP answer, 400 to 599.
        message: One or two lines for the client: rule, offending value and remedy.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class ServerError(Exception):
    """The server cannot start: one line with the rule and value, one with the remedy."""


class NoModelError(Exception):
    """There is no model to serve."""
