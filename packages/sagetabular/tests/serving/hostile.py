"""Strategies for requests that nobody should send."""

from __future__ import annotations

import http.client
import io
import json

import pandas as pd
from hypothesis import strategies as st

ALLOWED = {200, 400, 406, 413, 415}
TYPES = ["text/csv", "application/json", "application/x-parquet"]
_FIELDS = st.one_of(
    st.text(max_size=8),
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.integers(-(10**25), 10**25).map(str),
    st.sampled_from(
        [
            *(
                "",
                '"',
                '""',
                '"a',
                "nan",
                "-inf",
                "1e999",
                "1e-999",
                "-0",
                "+1",
                ".5",
                "0x1F",
                "1_0",
            ),
            *(
                "rooms",
                "área",
                "age",
                "town",
                "\u0661",
                "\x00",
                "\r",
                "\ufeff",
                "[1",
                "1 2",
                "1,2,3",
            ),
        ]
    ),
)
_LINES = st.lists(_FIELDS, max_size=5)
_CSV = st.tuples(
    st.lists(_LINES, max_size=5),
    st.sampled_from([",", ",", ",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    st.sampled_from(["utf-8", "utf-8", "utf-16", "latin-1"]),
).map(
    lambda drawn: (
        drawn[2].join(drawn[1].join(line) for line in drawn[0]).encode(drawn[3], errors="replace")
    )
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["rooms", "área", "age", "instances", "x"]), inner)
    ),
    max_leaves=12,
)
_JSON = _VALUES.map(lambda value: json.dumps(value).encode())
_COLUMNS = st.sampled_from(
    [[1.0, 2.0], [1, None], ["a", "b"], [True, False], [1e300, 1.0], [[1], [2]], [{"a": 1}, None]]
)
_PARQUET = st.tuples(
    st.dictionaries(st.sampled_from(["rooms", "área", "age", "town", "x"]), _COLUMNS, min_size=1),
    st.integers(0, 10_000),
    st.binary(max_size=4),
)


def _as_parquet(drawn: tuple[dict[str, list], int, bytes]) -> bytes:
    """A table whose bytes were damaged at one place."""
    columns, place, damage = drawn
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer)
    content = bytearray(buffer.getvalue())
    place %= len(content)
    content[place : place + len(damage)] = damage
    return bytes(content)


BODIES = st.one_of(
    _CSV, _CSV, st.binary(max_size=60), _JSON, _PARQUET.map(_as_parquet), st.just(b"1,2,3\n" * 200)
)
REQUESTS = st.tuples(
    BODIES,
    st.one_of(
        st.sampled_from(TYPES),
        st.sampled_from(TYPES),
        st.sampled_from([f"{TYPES[0]}; charset={name}" for name in ("utf-16", "latin-1", "x")]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    ),
    st.sampled_from(["", "", "*/*", "application/json", "text/html", "text/csv;q=0"]),
)

# Custom attributes: what asks for outputs, and what only resembles it.
ATTRIBUTES = st.one_of(
    st.just(""),
    st.lists(
        st.sampled_from(["predicted_label", "probability", "probabilities", "labels", "x", ""]),
        max_size=4,
    ).map(lambda names: f"output={','.join(names)}"),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20),
)


def exchange(connection: http.client.HTTPConnection, request) -> int | None:
    """Return the answer's status; None if no client can send the request, or it fails by plan."""
    body, content_type, accept = request
    if body.startswith((b"-1,", b"-2,", b"-3,", b"-4,")):  # how the model in `running` is told to
        return None
    headers = {"Content-Type": content_type, "Accept": accept}
    try:
        connection.request("POST", "/invocations", body, headers)
    except (ValueError, http.client.HTTPException):
        connection.close()
        return None
    reply = connection.getresponse()
    reply.read()
    return reply.status
