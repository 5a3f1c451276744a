"""Bodies of requests, each read by its content type."""

from __future__ import annotations

import codecs
from functools import lru_cache
from typing import TYPE_CHECKING

from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.csv_body import read_csv
from sagetabular.serving.formats.json_body import read_json

if TYPE_CHECKING:
    from sagetabular.serving.formats.columns import Columns, Rows

CSV, JSON, PARQUET = "text/csv", "application/json", "application/x-parquet"
# Charsets as Python calls them; others are ambiguous, or slow to decode on purpose.
_CHARSETS = {"utf-8", "ascii", "iso8859-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"}


def read_body(body: bytes, content_type: str, columns: Columns, limit: int) -> Rows:
    """Read the rows of a request's body.

    Args:
        body: As it was sent.
        content_type: The header; parameters other than `charset` mean nothing.
        columns: What the model expects.
        limit: Bytes that a body may have.

    Raises:
        RequestError: Nothing reads this type (415), or the body does not fit (400, 413).
    """
    media_type, charset = _parse_content_type(content_type)
    if media_type == PARQUET:
        from sagetabular.serving.formats.parquet_body import read_parquet

        return read_parquet(body, columns, limit)
    if charset not in ("utf-8", "ascii"):
        body = _to_utf8(body, charset)
    return (read_csv if media_type == CSV else read_json)(body, columns)


@lru_cache(maxsize=64)
def _parse_content_type(header: str) -> tuple[str, str]:
    media_type, *parameters = [part.strip() for part in header.split(";")]
    media_type, charset = media_type.lower(), "utf-8"
    if media_type not in (CSV, JSON, PARQUET):
        got = repr(media_type[:60]) if media_type else "none"
        msg = f"The Content-Type must be {CSV}, {JSON} or {PARQUET}, got {got}.\n"
        raise RequestError(415, f"{msg}Name the type, for example -H 'Content-Type: {CSV}'.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = _codec(value.strip().strip("\"'"))
    return media_type, charset


def _codec(charset: str) -> str:
    """Return Python's name of a charset."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        name = ""
    if name not in _CHARSETS:
        msg = f"The charset {charset[:60]!r} is not known here.\nSend UTF-8."
        raise RequestError(415, msg)
    return name


def _to_utf8(body: bytes, charset: str) -> bytes:
    try:
        return body.decode(charset).encode()
    except UnicodeError as err:
        msg = f"The body is not {charset}, as its Content-Type says.\nSend UTF-8."
        raise RequestError(400, msg) from err
