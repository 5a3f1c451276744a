"""What the stack says: answers to the template's questions, and where things are."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from .refusing import SeedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

QUESTIONS = (
    *("project_name", "project_slug", "aws_region"),
    *("source_control", "infrastructure", "license"),
)
# cookiecutter renders answers given in advance once more: these begin something in Jinja.
_JINJA = re.compile(r"\{[{%#]")
_REMEDY = "Correct the parameter of the project, and create or update it again."
# Without them a git server is not to be called: no other transport, no option, no credentials.
_URL = re.compile(r"https://[A-Za-z0-9.-]+(:\d+)?/[A-Za-z0-9][A-Za-z0-9._/-]*")
_BRANCH = re.compile(
    r"(?!refs/|(HEAD|FETCH_HEAD|[0-9a-f]{40})$|.*(\.\.|//|/\.|\.lock(/|$)))"
    r"[A-Za-z0-9_]([\w./-]{0,253}\w)?",
    re.ASCII,
)
_ABSENT_FOR_NONE = ("repository", "repository_url")


@dataclass(frozen=True)
class Answers:
    """The environment variables of the seed's build; their names in capital letters.

    Attributes:
        project_name: For people.
        project_slug: Folder and pipeline.
        aws_region: For which the pipeline is compiled.
        source_control: Where the repository is; `none` has none.
        infrastructure: Whether CloudFormation is part of the project.
        license: Of the repository.
        branch: That is built at every push.
        data_bucket: The lake.
        artifact_bucket: Where a project without repository goes.
        key_arn: Of both buckets.
        repository: As in owner/name; of CodeCommit the name; empty for `none`.
        repository_url: For git; empty for `none`.
    """

    project_name: str
    project_slug: str
    aws_region: str
    source_control: str
    infrastructure: str
    license: str
    branch: str
    data_bucket: str
    artifact_bucket: str
    key_arn: str
    repository: str = ""
    repository_url: str = ""

    def questions(self) -> dict[str, str]:
        """Return the answers to cookiecutter's questions."""
        return {name: getattr(self, name) for name in QUESTIONS}

    def check_choices(self, choices: Mapping[str, Sequence[str]]) -> None:
        """Check answers that are one of several.

        Args:
            choices: Question → what it offers.

        Raises:
            SeedError: An answer is none of them.
        """
        for name, offered in choices.items():
            if getattr(self, name, offered[0]) not in offered:
                listed = ", ".join(offered)
                raise _wrong(name, f"be one of {listed}", getattr(self, name))


def read_answers(variables: Mapping[str, str]) -> Answers:
    """Return what the environment says.

    Args:
        variables: Environment variables.

    Raises:
        SeedError: A variable is absent, or has a value that is not safe to use.
    """
    found = {each.name: variables.get(each.name.upper(), "") for each in fields(Answers)}
    for name, value in found.items():
        if not value and not (found["source_control"] == "none" and name in _ABSENT_FOR_NONE):
            raise _wrong(name, "be given", value)
        if not value.isprintable():
            raise _wrong(name, "be one line of printable characters", value)
        if _JINJA.search(value):
            raise _wrong(name, "have no {{, {% or {#", value)
    _check_places(found)
    return Answers(**found)


def _check_places(found: Mapping[str, str]) -> None:
    url = found["repository_url"]
    if url and not _URL.fullmatch(url):
        raise _wrong("repository_url", "be an address as in https://host/owner/name.git", url)
    if found["repository"].startswith("-"):
        raise _wrong("repository", "be given as in owner/name", found["repository"])
    if not _BRANCH.fullmatch(found["branch"]):
        raise _wrong("branch", "be a name of a branch, such as main", found["branch"])


def _wrong(name: str, rule: str, value: str) -> SeedError:
    return SeedError(f"{name.upper()} must {rule}, got {value[:80]!a}.", _REMEDY)
