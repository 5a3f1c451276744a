"""Lambdas and columns inside of templates.

What a template says afterwards is read by PyYAML, which is not what writes it.
"""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sagetabular.errors import UserError
from sagetabular.infrastructure import inlining
from sagetabular.infrastructure.inlining import inline, lambdas_in
from sagetabular.infrastructure.templates import parse_template

TEMPLATE = """\
# Why there is a function.
Resources:
  # Beside the function.
  Start:
    Type: AWS::Lambda::Function
    Properties:
      Code:
        ZipFile: "raise RuntimeError('use pipeline infra')  # sagetabular.lambdas.start"
        # A comment between.
      Handler: index.handler
  Table:
    Type: AWS::Glue::Table
    Properties:
      Columns: []  # sagetabular.columns
      Name: !Sub "${Name}"
"""
MARKER = TEMPLATE.replace("""')  # sagetabular""", """')"  # sagetabular""").replace(
    'start"', "start"
)
COLUMNS = [{"Name": "price", "Type": "double"}, {"Name": "no", "Type": "string"}]


@pytest.fixture
def code(monkeypatch):
    """Sets the code of the one Lambda that there is."""

    def known(text: str) -> None:
        monkeypatch.setattr(inlining, "lambdas", lambda: {"start": text})

    return known


def zip_file(text: str) -> str:
    return parse_template(text, "t")["Resources"]["Start"]["Properties"]["Code"]["ZipFile"]


@pytest.mark.parametrize("template", [TEMPLATE, MARKER], ids=["inside", "behind"])
def test_code_stands_where_its_marker_stood(code, template):
    code('x = "${Region}"\n\n\ndef handler():\n    return {\'a\': "!Sub"}  # why\n')
    text = inline(template, "t", COLUMNS)
    assert zip_file(text).startswith('x = "${Region}"\n\n\ndef handler():\n    return')
    assert lambdas_in(template) == ["start"]
    # Whatever is no marker stays, comments included, and code is readable in its place.
    assert set(template.splitlines()) - set(text.splitlines()) == {
        line for line in template.splitlines() if "sagetabular." in line
    }
    assert '          x = "${Region}"\n\n\n          def handler():\n' in text
    assert inline(template, "t", COLUMNS) == text


HOSTILE = st.text(
    st.sampled_from(" \n\t#:-'\"\\%|>&*!a{}$é\u2028\u0085\ufeff\r\x00😀"), max_size=25
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=80)
@given(HOSTILE, TEXT)
@example(" first", "x\n  \n")
def test_any_text_is_read_as_it_was(one, other):
    for text in (one, other, f"{other}\n{one}\n"):
        for depth in (0, 6):
            indent = " " * depth
            start = "" if not depth else "a:\n"
            read = yaml.safe_load(
                f"{start}{indent}code: {inlining.block(text, indent)}\n{indent}next: 1\n"
            )
            assert (read["a"] if depth else read) == {"code": text, "next": 1}


def test_columns_stand_in_their_order():
    text = inline(TEMPLATE.replace("lambdas", "others"), "t", COLUMNS)
    table = parse_template(text, "t")["Resources"]["Table"]["Properties"]
    # `no` is a name and no truth value.
    assert table == {"Columns": COLUMNS, "Name": {"Fn::Sub": "${Name}"}}


def test_without_columns_their_marker_stays(code):
    code("pass\n")
    assert "Columns: []  # sagetabular.columns" in inline(TEMPLATE, "t")


def test_a_lambda_that_there_is_not():
    template = TEMPLATE.replace("lambdas.start", "lambdas.nowhere")
    with pytest.raises(UserError) as raised:
        inline(template, "infrastructure/triggers.yaml")
    assert "infrastructure/triggers.yaml: there is no Lambda" in raised.value.message


def test_windows_line_ends_are_no_part_of_the_code(code, tmp_path):
    code("pass\n")
    file = tmp_path / "t.yaml"
    file.write_bytes(MARKER.replace("\n", "\r\n").encode())
    assert zip_file(inline(file.read_text(encoding="utf-8"), "t")) == "pass\n"
