"""Other stages of the project: their stacks, and the one whose models a stage deploys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.aws.deployment import deployment_of
from sagetabular.infrastructure.parameters import sources_of
from sagetabular.infrastructure.stacking.site import Site, merged
from sagetabular.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE_STAGE = "SourceStage"
# Parameter that says where a stage finds another one's models → output of the other one's stacks.
_OF_THE_SOURCE = {"SourceBucket": "ArtifactBucket", "SourceKeyArn": "KeyArn"}


def other_stage(site: Site, stage: str) -> Site:
    """Return the stacks of another stage of the same project.

    Raises:
        UserError: There is no such stage.
    """
    project = Project(site.project.root, stage)
    deployment = deployment_of(project, site.deployment.environment)
    return Site(project, deployment, sources_of(project, deployment), site.concerns)


def outputs_of(site: Site, other: Site) -> dict[str, Mapping[str, str]]:
    """Return the outputs of another stage's stacks, as far as these credentials can see them.

    Raises:
        UserError: AWS refuses.
    """
    if other.deployment.account not in (None, site.account.identity.account):
        return {}
    return {name: stack.outputs for name, stack in other.find_stacks().items() if stack.stands}


def source_values(site: Site) -> dict[str, str]:
    """Return where the models lie that a stage deploys but does not train.

    Returns:
        Parameters of `roles.yaml`; nothing without `SourceStage`, or if it lies elsewhere.

    Raises:
        UserError: There is no such stage, or AWS refuses.
    """
    stage = site.sources.conf.get(SOURCE_STAGE)
    if stage in (None, "", site.sources.stage):
        return {}
    known = merged(outputs_of(site, other_stage(site, str(stage))), "")
    return {name: known[output] for name, output in _OF_THE_SOURCE.items() if output in known}
