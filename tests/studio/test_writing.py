"""The assembled template as people read it in the console, and as YAML readers do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import sagetabular.lambdas
from sagetabular.errors import UserError
from sagetabular.infrastructure.templates import parse_template
from studio.publishing.assembly import STUDIO, with_code
from studio.publishing.assembly.writing import write
from tests.studio.assembled import template, text

LAMBDAS = Path(sagetabular.lambdas.__file__).parent
CODE = {
    "LedgerFunction": LAMBDAS / "ledger.py",
    "TriggersStartFunction": LAMBDAS / "start.py",
    "SeedFunction": STUDIO / "lambdas" / "seeding.py",
}


@pytest.mark.parametrize("name", CODE)
def test_code_stands_as_it_is_written(name: str) -> None:
    code = CODE[name].read_text(encoding="utf-8")
    assert template()["Resources"][name]["Properties"]["Code"]["ZipFile"] == code
    written = "\n".join(f"          {line}".rstrip() for line in code.splitlines())
    assert written in text()
    # "The source code of your Lambda function", at most 4 MB:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
    assert len(code.encode()) < 4_000_000


def test_no_marker_is_left() -> None:
    assert "raise RuntimeError('" not in text()
    assert "sagetabular.columns" not in text()
    columns = template()["Resources"]["DataLakeGlueTable"]["Properties"]["TableInput"]
    # Files of CSV have text alone.
    assert [each["Type"] for each in columns["StorageDescriptor"]["Columns"]] == ["string"] * 2


def test_every_resource_has_the_file_that_it_comes_from_above_it() -> None:
    found = re.findall(r"^  # (\S+)\n  (\w+):$", text(), re.MULTILINE)
    assert [name for _, name in found] == [*template()["Resources"]]
    for place, name in found:
        begins = "".join(word.title() for word in Path(place).stem.split("-"))
        assert place == "studio/project.yaml" or name.startswith(begins)


def test_it_is_ascii_without_tabs_and_not_wider_than_its_longest_word() -> None:
    outside = re.sub(r"ZipFile: \|.*?(?=^ {0,8}\S)", "", text(), flags=re.S | re.M)
    assert outside.isascii()
    assert "\t" not in outside
    for line in outside.splitlines():
        assert line == line.rstrip()
        if len(line) > 100:
            # A pattern, or the name of a resource, which YAML cannot break.
            assert " " not in re.sub(r"^ *(- )?([\w:.-]+: )*(!Sub )?", "", line).strip("'"), line


def test_what_is_written_is_what_is_read() -> None:
    resources = {
        "A": {
            "Type": "T",
            "Condition": "C",
            "Properties": {
                "Get": {"Fn::GetAtt": ["A", "B.C"]},
                "Sub": {"Fn::Sub": "a: ${X} # b"},
                "Subs": {"Fn::Sub": ["${X} {y}", {"X": {"Ref": "AWS::Region"}}]},
                "Nested": {"Fn::Base64": {"Fn::Sub": "x"}},
                "If": {"Fn::If": ["C", [{"Ref": "P"}, "yes", "1"], {"Ref": "AWS::NoValue"}]},
                "Lines": "a\n  b\n\n# c\n",
                "Blanks": "a \nb",
                "Texts": ["true", "1e3", "2012-10-17", "", "null", "*", "a: b", "x" * 200, "é"],
                "Long": "word " * 60 + "end",
                "Values": [True, 1, 1.5],
                "Policy": {"Condition": {"Bool": {"a": "b"}}},
                "Empty": [{}, []],
            },
        }
    }
    given = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "x",
        "Conditions": {"C": {"Fn::And": [{"Condition": "D"}, {"Fn::Equals": [{"Ref": "P"}, "a"]}]}},
        "Resources": resources,
    }
    written = write(given, "head\nof two lines", {"A": "a.yaml"})
    assert parse_template(written, "written") == given
    assert written.startswith("# head\n# of two lines\nAWSTemplateFormatVersion: ")
    assert yaml.compose(written)


def test_a_marker_for_a_lambda_that_there_is_not_is_refused() -> None:
    with pytest.raises(UserError, match=r"no Lambda studio\.lambdas\.nothing"):
        with_code('ZipFile: "x  # studio.lambdas.nothing"\n')


def test_the_frame_is_no_template_until_it_is_assembled() -> None:
    assert "Fragments" not in template()["Metadata"]
    assert [*template()["Metadata"]] == [
        *("AWS::CloudFormation::Interface", "SagemakerTemplateParameterRules"),
    ]
