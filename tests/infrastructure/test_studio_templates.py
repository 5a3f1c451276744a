"""The project template of Studio, judged by the programs of CloudFormation's users.

Each program is shown to find a fault that is planted. The frame alone is no template: what it
refers to is in the fragments.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.infrastructure.validators import Checked, Validators
from tests.servers import environment
from tests.studio.assembled import template, text

NAME = "project.yaml"
# Of a resource or an output.
CONDITION = re.compile(r"^    Condition: \w+\n", re.MULTILINE)


@pytest.fixture(scope="module")
def validators() -> Validators:
    """Install the programs as locked."""
    return Validators(environment("validators", Path(__file__).parent / "validators.lock") / "bin")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the template as it is published."""
    path = tmp_path_factory.mktemp("assembled") / NAME
    path.write_text(text(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def checked(validators: Validators, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """Check all resources: checkov leaves out those that default parameters do not make."""
    folder = tmp_path_factory.mktemp("unconditional")
    (folder / NAME).write_text(CONDITION.sub("", text()), encoding="utf-8")
    return validators.check(folder)


def plant(old: str, new: str, folder: Path) -> Path:
    """Write the template with a fault."""
    assert old in text()
    (path := folder / NAME).write_text(text().replace(old, new, 1), encoding="utf-8")
    return path


def test_cfn_lint_finds_neither_error_nor_warning(validators: Validators, path: Path) -> None:
    assert validators.lint([path]) == []


def test_cloudformation_validate_finds_neither_error_nor_warning(
    validators: Validators, path: Path
) -> None:
    assert validators.validate([path]) == []


def test_checkov_finds_no_failure(checked: Checked) -> None:
    assert checked.failed == []


def test_every_suppression_survives_and_suppresses_something(checked: Checked) -> None:
    declared = {
        (NAME, name, skipped["id"])
        for name, resource in template()["Resources"].items()
        for skipped in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    }
    assert len(declared) == 8
    assert declared == checked.skipped


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("ImageTagMutability: IMMUTABLE", "ImageTagMutable: false", "E3002"),
        ("!GetAtt DataLakeKey.Arn", "!GetAtt DataLakeKey.Name", "E1010"),
        ("Conditions:\n", "Conditions:\n  Idle: !Equals [!Ref License, none]\n", "W8001"),
        # What there is for CodeCommit alone, without its condition.
        (
            "  CodeCommitRepository:\n    Type: AWS::CodeCommit::Repository\n",
            "  CodeCommitRepository:\n    Type: AWS::CodeCommit::Repositories\n",
            "E3006",
        ),
    ],
    ids=["a property", "an attribute", "an idle condition", "a type"],
)
def test_cfn_lint_finds_what_is_wrong(
    validators: Validators, tmp_path: Path, old: str, new: str, rule: str
) -> None:
    found = validators.lint([plant(old, new, tmp_path)])
    assert rule in {each.rule for each in found}


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("ImageTagMutability: IMMUTABLE", "ImageTagMutable: false", "F3002"),
        ("Conditions:\n", "Conditions:\n  Idle: !Equals [!Ref License, none]\n", "W8001"),
    ],
    ids=["a property", "an idle condition"],
)
def test_cloudformation_validate_finds_what_is_wrong(
    validators: Validators, tmp_path: Path, old: str, new: str, rule: str
) -> None:
    found = validators.validate([plant(old, new, tmp_path)])
    assert rule in {each.rule for each in found}


def test_checkov_finds_a_log_without_a_key(validators: Validators, tmp_path: Path) -> None:
    old = "      RetentionInDays: 365\n      KmsKeyId: !GetAtt DataLakeKey.Arn\n"
    path = plant(old, "      RetentionInDays: 365\n", tmp_path)
    path.write_text(CONDITION.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    assert {found.rule for found in validators.check(tmp_path).failed} == {"CKV_AWS_158"}
