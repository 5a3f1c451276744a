"""The standard library's JSON in place of orjson's, as AWS's own images have it."""

from __future__ import annotations

import json

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagetabular.serving.formats.json_body import read_plainly, write_plainly

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.none() | st.booleans() | NUMBERS | st.integers(-(2**70), 2**70) | st.text()
DOCUMENTS = st.recursive(
    VALUES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(DOCUMENTS)
def test_both_read_the_same_values(document):
    body = json.dumps(document, ensure_ascii=False).encode(errors="replace")
    assert repr(as_numbers(read_plainly(body))) == repr(as_numbers(orjson.loads(body)))


def as_numbers(value):
    """Numbers as the bits that a column has, since that is all that is made of them."""
    if isinstance(value, list):
        return [as_numbers(item) for item in value]
    if isinstance(value, dict):
        return {name: as_numbers(item) for name, item in value.items()}
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


@given(st.lists(NUMBERS, min_size=1))
def test_both_write_numbers_that_read_back_to_the_same_bits(values):
    array = np.array(values)
    assert np.array(orjson.loads(write_plainly(array)), dtype=float).tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "body",
    [b"", b"[1", b"[NaN]", b"[Infinity]", b"[-Infinity]", b"[1,]", b"\xff", b"[1]2", b"[" * 10**5,
     b"\xef\xbb\xbf[1]", "[1]".encode("utf-16"), b"[01]", b"['a']", b"[1e5, +1]"],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
def test_both_refuse_what_is_no_json_in_the_same_way(body):
    for read in (read_plainly, orjson.loads):
        with pytest.raises(json.JSONDecodeError) as caught:
            read(body)
        assert caught.value.msg and caught.value.lineno >= 1 and caught.value.colno >= 0
