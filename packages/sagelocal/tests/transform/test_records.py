from __future__ import annotations

import gzip
import itertools
import random
from pathlib import Path

import pytest

from sagelocal.errors import RecordError
from sagelocal.transform.records import Record, payloads, read_records


def records(*contents: bytes) -> list[Record]:
    return [Record(line, content, content) for line, content in enumerate(contents, start=1)]


def read(path: Path, content: bytes, *, by_line: bool = True, compressed: bool = False):
    path.write_bytes(content)
    return list(read_records(path, by_line=by_line, compressed=compressed))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"a", [(1, b"a")]),
        (b"a\nb", [(1, b"a\n"), (2, b"b")]),
        (b"a\r\nb\r\n", [(1, b"a\r\n"), (2, b"b\r\n")]),
        (b"\na\n\n\r\nb\n", [(2, b"a\n"), (5, b"b\n")]),
        (b" \n", [(1, b" \n")]),
        (b"a\rb\x0bc\x85\n", [(1, b"a\rb\x0bc\x85\n")]),
    ],
)
def test_a_line_is_a_record_unless_it_is_empty(tmp_path: Path, content: bytes, expected) -> None:
    assert read(tmp_path / "x", content) == expected
    assert read(tmp_path / "x", gzip.compress(content), compressed=True) == expected


def test_an_object_that_is_not_cut_is_one_record(tmp_path: Path) -> None:
    assert read(tmp_path / "x", b"a\nb\n", by_line=False) == [(1, b"a\nb\n")]
    assert read(tmp_path / "x", b"", by_line=False) == []


@pytest.mark.parametrize(
    "content", [b"plain", gzip.compress(b"text" * 999, mtime=0)[:-9], b"\x1f\x8b"]
)
def test_what_is_not_compressed_as_said_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(RecordError, match="cannot be decompressed"):
        read(tmp_path / "x", content, compressed=True)


def test_payloads_hold_as_many_records_as_fit_in_their_order() -> None:
    rng = random.Random(1)
    for _ in range(50):
        found = records(*(b"x" * rng.randint(1, 10) for _ in range(rng.randint(1, 40))))
        limit = rng.randint(10, 30)
        packed = list(payloads(found, limit, single=False))
        assert [record for payload in packed for record in payload.records] == found
        assert all(len(payload.body) <= limit for payload in packed)
        for this, following in itertools.pairwise(packed):
            assert len(this.body) + len(following.records[0].sent) > limit


def test_single_records_go_alone() -> None:
    packed = list(payloads(records(b"a", b"b", b"c"), 100, single=True))
    assert [payload.body for payload in packed] == [b"a", b"b", b"c"]


def test_what_is_sent_counts_and_not_what_is_kept() -> None:
    found = [Record(line, b"x" * 50, b"x") for line in (1, 2, 3)]
    assert [payload.body for payload in payloads(found, 2, single=False)] == [b"xx", b"x"]


def test_a_record_over_the_limit_is_an_error_that_names_its_line() -> None:
    assert list(payloads(records(b"xxx"), 3, single=False))
    with pytest.raises(RecordError, match="line 2: the record has 4 bytes, .* allows 3"):
        list(payloads(records(b"x", b"xxxx"), 3, single=False))


def test_a_payload_says_which_lines_it_holds() -> None:
    (payload,) = payloads(records(b"a", b"b"), 9, single=False)
    assert payload.where == "lines 1 to 2"
    (payload,) = payloads(records(b"a"), 9, single=False)
    assert payload.where == "line 1"


def test_without_records_there_is_no_payload() -> None:
    assert list(payloads([], 9, single=False)) == []
