"""What a registered model announces is what the server takes and gives."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from calling import NUMBERS

from sagetabular.steps.models.register import ANSWERED, SERVED

ROW = dict.fromkeys(NUMBERS, 1.5)


def as_parquet() -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame([ROW]).to_parquet(buffer)
    return buffer.getvalue()


BODIES = {
    "text/csv": b"1.5,1.5,1.5\n",
    "application/json": b"[[1.5,1.5,1.5]]",
    "application/x-parquet": as_parquet(),
    "text/libsvm": b"1 0:1.5",
    "application/x-recordio-protobuf": b"\x00",
}


def test_it_takes_the_announced_types_and_no_others(client) -> None:
    replies = {name: client.post(body, name) for name, body in BODIES.items()}
    assert [name for name, reply in replies.items() if reply.status == 200] == SERVED
    assert {replies[name].status for name in set(BODIES) - set(SERVED)} == {415}
    assert len({replies[name].text for name in SERVED}) == 1


@pytest.mark.parametrize("name", BODIES)
def test_it_gives_the_announced_types_and_no_others(client, name) -> None:
    reply = client.post(BODIES["text/csv"], accept=name)
    if name in ANSWERED:
        assert (reply.status, reply.headers["content-type"].split(";")[0]) == (200, name)
    else:
        assert reply.status == 406
