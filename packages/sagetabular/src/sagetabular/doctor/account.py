"""Whose account it is, and whether the environment says what the definition leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.compiling.checks import find_limits
from sagetabular.compiling.checks.limits import limit_problems
from sagetabular.doctor.findings import mend, ok

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.doctor.findings import Finding
    from sagetabular.doctor.situation import Situation


def environment(situation: Situation) -> Iterator[Finding]:
    """Every parameter without a default has a value, and SageMaker takes every value."""
    for refusal in situation.unset.values():
        yield mend(refusal.message, refusal.remedy)
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
                    yield mend(problem, f"Correct {where}.")


def credentials(situation: Situation) -> Iterator[Finding]:
    """There are credentials, and AWS says whose they are."""
    who = situation.account.identity
    yield ok(f"account {who.account}, region {situation.account.region}, as {who.arn}")
