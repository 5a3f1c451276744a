from __future__ import annotations

import json
from typing import Any

import pytest

from sagelocal.errors import DefinitionError, RecordError
from sagelocal.transform.filters import parse_filter, require_places

RECORD = {"id": 7, "features": [1, 2, 3], "nested": {"a": {"b": "c"}, "d": [{"x": 1}, {"x": 2}]}}
ROW = ["0", "1", "2", "3", "4", "5"]


def applied(text: str, record: Any) -> Any:
    return parse_filter(text, "Step S, InputFilter").apply(record)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", RECORD),
        ("$", RECORD),
        ("$.id", 7),
        ("$['id']", 7),
        ('$["id"]', 7),
        ("$.features", [1, 2, 3]),
        ("$.features[0]", 1),
        ("$.features[-1]", 3),
        ("$.features[1:]", [2, 3]),
        ("$.nested.a.b", "c"),
        ("$.nested['a']['b']", "c"),
        ("$['id','features']", {"id": 7, "features": [1, 2, 3]}),
        ("$.nested.['a', 'd']", RECORD["nested"]),
        ("$.nested.a.*", ["c"]),
        ("$.features[*]", [1, 2, 3]),
        ("$.nested.d[*].x", [1, 2]),
        ("$.nested.d[:].x", [1, 2]),
        ("$.*", list(RECORD.values())),
    ],
)
def test_a_path_leads_to_a_piece_of_an_object(text: str, expected: Any) -> None:
    assert applied(text, RECORD) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$[0]", "0"),
        ("$[-1]", "5"),
        ("$[1:]", ROW[1:]),
        ("$[:2]", ROW[:2]),
        ("$[1:4]", ROW[1:4]),
        ("$[:-1]", ROW[:-1]),
        ("$[-2:]", ROW[-2:]),
        ("$[0,2]", ["0", "2"]),
        ("$[0, -1]", ["0", "5"]),
        ("$[0,4:]", ["0", "4", "5"]),
        ("$[2,0:2,-1]", ["2", "0", "1", "5"]),
        ("$[*]", ROW),
        ("$[:]", ROW),
    ],
)
def test_a_path_leads_to_places_of_a_row(text: str, expected: Any) -> None:
    assert applied(text, ROW) == expected
    require_places(parse_filter(text, "x"), "x")


UNKNOWN = """
id .id @ $id $. $..id $[] $[ $[1 $['a' $[a] $[1:2:3] $[?(@.id)] $[(@.length-1)] $['a','b'].c $.a()
$[-:3] $[1,]
"""


@pytest.mark.parametrize("text", [*UNKNOWN.split(), "$ ", "$.a b"])
def test_what_batch_transform_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_filter(text, "Step S, InputFilter")
    assert caught.value.message.startswith(f"Step S, InputFilter: {text!r} is not in the part")


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("$.none", RECORD),
        ("$['id','none']", RECORD),
        ("$.id.x", RECORD),
        ("$[6]", ROW),
        ("$[-7]", ROW),
        ("$[0]", RECORD),
        ("$.id", ROW),
        ("$.*", 5),
        ("$[1:]", "text"),
    ],
)
def test_a_record_without_what_is_asked_for_is_an_error_that_shows_it(text: str, record) -> None:
    with pytest.raises(RecordError, match="there is nothing at"):
        applied(text, record)


@pytest.mark.parametrize("text", ["$.id", "$['a','b']", "$[0][1]", "$[*].a"])
def test_a_row_of_csv_has_no_names_and_no_depth(text: str) -> None:
    with pytest.raises(DefinitionError, match="cannot be applied to CSV"):
        require_places(parse_filter(text, "x"), "Step S, OutputFilter")


def test_a_record_is_never_changed() -> None:
    before = json.dumps(RECORD)
    for text in ("$.features[1:]", "$['id','nested']", "$.*"):
        applied(text, RECORD)
    assert json.dumps(RECORD) == before
