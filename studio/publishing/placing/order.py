"""A release must not silently replace a newer one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from studio.publishing.bundling.repository import is_ancestor

if TYPE_CHECKING:
    from studio.publishing.bundling.repository import Source

_REMEDY = "To replace it all the same, add --allow-older; the bucket keeps the other version."


def check_order(source: Source, there: tuple[str, str] | None, bucket: str) -> None:
    """Accept a commit that comes after the published one, or is the same.

    Args:
        source: What is to be published.
        there: Release and commit of the template in the bucket; None if there is none.
        bucket: Its name.

    Raises:
        UserError: What is there is newer, or of another line, or nobody knows what it is.
    """
    if there is None:
        return
    release, commit = there
    own, other = _numbers(source.version), _numbers(release)
    if other is None:
        msg = f"The template in bucket {bucket} does not say which release it is."
        raise UserError(msg, _REMEDY)
    if own is not None and own < other:
        msg = f"Bucket {bucket} has release {release}, which is newer than {source.version}."
        raise UserError(msg, _REMEDY)
    if own == other and not is_ancestor(source, commit):
        msg = (
            f"Bucket {bucket} has release {release} of commit {commit[:12]}, which does not come "
            f"before {source.commit[:12]} in this clone."
        )
        raise UserError(msg, _REMEDY)


def _numbers(release: str) -> tuple[int, ...] | None:
    parts = release.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else None
