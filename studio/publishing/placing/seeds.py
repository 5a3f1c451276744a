"""The seeds of an account's projects, which a new release is offered by.

A project is found by what is started: CodeBuild's project of its seed, whose source is a bundle of
this bucket. Two calls find a hundred of them, whether Studio, Service Catalog or CloudFormation has
made the stack; SageMaker would be asked once for each project, and knows no seeds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.publishing.placing.account import asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from studio.publishing.placing.account import Publisher

# The variables of a seed's environment, a contract between releases: every later bundle is run with
# what the stack of an earlier release gives. None is renamed, taken away or given another meaning,
# and one that is added later must have a default in studio/seed/. CodeBuild adds AWS_REGION.
CONTRACT = (
    "PROJECT_NAME", "PROJECT_SLUG", "SOURCE_CONTROL", "INFRASTRUCTURE", "LICENSE",
    "REPOSITORY_URL", "REPOSITORY", "BRANCH", "DATA_BUCKET", "ARTIFACT_BUCKET", "RELEASE",
    "KEY_ARN",
)  # fmt: skip
BATCH = 100  # of BatchGetProjects
_NAME = re.compile(r"sagemaker-([a-z][a-z0-9]*(?:-[a-z0-9]+)*)-dev-seed", re.ASCII)


@dataclass(frozen=True)
class Seed:
    """The seed of a project.

    Attributes:
        build: Name of CodeBuild's project.
        slug: Of the project.
        release: That its stack is of.
        source_control: Of the project.
        location: Of the bundle that its stack has.
    """

    build: str
    slug: str
    release: str
    source_control: str
    location: str

    def reason_against(self, location: str) -> str:
        """Return why it need not be started with a bundle; nothing if it must be."""
        if self.source_control == "none":
            return "unchanged: it has no repository; run `uvx cruft update` where it is now."
        if self.location == location:
            return "unchanged: its stack is of this release, and has offered it."
        return ""


def find_seeds(publisher: Publisher, bucket: str) -> list[Seed]:
    """Return the seeds of the account's projects, by name.

    Args:
        publisher: Who asks.
        bucket: Of bundles: a seed may read no other.

    Raises:
        UserError: AWS refuses it.
    """
    client = publisher.client("codebuild")
    with asked("codebuild:ListProjects", f"account {publisher.number}, {publisher.region}"):
        pages = client.get_paginator("list_projects").paginate(sortBy="NAME")
        names = [name for page in pages for name in page["projects"] if _NAME.fullmatch(name)]
    found = []
    for batch in _batches(names):
        with asked("codebuild:BatchGetProjects", batch[0]):
            found += client.batch_get_projects(names=batch)["projects"]
    return [seed for each in found if (seed := _seed_of(each, bucket))]


def _seed_of(project: dict[str, Any], bucket: str) -> Seed | None:
    """Return the seed that a project of CodeBuild is; None if it only has such a name."""
    name, location = project["name"], project.get("source", {}).get("location", "")
    listed = project.get("environment", {}).get("environmentVariables", [])
    variables = {each["name"]: each["value"] for each in listed}
    slug = variables.get("PROJECT_SLUG", "")
    ours = location.startswith(f"{bucket}/bundles/template-") and location.endswith(".zip")
    if not ours or name != f"sagemaker-{slug}-dev-seed":
        return None
    release, source = variables.get("RELEASE", ""), variables.get("SOURCE_CONTROL", "")
    return Seed(name, slug, release, source, location)


def _batches(names: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), BATCH):
        yield list(names[start : start + BATCH])
