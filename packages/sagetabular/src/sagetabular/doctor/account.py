"""The account: its credentials and environment, and all that an execution in it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagelocal.definition import limit_problems
from sagetabular.compiling.checks import find_limits
from sagetabular.doctor.acceptance import definition
from sagetabular.doctor.findings import Finding, State, examine, ok, to_fix
from sagetabular.doctor.images import images
from sagetabular.doctor.network import network
from sagetabular.doctor.quotas import quotas
from sagetabular.doctor.roles import permissions_of_the_role, role, your_permissions
from sagetabular.doctor.storage import bucket, keys, tracking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.doctor.situation import Situation


def environment(situation: Situation) -> Iterator[Finding]:
    """Check that every parameter without a default has a value, and that SageMaker takes each."""
    for refusal in situation.unset.values():
        yield to_fix(refusal.message, refusal.remedy)
    yield from _values(situation)
    declared = situation.definition["Parameters"]
    own = [one["Name"] for one in declared if "DefaultValue" not in one]
    known = [name for name in own if name in situation.values]
    if known:
        yield ok(f"{', '.join(known)} have values")


def _values(situation: Situation) -> Iterator[Finding]:
    variables = situation.project.settings.aws.variables
    for name, places in find_limits(situation.definition).items():
        for place in places:
            if name in situation.values:
                for problem in limit_problems(situation.values[name], place, name):
                    where = f"the variable {variables[name]}" if name in variables else "it"
                    yield to_fix(problem, f"Correct {where}.")


def credentials(situation: Situation) -> Iterator[Finding]:
    """Check that there are credentials; AWS says whose they are."""
    who = situation.account.identity
    yield ok(f"account {who.account}, region {situation.account.region}, as {who.arn}")


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
            yield Finding(State.TO_FIX, finding.text, finding.remedy, finding.subject)
            return
        yield finding
    checks = (*CHECKS, definition) if create else CHECKS
    yield from examine(checks, situation)
