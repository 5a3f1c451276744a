"""What would be refused of the assembled template, found before anybody sees it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
and https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CfnCreateTemplateProvider.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.infrastructure.concerns import Concern
from sagetabular.infrastructure.stacking.uploading import LARGEST
from sagetabular.infrastructure.templates import evaluate, parse_template
from sagetabular.infrastructure.validating.limits import MOST, too_long
from sagetabular.infrastructure.validating.linting import OLDEST, find_linter, is_too_old, lint
from sagetabular.infrastructure.validating.references import null_values, unknown_references

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "tabular-models"
MOST_PARAMETERS = 180
_MOST = {**MOST, "Parameters": MOST_PARAMETERS}
# The longest that SageMaker takes, and what a repository elsewhere needs.
_LONGEST = {"SageMakerProjectName": "n" * 32, "SageMakerProjectId": "p-" + "i" * 18}
_CONNECTED = {
    "ConnectionArn": "arn:aws:codeconnections:eu-west-1:111122223333:connection/"
    "00000000-0000-0000-0000-000000000000",
    "Repository": "owner/name",
}
_CHOICE = "SourceControl"


@dataclass(frozen=True)
class Checked:
    """What was found of the template.

    Attributes:
        size: Its bytes.
        parameters: How many it has.
        resources: How many it has, whatever is chosen.
        problems: What is to fix, each as a sentence.
        linter: What cfn-lint found, or why it was not run.
    """

    size: int
    parameters: int
    resources: int
    problems: tuple[str, ...]
    linter: str


def check(text: str, region: str) -> Checked:
    """Check the template by the rules here, and by cfn-lint where it is installed.

    Args:
        text: The template.
        region: Whose resources cfn-lint knows.

    Raises:
        UserError: It is no template, or cfn-lint does not run.
    """
    template = parse_template(text, f"{NAME}.yaml")
    size = len(text.encode())
    problems = [*_own_problems(template, size)]
    found, linter = _linted(text, region)
    return Checked(
        size,
        len(template.get("Parameters") or {}),
        len(template["Resources"]),
        (*problems, *found),
        linter,
    )


def _own_problems(template: Mapping[str, Any], size: int) -> Iterator[str]:
    if size > LARGEST:
        yield f"it must have at most {LARGEST:,} bytes, got {size:,}"
    for section, most in _MOST.items():
        if (count := len(template.get(section) or {})) > most:
            yield f"it must have at most {most} {section}, got {count}"
    declared = template.get("Parameters") or {}
    if lacking := [name for name in _LONGEST if name not in declared]:
        yield f"it must have the parameters that SageMaker fills in, got no {', '.join(lacking)}"
    broken = [*unknown_references(template), *null_values(template)]
    yield from broken
    if not lacking and not broken:
        yield from _long_names(template, declared)


def _long_names(template: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[str]:
    """Yield which names are too long in the project with the longest ones, whatever is chosen."""
    known = {name: text for name, text in _CONNECTED.items() if name in declared}
    asked = {name: "x" for name, entry in declared.items() if "Default" not in entry}
    given = {**asked, **known, **_LONGEST}
    stack = f"SP-{'-'.join(_LONGEST.values())}"
    choices = declared.get(_CHOICE, {}).get("AllowedValues", [None])
    found = (
        problem
        for choice in choices
        for problem in too_long(
            stack,
            evaluate(template, given if choice is None else {**given, _CHOICE: choice})[
                "Resources"
            ],
        )
    )
    yield from dict.fromkeys(found)


def _linted(text: str, region: str) -> tuple[list[str], str]:
    """Return what cfn-lint finds, and a sentence about it."""
    linter = find_linter()
    if linter is None:
        return [], "cfn-lint was not run, not being installed: uv tool install cfn-lint"
    if is_too_old(linter):
        oldest = ".".join(map(str, OLDEST))
        return [], f"cfn-lint was not run: {linter} is older than {oldest}"
    found = [problem for _, problem in lint(linter, [Concern(NAME, text)], region)]
    return found, "cfn-lint found nothing" if not found else f"cfn-lint found {len(found)}"
