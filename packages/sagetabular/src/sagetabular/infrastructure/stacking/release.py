"""What the release takes from the bucket of artefacts: the endpoint's template, and its settings.

They are put there before the stack `release` is deployed: its source fails without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.aws.deployment import deployment_of
from sagetabular.aws.s3 import Bucket
from sagetabular.errors import UserError
from sagetabular.infrastructure.bundle import KEY, release_bundle
from sagetabular.infrastructure.parameters import assign, sources_of
from sagetabular.infrastructure.stacking.site import Site, merged
from sagetabular.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.infrastructure.concerns import Concern

RELEASE, ENDPOINT = "release", "deploy"
# What the release itself gives to the endpoint's template.
_GIVEN = "ModelPackageArn"
_STAGES = ("DevStage", "StagingStage", "ProductionStage")


def make_bundle(site: Site, outputs: Mapping[str, Mapping[str, str]]) -> bytes:
    """Return the archive that the release's source is.

    Args:
        site: The stacks of the release's own stage.
        outputs: Concern → outputs, of that stage.

    Raises:
        UserError: A stage of the release is not in `conf/aws.yaml`, or its endpoint lacks a value.
    """
    named = {concern.name: concern for concern in site.concerns}
    if ENDPOINT not in named:
        msg = f"infrastructure/ has no template {ENDPOINT}.yaml, which the release deploys."
        raise UserError(msg, "Restore it from git.")
    stages = [_stage(site, named[RELEASE], name) for name in _STAGES]
    endpoint = named[ENDPOINT]
    return release_bundle(
        endpoint.text, {stage: _settings(site, stage, endpoint, outputs) for stage in stages}
    )


def put_bundle(site: Site, bucket: str, outputs: Mapping[str, Mapping[str, str]]) -> None:
    """Put the archive into the bucket of artefacts, unless it is there as it should be.

    Args:
        site: The stacks of the release's own stage.
        bucket: Name of the bucket.
        outputs: Concern → outputs, of that stage.

    Raises:
        UserError: Something is lacking, or S3 refuses.
    """
    body = make_bundle(site, outputs)
    Bucket(site.account.client("s3"), bucket).put_changed(KEY, body)


def _stage(site: Site, release: Concern, name: str) -> str:
    return site.sources.conf.get(name, str(release.parameters.get(name, {}).get("Default", "")))


def _settings(
    site: Site, stage: str, endpoint: Concern, outputs: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Return the endpoint's parameters in a stage, defaults included."""
    sources, known = site.sources, outputs
    if stage != site.sources.stage:
        other = _other(site, stage)
        sources, known = other.sources, _outputs(site, other)
    assigned = assign(endpoint, sources, merged(known, ENDPOINT))
    lacking = [name for name in assigned.lacking if name != _GIVEN]
    if lacking:
        msg = f"The endpoint of stage {stage} lacks values of {', '.join(lacking)}."
        raise UserError(
            msg,
            f"Deploy the stacks of {stage} first, or set stages.{stage}.infrastructure.parameters "
            "in conf/aws.yaml.",
        )
    defaults = {
        name: str(declared["Default"])
        for name, declared in endpoint.parameters.items()
        if "Default" in declared
    }
    values = {**defaults, **assigned.values}
    return {name: value for name, value in values.items() if name != _GIVEN}


def _other(site: Site, stage: str) -> Site:
    project = Project(site.project.root, stage)
    deployment = deployment_of(project, site.deployment.environment)
    return Site(project, deployment, sources_of(project, deployment), site.concerns)


def _outputs(site: Site, other: Site) -> dict[str, Mapping[str, str]]:
    """Return the outputs of another stage's stacks, as far as these credentials can see them."""
    if other.deployment.account not in (None, site.account.identity.account):
        return {}
    return {name: stack.outputs for name, stack in other.find_stacks().items() if stack.stands}
