"""What holds data is not replaced by another deployment of the project's templates.

Which properties CloudFormation takes when it creates a resource alone, it publishes as
`createOnlyProperties` of each type; `create_only.json` has them as cfn-lint 1.58.0 bundles them.
A change of any other property replaces nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from projects import TEMPLATE

from sagetabular.infrastructure.concerns import ORDER
from sagetabular.infrastructure.kinds import STATEFUL
from sagetabular.infrastructure.templates import evaluate, parse_template, read_template
from sagetabular.infrastructure.values import problem

CREATE_ONLY = json.loads((Path(__file__).parent / "create_only.json").read_text())["types"]
FILES = sorted((TEMPLATE / "infrastructure").glob("*.yaml"))
TEMPLATES = {file.stem: read_template(file) for file in FILES}
OUTPUTS = {name for each in TEMPLATES.values() for name in each.get("Outputs", {})}
# The same in every deployment of a stage: its names, and what other stacks keep.
IDENTITY = {
    *("Project", "Stage", "PipelineName", "ModelPackageGroup", "Prefix"),
    *("Database", "Table", "Workgroup"),
}
ARN = "arn:aws:{}:eu-west-1:123456789012:{}"
CANDIDATES = [
    "", "x", "x" * 8, "housing-prices", "dev", "staging", "123456789012", "a@example.com", "a/b",
    "rate(1 day)", "cron(0 3 * * ? *)", "Europe/Paris", "Sun:03:00", "Mon:04:30", "a" * 64,
    "f" * 64, "0" * 64,
    "ml.m5.large", "ml.c5.xlarge", "subnet-0a1b2c3d", "sg-0a1b2c3d", "sha256:" + "a" * 64, "a:1",
    *(ARN.format(*words) for words in (
        ("kms", "key/11111111-2222-3333-4444-555555555555"), ("sns", "topic"), ("iam", "role/x"),
        ("sagemaker", "model-package/x/1"), ("sagemaker", "mlflow-app/app-1"),
        ("codeconnections", "connection/1"), ("lambda", "function:x"), ("states", "stateMachine:x"),
        ("codepipeline", "x"), ("sagemaker", "model-package/x/2"),
    )),
    "arn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:policy/x",
]  # fmt: skip


def choices(declared):
    """Values that a parameter allows, its default first."""
    default = [str(declared["Default"])] if "Default" in declared else []
    numbers = [str(declared.get(name)) for name in ("MinValue", "MaxValue") if name in declared]
    several = [str(each) for each in declared.get("AllowedValues", [])]
    more = [
        each for each in [*several, *numbers, *CANDIDATES, "1", "20"] if not problem(declared, each)
    ]
    return list(dict.fromkeys([*default, *more]))


def members(properties, path):
    for name in path.removeprefix("/properties/").split("/"):
        if not isinstance(properties, dict) or name not in properties:
            return None
        properties = properties[name]
    return properties


def fixed(template, values):
    """Stateful resource → what of it must stay for it to stay itself."""
    made = evaluate(template, values)["Resources"]
    return {
        name: {
            path: members(each.get("Properties", {}), path)
            for paths in CREATE_ONLY.get(each["Type"], {}).values()
            for path in paths
        }
        for name, each in made.items()
        if each["Type"] in STATEFUL
    }


def replaced(template, base):
    """Parameters whose change would replace something, with what."""
    before = fixed(template, base)
    for name, declared in template["Parameters"].items():
        if name in IDENTITY or name in OUTPUTS:
            continue
        for value in choices(declared):
            after = fixed(template, {**base, name: value})
            for resource in before.keys() & after.keys():
                if before[resource] != after[resource]:
                    yield f"{resource} by {name}={value}"


def base_of(template):
    return {name: choices(declared)[0] for name, declared in template["Parameters"].items()}


@pytest.mark.parametrize("concern", TEMPLATES)
def test_no_parameter_that_may_change_replaces_what_holds_data(concern):
    template = TEMPLATES[concern]
    assert [*replaced(template, base_of(template))] == []


def test_every_type_that_holds_data_is_known():
    found = {each["Type"] for one in TEMPLATES.values() for each in one["Resources"].values()}
    assert (found & STATEFUL) <= CREATE_ONLY.keys()
    assert len(found & STATEFUL) >= 5


def test_all_templates_have_their_place_in_the_order():
    assert {*TEMPLATES} <= {*ORDER}


def test_a_name_that_changes_would_be_found():
    template = parse_template(
        "Parameters: {Name: {Type: String, Default: x}, Days: {Type: Number, Default: 1}}\n"
        "Resources:\n"
        "  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Ref Name, X: !Ref Days}}\n",
        "t",
    )
    found = [*replaced(template, base_of(template))]
    assert found and all(each.startswith("Table by Name=") for each in found)


@pytest.mark.parametrize("concern", TEMPLATES)
def test_what_holds_data_is_kept_when_it_leaves_its_stack(concern):
    """But for what a deployment makes anew, each with its reason."""
    made_anew = {
        ("triggers", "StartsTable"),  # locks of starts that run, which end by themselves
        ("workflow", "Lock"),
    }
    for name, each in TEMPLATES[concern]["Resources"].items():
        if each["Type"] in {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key"}:
            kept = each.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")
            assert kept or (concern, name) in made_anew, name
