"""`data.files`, and `format` and `unit` of a column: what they may say, and where it travels."""

from __future__ import annotations

import json

import pytest

from sagetabular.errors import UserError
from sagetabular.settings.files import Files

PIPELINE = "conf/pipeline.yaml"
WRITTEN = {"delimiter": "tab", "decimal": ",", "thousands": ".", "skip": 2}


def settings_of(compiled, name: str) -> dict:
    (content,) = [
        content for key, content in compiled.assets.objects().items() if key.endswith(f"/{name}")
    ]
    return json.loads(content)


@pytest.fixture
def files(example):
    """The example with files in place of a table."""
    for name in ("database", "table"):
        example.change(PIPELINE, f"data.{name}", remove=True)
    example.change(PIPELINE, "data.source", "s3")
    example.change(PIPELINE, "data.uri", "s3://bucket/sales/")
    return example


def test_it_travels_to_ingest_of_files_alone(files):
    before = settings_of(files.compile(), "files.json")
    assert "files" not in before
    files.change(PIPELINE, "data.files", WRITTEN)
    assert settings_of(files.compile(), "files.json") == before | {"files": WRITTEN}
    assert "files" not in settings_of(files.compile(), "preprocess.json")


def test_the_plain_form_may_be_said(files):
    before = files.compile().assets.objects()
    files.change(PIPELINE, "data.files", {"decimal": ".", "header": True, "encoding": "utf-8"})
    assert files.compile().assets.objects() == before


def test_format_and_unit_travel_with_the_columns(files):
    columns = settings_of(files.compile(), "files.json")["columns"]
    number, time = {"type": "number", "unit": "km"}, {"type": "time", "format": "%d/%m/%Y"}
    files.change(PIPELINE, "data.columns.length", number | {"optional": True})
    files.change(PIPELINE, "data.columns.day", time | {"optional": True})
    files.change(PIPELINE, "data.drop", ["day"])
    expected = columns | {
        "length": number | {"optional": True},
        "day": time | {"optional": True},
    }
    for name in ("files.json", "preprocess.json"):
        assert settings_of(files.compile(), name)["columns"] == expected


MISTAKES = {
    "a long delimiter": ({"delimiter": "::"}, "data.files.delimiter must be what separates"),
    "a letter": ({"delimiter": "x"}, "data.files.delimiter must be what separates"),
    "an unknown encoding": ({"encoding": "utf-99"}, "must be an encoding that Python knows"),
    "an encoding of bytes": ({"encoding": "base64"}, "must be an encoding that Python knows"),
    "a decimal": ({"decimal": ";"}, "data.files.decimal must be '.' or ','"),
    "thousands": ({"thousands": "_"}, "data.files.thousands must be"),
    "one mark for both": ({"decimal": ",", "thousands": ","}, "must not use one mark twice"),
    "a quote": ({"quote": "`"}, "data.files.quote must be"),
    "a negative skip": ({"skip": -1}, "data.files.skip must be greater than or equal to 0"),
    "no index": ({"index": 0}, "data.files.index must be the name of a column, or its number"),
    "a true index": ({"index": True}, "data.files.index must be the name of a column"),
    "names and a header": ({"names": ["a", "b"]}, "takes no `names` for a file with a header"),
    "a misspelt field": ({"seperator": ";"}, "data.files.seperator is not a known setting"),
}


@pytest.mark.parametrize(("content", "rule"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_two_lines(example, content, rule):
    example.change(PIPELINE, "data.files", content)
    with pytest.raises(UserError) as caught:
        example.compile()
    first, second = str(caught.value).splitlines()
    assert first.startswith(PIPELINE)
    assert rule in first
    assert second


COLUMNS = {
    "a format of a number": ({"type": "number", "format": "%Y"}, "takes no `format`"),
    "a unit of a time": ({"type": "time", "unit": "s"}, "takes no `unit` for type 'time'"),
    "a format without a year": ({"type": "time", "format": "%d/%m"}, "lacks the year"),
    "a format that guesses": ({"type": "time", "format": "mixed"}, "lacks the year"),
    "a directive that differs": ({"type": "time", "format": "%Y %U"}, "has %U, which is not read"),
    "digits in a unit": ({"type": "number", "unit": "m2"}, "must be the text beside the numbers"),
    "no unit": ({"type": "number", "unit": " "}, "must be the text beside the numbers"),
}


@pytest.mark.parametrize(("column", "rule"), COLUMNS.values(), ids=COLUMNS)
def test_a_mistake_in_a_column_is_two_lines(example, column, rule):
    example.change(PIPELINE, "data.columns.extra", column | {"optional": True})
    with pytest.raises(UserError) as caught:
        example.compile()
    first, second = str(caught.value).splitlines()
    assert "data.columns.extra" in first
    assert rule in first
    assert second


def test_words_and_characters_mean_the_same():
    assert Files(delimiter="\t").dialect == Files(delimiter="tab").dialect
    assert Files(delimiter="blanks").dialect.delimiter == " "
    assert Files(thousands=" ").dialect == Files(thousands="blank").dialect
    assert Files(quote="none").dialect.quote is None
    assert Files().dialect.settings() == {}
