"""Check every answer before a file is written: rule, value and remedy, all mistakes at once.

Only the line that reads the answers is a template. They arrive as JSON, so that no answer is ever
part of the program, whatever quotes, backslashes or line ends it holds.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import NamedTuple

ANSWERS: Mapping[str, str] = json.loads(r"""{{ cookiecutter | tojson }}""")


class Mistake(NamedTuple):
    """What an answer must be, and what to do about it."""

    rule: str
    remedy: str


def check_project_name(name: str) -> Mistake | None:
    """A name stands in files of many formats: one line, nothing invisible."""
    if 1 <= len(name) <= 63 and name.isprintable() and name == name.strip():
        return None
    return Mistake(
        "must be one line of 1 to 63 printable characters, no spaces around them",
        "Shorten it, and leave out line ends, tabs and invisible characters.",
    )


def check_project_slug(slug: str) -> Mistake | None:
    """A slug begins the names of AWS resources, and each service allows something else."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug):
        return Mistake(
            "must be lower-case letters, digits and single hyphens, a letter first",
            "SageMaker, S3 and CloudFormation all allow such names: try 'housing-prices'.",
        )
    if not 3 <= len(slug) <= 32:
        return Mistake(
            "must have 3 to 32 characters",
            "SageMaker ends project names at 32 and names derived from them at 63: "
            + ("lengthen it." if len(slug) < 3 else "shorten it."),
        )
    return None


def check_aws_region(region: str) -> Mistake | None:
    """A region has the form of one in a known partition; AWS knows what it offers."""
    partition = r"(us|eu|ap|sa|ca|me|af|il|mx|cn|us-gov|us-iso[bf]?|eu-isoe|eusc-de)"
    direction = r"(central|north|south|(north|south)?(east|west))"
    if re.fullmatch(rf"{partition}-{direction}-[1-9]", region):
        return None
    return Mistake(
        "must be the code of an AWS region", "Give it as in 'eu-west-1' or 'us-gov-west-1'."
    )


CHECKS = {
    "project_name": check_project_name,
    "project_slug": check_project_slug,
    "aws_region": check_aws_region,
}


def messages(answers: Mapping[str, str]) -> list[str]:
    """Return two lines of ASCII for each answer that breaks a rule."""
    found = [(name, check(answers[name])) for name, check in CHECKS.items()]
    return [
        f"{name} {mistake.rule}, got {answers[name][:80]!a}.\n{mistake.remedy}"
        for name, mistake in found
        if mistake
    ]


if __name__ == "__main__" and (found := messages(ANSWERS)):
    sys.exit("\n".join(found))
