"""What the release takes from the bucket of artefacts: the endpoint's template, and its settings.

They are put there before the stack `release` is deployed: its source fails without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.aws.s3 import Bucket
from sagetabular.errors import UserError
from sagetabular.infrastructure.bundle import KEY, release_bundle
from sagetabular.infrastructure.parameters import assign
from sagetabular.infrastructure.stacking.site import merged
from sagetabular.infrastructure.stacking.stages import other_stage, outputs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.infrastructure.concerns import Concern
    from sagetabular.infrastructure.stacking.site import Site

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
        other = other_stage(site, stage)
        sources, known = other.sources, outputs_of(site, other)
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
