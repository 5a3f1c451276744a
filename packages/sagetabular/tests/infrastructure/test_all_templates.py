"""What must hold for every template of the project, and for what it asks for."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from projects import TEMPLATE

import sagetabular
from sagetabular.infrastructure import templates
from sagetabular.infrastructure.concerns import ORDER
from sagetabular.infrastructure.inlining import inline, lambdas

TEMPLATES = sorted((TEMPLATE / "infrastructure").glob("*.yaml"))
SOURCES = Path(sagetabular.__file__).parent
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MOST_BYTES, MOST_RESOURCES, MOST_PARAMETERS = 1_000_000, 500, 200
MOST_BYTES_WITHOUT_A_BUCKET = 51_200
# Gone or going: https://docs.aws.amazon.com/sagemaker/latest/dg/whats-new.html and the hand-over
# notes of issue 14. CodePipeline still calls a connection CodeStarSourceConnection, and old
# connections have ARNs of codestar-connections.
GONE = {
    "Model Monitor": r"MonitoringSchedule|monitoring_schedule|(DataQuality|ModelQuality)Job",
    "quality checks": r"QualityCheck|quality_check|MonitorBatchTransform",
    "Clarify": r"ClarifyCheck|clarify_check|Model(Bias|Explainability)Job|ExplainerConfig",
    "Debugger": r"Debug(Hook|Rule)Config|debug_(hook|rule)_config|ProfilerRule",
    "CodeStar": r"AWS::CodeStar|codestar:|codestar-notifications",
}
# Replaced or deleted, these take data with them.
STATEFUL = {
    *("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::ECR::Repository", "AWS::DynamoDB::Table"),
    *("AWS::SageMaker::ModelPackageGroup", "AWS::SageMaker::MlflowApp"),
}
# They hold who runs at the moment, and no record.
LOCKS = {"triggers.StartsTable", "workflow.Lock"}
# Properties of one meaning in every template.
COMMON = ("Project", "Stage")
LIMITS = {"AllowedPattern", "AllowedValues", "MaxLength"}

read_template = functools.cache(templates.read_template)
each = pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def deployed(path: Path) -> str:
    """Return a template as it is deployed, with a table of 200 columns."""
    columns = [{"Name": f"column_{n}", "Type": "double", "Comment": "number"} for n in range(200)]
    return inline(text_of(path), path.name, columns)


def plain(node: Any) -> Any:
    """Return a template without what its suppressions say."""
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items() if key != "Metadata"}
    return [plain(entry) for entry in node] if isinstance(node, list) else node


def test_there_are_templates() -> None:
    assert {"build", "data-lake", "tracking"} <= {path.stem for path in TEMPLATES}


@each
def test_a_template_stands_alone(path: Path) -> None:
    text = json.dumps(read_template(path))
    for function in ("Fn::ImportValue", "Fn::Transform", "AWS::CloudFormation::Stack", "resolve:"):
        assert function not in text, function
    assert "Transform" not in read_template(path)


@each
def test_every_parameter_has_a_group_a_label_and_a_description(path: Path) -> None:
    template = read_template(path)
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])
    assert interface["ParameterLabels"].keys() == template["Parameters"].keys()
    labels = [group["Label"]["default"] for group in interface["ParameterGroups"]]
    labels += [label["default"] for label in interface["ParameterLabels"].values()]
    assert all(label.strip() for label in labels)
    for name, declared in template["Parameters"].items():
        assert len(declared["Description"]) > 5, name
        assert not declared["Type"].startswith("String") or LIMITS & declared.keys(), name
    for name, output in template.get("Outputs", {}).items():
        assert output["Description"], name


@pytest.mark.parametrize("name", COMMON)
def test_templates_agree_about_common_parameters(name: str) -> None:
    declared = [read_template(path)["Parameters"].get(name) for path in TEMPLATES]
    rules = [
        {key: value for key, value in each.items() if key not in ("Description", "NoEcho")}
        for each in declared
        if each
    ]
    assert len(rules) > 1
    assert all(rule == rules[0] for rule in rules)


@each
def test_a_template_fits(path: Path) -> None:
    template, size = read_template(path), len(deployed(path).encode())
    assert size < MOST_BYTES
    assert len(template["Resources"]) <= MOST_RESOURCES
    assert len(template["Parameters"]) <= MOST_PARAMETERS
    # Larger ones come from a bucket, which this one makes.
    assert path.stem != "data-lake" or size < MOST_BYTES_WITHOUT_A_BUCKET


@each
def test_a_template_has_no_account_region_or_key_of_anybody(path: Path) -> None:
    text = re.sub(r"\b111122223333\b", "", text_of(path))  # the account of AWS's examples
    assert not re.search(r"(?<![\d.])\d{12}(?!\d)", text)
    assert not re.search(r"\b(us|eu|ap|sa|ca|me|af|il)-[a-z]+-\d\b", text)
    assert not re.search(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|aws_secret", text)


@each
def test_what_holds_data_is_kept(path: Path) -> None:
    for name, resource in read_template(path)["Resources"].items():
        if resource["Type"] in STATEFUL and f"{path.stem}.{name}" not in LOCKS:
            kept = resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")
            assert kept[0] in ("Retain", "RetainExceptOnCreate"), name
            assert kept[1] == "Retain", name


@each
def test_no_value_is_null(path: Path) -> None:
    """CloudFormation refuses them, also where a state machine would take them; no linter says so.

    https://github.com/aws/serverless-application-model/issues/1618
    """

    def nulls(node: Any) -> bool:
        if isinstance(node, dict):
            return any(map(nulls, node.values()))
        return any(map(nulls, node)) if isinstance(node, list) else node is None

    assert not nulls(read_template(path))


@each
def test_every_suppression_has_its_reason(path: Path) -> None:
    for name, resource in read_template(path)["Resources"].items():
        metadata = resource.get("Metadata", {})
        for skipped in metadata.get("checkov", {}).get("skip", []):
            assert re.fullmatch(r"CKV2?_AWS_\d+", skipped["id"]), name
            assert len(skipped["comment"].split()) >= 4, (name, skipped)
    for line in re.findall(
        r".*(?:ignore_checks|checkov:skip|cfn-lint-disable|nosec).*", text_of(path)
    ):
        assert re.search(r"#.{20,}", line), line


@each
def test_a_template_is_readable(path: Path) -> None:
    lines = text_of(path).splitlines()
    # An ARN, and the marker that a Lambda's code takes the place of, cannot be broken.
    whole = re.compile(r"arn:\$|# sagetabular\.lambdas\.")
    assert [line for line in lines if len(line) > 100 and not whole.search(line)] == []
    tops = [number for number, line in enumerate(lines) if re.match(r"  [A-Za-z]\w*:$", line)]
    start = lines.index("Resources:")
    for top in (number for number in tops if start + 1 < number < _end(lines, start)):
        above = [line for line in lines[:top] if not line.lstrip().startswith("#")][-1]
        assert above in ("", "Resources:"), lines[top]


def _end(lines: list[str], start: int) -> int:
    """Return where the section after `Resources` begins."""
    rest = (n for n, line in enumerate(lines) if n > start and re.match(r"\w+:", line))
    return next(rest, len(lines))


@pytest.mark.parametrize("what", GONE)
def test_nothing_uses_what_aws_has_closed(what: str) -> None:
    pattern = re.compile(GONE[what])
    places = {path.name: yaml.dump(plain(read_template(path))) for path in TEMPLATES}
    places |= lambdas()
    places |= {
        path.relative_to(SOURCES).as_posix(): text_of(path)
        for folder in ("steps", "aws", "infrastructure")
        for path in (SOURCES / folder).rglob("*.py")
    }
    found = {
        name: match.group() for name, text in places.items() if (match := pattern.search(text))
    }
    assert found == {}


def test_the_readme_has_the_stacks_in_the_order_in_which_they_are_deployed() -> None:
    text = text_of(TEMPLATE / "infrastructure/README.md")
    assert re.findall(r"^\| `([\w-]+)` \|", text, re.M) == [*ORDER]
    assert {path.stem for path in TEMPLATES} <= {*ORDER}
