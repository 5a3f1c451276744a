"""What is wrong at a place of a query, and how it is told."""

from __future__ import annotations

from typing import NoReturn

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from sagetabular.jobs.errors import JobError

_LONGEST = 60
_QUIET = ErrorLevel.IGNORE


class RefusalError(Exception):
    """A construct that Athena refuses, or that the local lake cannot answer as Athena does.

    Attributes:
        rule: What must be so, and what was found.
        remedy: What to write.
        line: Where it stands, counted from 1; 0 if that is not known.
        of_the_lake: Whether Athena takes it, and only the local lake does not.
    """

    def __init__(
        self, rule: str, remedy: str, place: exp.Expr | int = 0, *, of_the_lake: bool = False
    ) -> None:
        """Keep what is wrong.

        Args:
            rule: What must be so, and what was found.
            remedy: What to write.
            place: The construct, or its line.
            of_the_lake: Whether Athena takes it.
        """
        super().__init__(rule, remedy)
        self.rule, self.remedy = rule, remedy
        self.line = place if isinstance(place, int) else line_of(place)
        self.of_the_lake = of_the_lake

    def as_error(self, file: str) -> JobError:
        """Return it as an error about a file."""
        where = f"{file}, line {self.line}" if self.line else file
        return JobError(f"{where}: {self.rule}", self.remedy)


def lake_refusal(rule: str, remedy: str, place: exp.Expr | int = 0) -> RefusalError:
    """Return the refusal of what Athena takes and the local lake does not."""
    return RefusalError(rule, remedy, place, of_the_lake=True)


def line_of(node: exp.Expr) -> int:
    """Return the line that a construct stands in; 0 if the parser has not noted it."""
    at: exp.Expr | None = node
    while at is not None:
        for found in at.walk():
            if line := found.meta_get("line"):
                return int(line)
        at = at.parent
    return 0


def shown(node: exp.Expr) -> str:
    """Return a construct as SQL, on one line and cut where it is long."""
    plain = node.copy()
    for column in plain.find_all(exp.Column):
        column.set("table", None)
        column.set("db", None)
    for name in plain.find_all(exp.Identifier):
        name.set("quoted", not name.name.isidentifier())
    text = " ".join(plain.sql(dialect="trino", comments=False, unsupported_level=_QUIET).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def refuse_foreign(place: exp.Expr | int, construct: str, remedy: str) -> NoReturn:
    """Refuse what is another engine's SQL.

    Args:
        place: The construct, or its line.
        construct: How it is written.
        remedy: What to write in its place.

    Raises:
        RefusalError: Always.
    """
    raise RefusalError(f"{construct} is not Athena's SQL.", f"Write {remedy}.", place)
