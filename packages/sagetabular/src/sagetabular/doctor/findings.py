"""Findings, and how checks become them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from sagetabular.aws.errors import DOCTOR
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class State(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    TO_FIX = "to fix"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True)
class Finding:
    """One line about one thing.

    Attributes:
        state: Whether it is well.
        text: What was found.
        remedy: What to do about it; nothing where it is well.
        subject: What was looked at.
    """

    state: State
    text: str
    remedy: str = ""
    subject: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it as JSON takes it."""
        return {**asdict(self), "state": self.state.value}


class CannotTellError(UserError):
    """A check lacks what it needs to come to a result."""


Subject = TypeVar("Subject")


def ok(text: str) -> Finding:
    """Return a finding about what is well."""
    return Finding(State.OK, text)


def to_fix(text: str, remedy: str) -> Finding:
    """Return a finding about what is not well."""
    return Finding(State.TO_FIX, text, remedy)


def unknown(text: str, remedy: str) -> Finding:
    """Return a finding about what cannot be found out."""
    return Finding(State.UNKNOWN, text, remedy)


def examine(
    checks: Iterable[Callable[[Subject], Iterable[Finding]]], subject: Subject
) -> Iterator[Finding]:
    """Yield what each check finds, under the check's name.

    A refusal becomes a finding: one of the user's own files is to be fixed, an answer that AWS
    does not give tells nothing about what was asked for.
    """
    for check in checks:
        name = check.__name__.replace("_", " ")
        try:
            for finding in check(subject):
                yield replace(finding, subject=name)
        except UserError as refusal:
            state = State.UNKNOWN if _tells_nothing(refusal) else State.TO_FIX
            remedy = refusal.remedy.removesuffix(DOCTOR).rstrip()  # which has just looked
            yield Finding(state, refusal.message, remedy, name)


def _tells_nothing(refusal: UserError) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    answers = BotoCoreError | ClientError | ResponseParserError
    of_aws = isinstance(refusal.__cause__, answers)
    return of_aws or isinstance(refusal, CannotTellError)
