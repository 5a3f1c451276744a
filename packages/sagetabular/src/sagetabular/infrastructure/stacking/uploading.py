"""What a deployment keeps in the bucket of artefacts: templates that are too large for a call."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sagetabular.aws.s3 import Bucket
from sagetabular.errors import UserError
from sagetabular.infrastructure.stacking.site import merged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.infrastructure.concerns import Concern
    from sagetabular.infrastructure.stacking.site import Site

# Bytes of a template, in a call and in S3.
LARGEST_INLINE, LARGEST = 51_200, 1_000_000
_FOLDER = "infrastructure"


def template_member(
    site: Site, concern: Concern, text: str, outputs: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Return the member of a request that is the template; a large one is put into S3 before.

    Args:
        site: The project's stacks.
        concern: The template.
        text: As it is deployed.
        outputs: Concern → outputs, one of which is the bucket.

    Raises:
        UserError: There is no bucket for it, or S3 refuses.
    """
    body = text.encode()
    if len(body) <= LARGEST_INLINE:
        return {"TemplateBody": text}
    client = site.account.client("s3")
    bucket = artifact_bucket(site, concern, outputs)
    key = f"{_FOLDER}/{concern.name}-{hashlib.sha256(body).hexdigest()[:20]}.yaml"
    Bucket(client, bucket).put_missing({key: body})
    return {"TemplateURL": f"{client.meta.endpoint_url}/{bucket}/{key}"}


def artifact_bucket(site: Site, concern: Concern, outputs: Mapping[str, Mapping[str, str]]) -> str:
    """Return the bucket for what a deployment needs.

    Args:
        site: The project's stacks.
        concern: The template that needs it.
        outputs: Concern → outputs.

    Raises:
        UserError: None is known.
    """
    given = site.sources.conf.get(
        "ArtifactBucket", merged(outputs, concern.name).get("ArtifactBucket")
    )
    if given is None or given.startswith("<"):
        msg = f"{concern.place} has {len(concern.text.encode()):,} bytes, and goes through a bucket"
        raise UserError(
            f"{msg}: ArtifactBucket is not known.",
            "Deploy data-lake first, or set infrastructure.parameters.ArtifactBucket in "
            "conf/aws.yaml.",
        )
    return given
