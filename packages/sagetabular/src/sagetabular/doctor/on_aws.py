"""What an execution on AWS needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.doctor.acceptance import definition
from sagetabular.doctor.account import credentials, environment
from sagetabular.doctor.findings import Finding, State, examine
from sagetabular.doctor.images import images
from sagetabular.doctor.network import network
from sagetabular.doctor.quotas import quotas
from sagetabular.doctor.roles import permissions_of_the_role, role, your_permissions
from sagetabular.doctor.storage import bucket, keys
from sagetabular.doctor.tracking import tracking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.doctor.situation import Situation

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
