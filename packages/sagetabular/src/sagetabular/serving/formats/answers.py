"""Predictions as bytes, in the type that the client accepts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.bodies import CSV, JSON
from sagetabular.serving.formats.json_body import write_numbers
from sagetabular.serving.formats.outputs import PREDICTED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TEXT = "text/plain; charset=utf-8"
# Its parameter `header` is that of RFC 4180.
CSV_WITH_HEADER = f"{CSV}; header=present"
_CSV_UTF8 = f"{CSV}; charset=utf-8"
_HEADER = re.compile(rf"(?:^|,)\s*{CSV}\s*;[^,]*(?<=[;\s])header\s*=\s*\"?present\b", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: Its code.
        body: Its content.
        content_type: Of the body.
        rows: Predictions in it.
        headers: Further headers.
    """

    status: int
    body: bytes
    content_type: str = TEXT
    rows: int = 0
    headers: tuple[tuple[bytes, bytes], ...] = ()


def format_predictions(predictions: NDArray[np.float64], content_type: str) -> Answer:
    """Return predictions, shape (rows,), one on each line or as {"predictions": [...]}.

    Every number is the shortest text that reads back to the same bits.
    """
    values = write_numbers(predictions)
    if content_type == JSON:
        return Answer(200, b'{"predictions":' + values + b"}", JSON, predictions.size)
    lines = values[1:-1].replace(b",", b"\n") + b"\n"
    header = b"%b\n" % PREDICTED.encode() if content_type == CSV_WITH_HEADER else b""
    return csv_answer(lines, predictions.size, header)


def csv_answer(lines: bytes, rows: int, header: bytes = b"") -> Answer:
    """Return lines as an answer, below a header if the client wants one."""
    content_type = f"{_CSV_UTF8}; header=present" if header else _CSV_UTF8
    return Answer(200, header + lines, content_type, rows)


def refuse(error: RequestError) -> Answer:
    """Return the answer to a request that cannot be met."""
    return Answer(error.status, error.message.encode("utf-8", errors="replace") + b"\n")


@lru_cache(maxsize=64)
def choose_type(accept: str) -> str:
    """Return the type of the answer for an `Accept` header; CSV where the client does not mind.

    It is `CSV_WITH_HEADER` for `text/csv; header=present`.

    Raises:
        RequestError: The client accepts neither CSV nor JSON (406).
    """
    if not accept.strip():
        return CSV
    qualities = dict(_quality(part) for part in accept.split(","))
    offers = [(_best(qualities, offer), offer) for offer in (CSV, JSON)]
    quality, chosen = max(offers, key=lambda offer: offer[0])
    if quality == 0:
        msg = f"The answer can be {CSV} or {JSON}, but Accept is {accept[:60]!r}.\nAccept one."
        raise RequestError(406, msg)
    return CSV_WITH_HEADER if chosen == CSV and _HEADER.search(accept) else chosen


def _best(qualities: dict[str, float], offer: str) -> float:
    """Return the quality of the most specific range that the offer falls into."""
    for media_range in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        if media_range in qualities:
            return qualities[media_range]
    return 0.0


def _quality(part: str) -> tuple[str, float]:
    media_range, *parameters = [item.strip().lower() for item in part.split(";")]
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media_range, min(max(float(value), 0.0), 1.0)
            except ValueError:
                return media_range, 0.0
    return media_range, 1.0
