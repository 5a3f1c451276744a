"""What an execution on AWS needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.doctor.acceptance import definition
from pipelines.doctor.account import credentials, environment
from pipelines.doctor.findings import Finding, State, examine
from pipelines.doctor.images import images
from pipelines.doctor.network import network
from pipelines.doctor.quotas import quotas
from pipelines.doctor.roles import permissions_of_the_role, role, your_permissions
from pipelines.doctor.storage import bucket, keys
from pipelines.doctor.tracking import tracking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.doctor.situation import Situation

CHECKS = (
    environment,
    role,
    permissions_of_the_role,
    your_permissions,
    bucket,
    keys,
    quotas,
    images,
    network,
    tracking,
)


def examine_account(situation: Situation, *, create: bool) -> Iterator[Finding]:
    """Yield what is found; without credentials, nothing else is asked.

    Args:
        situation: The project in its account.
        create: Whether a pipeline may be made for a moment, to see if SageMaker takes it.
    """
    for finding in examine((credentials,), situation):
        if finding.state is not State.OK:
            yield from examine((environment,), situation)
            yield Finding(State.MEND, finding.text, finding.remedy, finding.subject)
            return
        yield finding
    checks = (*CHECKS, definition) if create else CHECKS
    yield from examine(checks, situation)
