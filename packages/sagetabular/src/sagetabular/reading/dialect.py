"""How files are written: the section `data.files` of `conf/pipeline.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sagetabular.reading.notation import Notation
from sagetabular.reading.records import BLANK

if TYPE_CHECKING:
    from collections.abc import Mapping

# Field → value → how it is written in YAML, where the character itself could not be seen.
_WORDS: dict[str, dict[str | None, str]] = {
    "delimiter": {"\t": "tab", BLANK: "blanks"},
    "thousands": {" ": "blank"},
    "quote": {None: "none"},
}


@dataclass(frozen=True)
class Dialect:
    """How a file is written; `Dialect()` is the plain form that needs no setting.

    Attributes:
        delimiter: What separates the cells; None for the one of comma, semicolon, tab and bar that
            stands most often in the header; `BLANK` for one or more blanks.
        encoding: Of the text, as Python names it. A byte order mark is taken off.
        decimal: What stands before the fraction of a number: a point or a comma.
        thousands: What separates groups of three digits, one of `notation.THOUSANDS`, or None.
        quote: What encloses cells that hold delimiters; None if nothing does.
        comment: What a line begins with that is no row; None if there are no such lines.
        skip: Lines of a text, or rows of a sheet, above the header; blank ones count.
        header: Whether the first record names the columns.
        names: The columns of a file without a header; empty for `column_1` and so on.
        index: A column to leave out, by its name or by its number from 1. If it is the first one,
            the header may lack it, as R writes it.
        trailing: Whether rows may end with a delimiter behind the last cell.
        sheet: The sheet of an Excel file; None for the only one that holds anything.
    """

    delimiter: str | None = None
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str | None = None
    quote: str | None = '"'
    comment: str | None = None
    skip: int = 0
    header: bool = True
    names: tuple[str, ...] = ()
    index: str | int | None = None
    trailing: bool = False
    sheet: str | None = None

    def settings(self) -> dict[str, Any]:
        """Return what `data.files` says, without what is the default."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: _written(name, value)
            for name, value in values.items()
            if value != getattr(PLAIN, name)
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Dialect:
        """Return the dialect that `data.files` describes; its values have been checked."""
        return cls(**{name: _meant(name, value) for name, value in settings.items()})

    def notation(self, unit: str | None = None) -> Notation:
        """Return how numbers are written, in a column of some unit or of none."""
        return Notation(self.decimal, self.thousands, unit)


PLAIN = Dialect()
"""The form that needs no setting."""


def _written(name: str, value: Any) -> Any:
    """Return a field's value as YAML has it."""
    if isinstance(value, tuple):
        return [*value]
    return _WORDS[name].get(value, value) if name in _WORDS else value


def _meant(name: str, value: Any) -> Any:
    """Return a field's value of what YAML has."""
    if isinstance(value, list):
        return tuple(value)
    return {word: meant for meant, word in _WORDS.get(name, {}).items()}.get(value, value)
