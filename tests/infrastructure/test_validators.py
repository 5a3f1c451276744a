"""The templates as they are deployed, judged by the programs of CloudFormation's users.

Each program is shown to find a fault that is planted.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from sagetabular.infrastructure.inlining import inline
from sagetabular.infrastructure.templates import evaluate, read_template
from tests.baking import ROOT, TEMPLATE, generate
from tests.infrastructure.validators import Checked, Finding, Validators
from tests.servers import environment

TEMPLATES = sorted((ROOT / TEMPLATE / "infrastructure").glob("*.yaml"))
NAMES = [path.stem for path in TEMPLATES]
COLUMNS = [{"Name": "price", "Type": "double", "Comment": "number"}]
# Of a resource or an output.
CONDITION = re.compile(r"^    Condition: \w+\n", re.MULTILINE)
STATE_MACHINE = "AWS::StepFunctions::StateMachine"
BUILD_FILES = {"github": ("github-workflows", ".github/workflows/*.yml")}
BUILD_FILES |= {"gitlab": ("gitlab-ci", ".gitlab-ci.yml")}


@pytest.fixture(scope="session")
def validators() -> Validators:
    """Install the programs as locked."""
    lock = Path(__file__).parent / "validators.lock"
    return Validators(environment("validators", lock) / "bin")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write every template as it is deployed."""
    folder = tmp_path_factory.mktemp("templates")
    for path in TEMPLATES:
        text = inline(path.read_text(encoding="utf-8"), path.name, COLUMNS)
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def linted(validators: Validators, folder: Path) -> list[Finding]:
    return validators.lint(sorted(folder.iterdir()))


@pytest.fixture(scope="session")
def validated(validators: Validators, folder: Path) -> list[Finding]:
    return validators.validate(sorted(folder.iterdir()))


@pytest.fixture(scope="session")
def checked(
    validators: Validators, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Checked:
    """Check all resources: checkov leaves out those that default parameters do not make."""
    target = tmp_path_factory.mktemp("unconditional")
    for path in folder.iterdir():
        text = CONDITION.sub("", path.read_text(encoding="utf-8"))
        (target / path.name).write_text(text, encoding="utf-8")
    return validators.check(target)


def of(findings: list[Finding], name: str) -> list[Finding]:
    return [found for found in findings if found.file == f"{name}.yaml"]


@pytest.mark.parametrize("name", NAMES)
def test_cfn_lint_finds_neither_error_nor_warning(linted: list[Finding], name: str) -> None:
    assert of(linted, name) == []


@pytest.mark.parametrize("name", NAMES)
def test_cloudformation_validate_finds_neither_error_nor_warning(
    validated: list[Finding], name: str
) -> None:
    assert of(validated, name) == []


@pytest.mark.parametrize("name", NAMES)
def test_checkov_finds_no_failure(checked: Checked, name: str) -> None:
    assert of(checked.failed, name) == []


def test_every_suppression_suppresses_something(checked: Checked) -> None:
    declared = {
        (path.name, name, skipped["id"])
        for path in TEMPLATES
        for name, resource in read_template(path)["Resources"].items()
        for skipped in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    }
    assert declared == checked.skipped


def plant(folder: Path, name: str, old: str, new: str, target: Path) -> Path:
    """Write a template with a fault into a folder of its own."""
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    target.mkdir()
    (target / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return target / name


def test_cfn_lint_finds_a_property_that_there_is_not(
    validators: Validators, folder: Path, tmp_path: Path
) -> None:
    old, new = "ImageTagMutability: IMMUTABLE", "ImageTagMutable: false"
    path = plant(folder, "build.yaml", old, new, tmp_path / "planted")
    assert "E3002" in {found.rule for found in validators.lint([path])}


def test_cfn_lint_finds_a_parameter_that_nothing_uses(
    validators: Validators, folder: Path, tmp_path: Path
) -> None:
    old, new = "      WeeklyMaintenanceWindowStart: !Ref MaintenanceWindow\n", ""
    path = plant(folder, "tracking.yaml", old, new, tmp_path / "planted")
    assert {found.rule for found in validators.lint([path])} == {"W2001"}


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("ImageTagMutability: IMMUTABLE", "ImageTagMutable: false", "F3002"),
        ("Conditions:\n", "Conditions:\n  Idle: !Equals [!Ref Source, none]\n", "W8001"),
    ],
    ids=["a property", "a warning"],
)
def test_cloudformation_validate_finds_what_is_wrong(
    validators: Validators, folder: Path, tmp_path: Path, old: str, new: str, rule: str
) -> None:
    path = plant(folder, "build.yaml", old, new, tmp_path / "planted")
    assert rule in {found.rule for found in validators.validate([path])}


def test_checkov_finds_a_log_without_a_key(
    validators: Validators, folder: Path, tmp_path: Path
) -> None:
    old = "    Condition: Builds\n    DeletionPolicy"
    plant(folder, "build.yaml", old, "    DeletionPolicy", tmp_path / "unconditional")
    old = "      RetentionInDays: !Ref LogDays\n      KmsKeyId: !Ref KeyArn\n"
    new = "      RetentionInDays: !Ref LogDays\n"
    path = plant(tmp_path / "unconditional", "build.yaml", old, new, tmp_path / "planted")
    assert {found.rule for found in validators.check(path.parent).failed} == {"CKV_AWS_158"}


def state_machines(path: Path) -> list[dict[str, Any]]:
    """Return the definitions in a template, with values in place of what is filled in."""
    template = read_template(path)
    given = {
        name: _value(entry)
        for name, entry in template["Parameters"].items()
        if "Default" not in entry
    }
    return [
        _filled(resource["Properties"])
        for resource in evaluate(template, given)["Resources"].values()
        if resource["Type"] == STATE_MACHINE
    ]


def _value(declared: dict[str, Any]) -> str:
    return "arn:aws:iam::123456789012:role/x" if "arn" in str(declared) else "houses"


def _filled(properties: dict[str, Any]) -> dict[str, Any]:
    given = properties.get("DefinitionSubstitutions", {})
    text = properties.get("DefinitionString") or json.dumps(properties["Definition"])
    filled = re.sub(r"\$\{(\w+)\}", lambda match: str(given[match[1]]), text)
    found: dict[str, Any] = json.loads(filled)
    return found


WITH_STATES = [path for path in TEMPLATES if STATE_MACHINE in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", WITH_STATES, ids=lambda path: path.stem)
def test_statelint_finds_nothing_in_a_state_machine(
    validators: Validators, path: Path, tmp_path: Path
) -> None:
    machines = state_machines(path)
    assert machines
    for machine in machines:
        (file := tmp_path / "machine.json").write_text(json.dumps(machine), encoding="utf-8")
        assert validators.lint_states(file) == []


@pytest.mark.parametrize("path", WITH_STATES, ids=lambda path: path.stem)
def test_statelint_finds_a_state_that_there_is_not(
    validators: Validators, path: Path, tmp_path: Path
) -> None:
    (machine, *_) = state_machines(path)
    (file := tmp_path / "machine.json").write_text(
        json.dumps(machine | {"StartAt": "Nowhere"}), encoding="utf-8"
    )
    assert any("Nowhere" in line for line in validators.lint_states(file))


@pytest.mark.parametrize("source_control", BUILD_FILES)
def test_build_files_fit_the_schema_of_who_executes_them(
    validators: Validators, template: Path, tmp_path: Path, source_control: str
) -> None:
    schema, pattern = BUILD_FILES[source_control]
    answers = {"source_control": source_control, "infrastructure": "full"}
    project = generate(template, tmp_path / "output", answers)
    paths = sorted(project.glob(pattern))
    assert paths
    for path in paths:
        assert validators.check_schema(schema, path) == ""
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("timeout", "time_out"), encoding="utf-8")
        assert validators.check_schema(schema, path) != ""


def test_a_project_holds_no_secret(
    validators: Validators, full_project: Path, tmp_path: Path
) -> None:
    shutil.copytree(full_project, tmp_path / "project")
    key = "AKIA" + "Z7QH3K5M2N8P4R6T"  # of nobody, and in two parts for who searches this file
    (tmp_path / "project/planted.py").write_text(f'KEY = "{key}"\n', encoding="utf-8")
    found = validators.find_secrets(tmp_path / "project")
    assert found == {"planted.py": ["AWS Access Key"]}
