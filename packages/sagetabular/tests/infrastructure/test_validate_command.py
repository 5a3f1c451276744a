"""`pipeline infra validate`: what it finds in a template without AWS."""

from __future__ import annotations

import stat

import pytest

from sagetabular.infrastructure import inlining
from sagetabular.infrastructure.templates import parse_template
from sagetabular.infrastructure.validating import linting
from sagetabular.infrastructure.validating.references import unknown_references

GOOD = """\
Parameters:
  Project: {Type: String}
  Stage: {Type: String, Default: dev}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Condition: IsDev
    Properties: {TopicName: !Sub "sagemaker-${Project}-${Stage}-${AWS::Region}-${!Literal}"}
  Role:
    Type: AWS::IAM::Role
    DependsOn: Topic
    Properties:
      RoleName: !Sub ["${Start}-role", {Start: !Ref Project}]
      Policies: [{Condition: {StringEquals: {a: !If [IsDev, !GetAtt Topic.TopicArn, x]}}}]
"""
FAULTS = {
    "DependsOn: Topic": ("DependsOn: Topic\n    Metadata: {a: [1, ~]}",
                         "Resources.Role.Metadata.a.1 must have a value"),
    "${Project}-${Stage}": ("${Projet}-${Stage}", "neither a resource nor a parameter Projet"),
    "!Equals [!Ref Stage": ("!Equals [!Ref Stag", "neither a resource nor a parameter Stag"),
    "Topic.TopicArn": ("Topik.TopicArn", "no resource Topik"),
    "DependsOn: Top": ("DependsOn: [Topic, Tropic] #", "no resource Tropic"),
    "Condition: IsDev": ("Condition: IsProd", "no condition IsProd"),
    "!If [IsDev": ("!If [IsDef", "no condition IsDef"),
    "{Start: !Ref Project}": ("{Start: !Ref Projects}", "a parameter Projects"),
    "Topic:\n    Type": ("Topics:\n    Type", "no resource Topic"),
    "RoleName: !Sub": ('RoleName: !If [IsDev, "' + "r" * 65 + '", !Ref Project]\n'
                       "      Path: !Sub", "RoleName must have at most 64 characters, got 65"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_linter(monkeypatch):
    """cfn-lint is not installed, unless a test says so."""
    monkeypatch.setattr(linting.shutil, "which", lambda _: None)


@pytest.fixture
def validated(example, pipeline):
    """Validates one template."""

    def run(text):
        example.write("infrastructure/own.yaml", text)
        return pipeline("infra", "validate")

    return run


def test_a_good_template(validated):
    ended = validated(GOOD)
    assert ended.code == 0, ended
    assert ended.out.splitlines() == [
        f"own: 2 resources, {len(GOOD)} bytes", "1 templates of stage dev, 0 to fix",
    ]  # fmt: skip
    assert ended.err.startswith("cfn-lint was not run, since it is not installed")


@pytest.mark.parametrize("part", FAULTS)
def test_a_fault(validated, part):
    changed, words = FAULTS[part]
    assert part in GOOD
    ended = validated(GOOD.replace(part, changed, 1))
    assert ended.code == 2, ended
    assert words in ended.out
    assert "infrastructure/own.yaml: " in ended.out


def test_a_policy_has_conditions_of_its_own():
    assert unknown_references(parse_template(GOOD, "t")) == []


def test_a_template_that_is_too_large(validated):
    """The first one has no bucket to go through: CloudFormation takes 51,200 bytes in a call."""
    ended = validated(GOOD + "".join(f"# {'.' * 97}\n" for _ in range(520)))
    assert "must have at most 51,200 bytes, got 52," in ended.out


@pytest.mark.parametrize(("code", "words"), [
    ("def handler(event, context):\n    return 1\n", None),
    ("def handler(event, context:\n", "Lambda start is no Python"),
    ("def run(event, context):\n    return 1\n", "Lambda start must have a function handler"),
])  # fmt: skip
def test_code_of_lambdas(validated, monkeypatch, code, words):
    monkeypatch.setattr(inlining, "lambdas", lambda: {"start": code})
    function = (
        "  Start:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code:\n"
        '        ZipFile: "raise RuntimeError()  # sagetabular.lambdas.start"\n'
    )
    ended = validated(GOOD + function)
    assert ended.code == (2 if words else 0)
    assert words is None or words in ended.out


def test_cfn_lint_is_run_where_it_is(validated, monkeypatch, tmp_path):
    """The answer is one of cfn-lint 1.58.0 to `--format json`, cut."""
    program = tmp_path / "cfn-lint"
    program.write_text(
        "#!/bin/sh\nfor last; do :; done\ncat <<END\n"
        '[{"Filename": "$last", "Level": "Error", "Location": {"Start": {"ColumnNumber": 5, '
        '"LineNumber": 9}}, "Message": "Additional properties are not allowed", '
        '"Rule": {"Id": "E3002"}}]\nEND\nexit 2\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(linting.shutil, "which", lambda _: str(program))
    ended = validated(GOOD)
    assert ended.code == 2
    finding = "cfn-lint E3002, line 9 as rendered: Additional properties are not allowed"
    assert f"infrastructure/own.yaml: {finding}" in ended.out


@pytest.mark.parametrize(("version", "is_run"), [("1.51.0", False), ("1.58.0", True)])
def test_a_linter_of_an_older_time_is_not_asked(validated, monkeypatch, tmp_path, version, is_run):
    """cfn-lint 1.51 knows no `AWS::SageMaker::MlflowApp`, which there is."""
    program = tmp_path / "cfn-lint"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "cfn-lint {version}" && exit\n'
        f'touch "{tmp_path}/was-run"\necho "[]"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(linting.shutil, "which", lambda _: str(program))
    ended = validated(GOOD)
    assert ended.code == 0, ended
    assert (tmp_path / "was-run").exists() == is_run
    assert ("is older than 1.58. Take a newer one." in ended.err) == (not is_run)


def test_a_linter_that_does_not_run(validated, monkeypatch, tmp_path):
    program = tmp_path / "cfn-lint"
    program.write_text("#!/bin/sh\necho broken\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(linting.shutil, "which", lambda _: str(program))
    ended = validated(GOOD)
    assert ended.code == 2
    assert "must check templates" in ended.err and "it is not needed" in ended.err
