from __future__ import annotations

import json
from typing import Any

import pytest

from sagelocal.errors import DefinitionError, RecordError
from sagelocal.transform.data_processing import DataProcessing, read_data_processing
from sagelocal.transform.records import Payload


def processing(
    content: str = "text/csv", accept: str | None = None, split: str = "Line", **asked: str
) -> DataProcessing:
    request: dict[str, Any] = {
        "TransformInput": {"ContentType": content, "SplitType": split},
        "TransformOutput": {"Accept": accept or content, "AssembleWith": "Line"},
        "DataProcessing": asked,
    }
    return read_data_processing(request, "S")


def result(asked: DataProcessing, contents: list[bytes], answer: bytes) -> bytes:
    records = tuple(asked.record(line, content) for line, content in enumerate(contents, 1))
    return asked.result(Payload(records), answer)


def test_by_default_nothing_is_read_and_nothing_is_changed() -> None:
    asked = processing("application/octet-stream", split="None")
    assert asked.is_idle
    assert asked.record(1, b"\xff\x00").sent == b"\xff\x00"
    assert result(asked, [b"\xff"], b"\xfe\n\n") == b"\xfe\n\n"


@pytest.mark.parametrize(
    ("row", "path", "sent"),
    [
        (b"7,1,2\n", "$[1:]", b"1,2\n"),
        (b"7,1.50,2e0\r\n", "$[1:]", b"1.50,2e0\n"),
        (b"7,1", "$[0]", b"7\n"),
        (b'7,"a,""b""",\n', "$[1:]", b'"a,""b""",\n'),
        ("7,é\n".encode(), "$[-1]", "é\n".encode()),
        (b"a,b,c\n", "$[2,0]", b"c,a\n"),
    ],
)
def test_a_model_sees_the_part_of_a_row_that_the_filter_leaves(row, path, sent) -> None:
    assert processing(InputFilter=path).record(1, row).sent == sent


def test_a_row_is_joined_whole_to_its_answer_whatever_the_model_saw() -> None:
    asked = processing(InputFilter="$[1:]", JoinSource="Input")
    assert result(asked, [b"7,1\n", b"8,2\n"], b"0.5\n0.25\n") == b"7,1,0.5\n8,2,0.25"


@pytest.mark.parametrize(
    ("path", "expected"),
    [("$[0,-1]", b"7,0.5\n8,0.25"), ("$[-1]", b"0.5\n0.25"), ("$[1:]", b"1,0.5\n2,0.25")],
)
def test_the_output_filter_sees_what_was_joined(path: str, expected: bytes) -> None:
    asked = processing(JoinSource="Input", OutputFilter=path)
    assert result(asked, [b"7,1", b"8,2"], b"0.5\r\n0.25\r\n") == expected


def test_the_output_filter_sees_the_answer_when_nothing_is_joined() -> None:
    assert result(processing(OutputFilter="$[1]"), [b"x\n"], b"a,b\n") == b"b"


JSONL = "application/jsonlines"


def lines(text: bytes) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_object_gets_the_answer_as_an_attribute() -> None:
    asked = processing(JSONL, InputFilter="$.features", JoinSource="Input")
    contents = [b'{"id": 1, "features": [1, 2]}\n', b'{"id": 2, "features": [3, 4]}\n']
    assert asked.record(1, contents[0]).sent == b"[1,2]\n"
    assert lines(result(asked, contents, b'{"label": 1}\n0.5\n')) == [
        {"id": 1, "features": [1, 2], "SageMakerOutput": {"label": 1}},
        {"id": 2, "features": [3, 4], "SageMakerOutput": 0.5},
    ]


def test_what_is_no_object_becomes_the_input_beside_the_answer() -> None:
    asked = processing(JSONL, JoinSource="Input")
    assert lines(result(asked, [b"[1,2]\n"], b"[3]\n")) == [
        {"SageMakerInput": [1, 2], "SageMakerOutput": [3]}
    ]


def test_attributes_of_the_joined_object_are_kept_by_name() -> None:
    asked = processing(JSONL, JoinSource="Input", OutputFilter="$['id','SageMakerOutput']")
    assert (
        result(asked, [b'{"id": 1, "x": "\xc3\xa9"}'], b"0.5") == b'{"id":1,"SageMakerOutput":0.5}'
    )


def test_a_whole_document_is_one_record_and_so_is_its_answer() -> None:
    asked = processing("application/json", split="None", JoinSource="Input")
    found = result(asked, [b'{\n "a": 1\n}\n'], b'{\n "b": 2\n}\n')
    assert json.loads(found) == {"a": 1, "SageMakerOutput": {"b": 2}}


def test_types_with_parameters_and_both_kinds_of_json_go_together() -> None:
    assert processing("Text/CSV; charset=utf-8", "text/csv", InputFilter="$[0]").csv
    assert not processing("application/json", JSONL, JoinSource="Input").csv


@pytest.mark.parametrize(
    ("content", "accept"),
    [
        ("text/csv", JSONL),
        (JSONL, "text/csv"),
        ("text/csv", ""),
        ("", ""),
        ("application/x-npy",) * 2,
    ],
)
def test_filters_need_types_of_one_kind(content: str, accept: str) -> None:
    request = {
        "TransformInput": {"ContentType": content, "SplitType": "Line"},
        "TransformOutput": {"Accept": accept, "AssembleWith": "Line"},
        "DataProcessing": {"JoinSource": "Input"},
    }
    with pytest.raises(DefinitionError, match="Step S: filters and joins need ContentType and Acc"):
        read_data_processing(request, "S")


def test_filters_of_csv_need_lines_and_places() -> None:
    with pytest.raises(DefinitionError, match="SplitType and AssembleWith Line, got None and Line"):
        processing(split="None", JoinSource="Input")
    with pytest.raises(DefinitionError, match="Step S, OutputFilter: .* cannot be applied to CSV"):
        processing(OutputFilter="$.id")


@pytest.mark.parametrize("answer", [b"", b"1\n", b"1\n2\n3\n"])
def test_an_answer_with_another_number_of_lines_is_an_error(answer: bytes) -> None:
    with pytest.raises(RecordError, match=r"answered \d lines to 2 records"):
        result(processing(JoinSource="Input"), [b"a\n", b"b\n"], answer)


@pytest.mark.parametrize(
    ("content", "bad"),
    [("text/csv", b'"a\n'), ("text/csv", b"\xff\n"), (JSONL, b"{\n"), (JSONL, b"NaN\n")],
)
def test_a_record_that_cannot_be_read_is_an_error_that_names_its_line(content, bad) -> None:
    asked = processing(content, InputFilter="$[0]")
    with pytest.raises(RecordError, match="line 3: not "):
        asked.record(3, bad)
