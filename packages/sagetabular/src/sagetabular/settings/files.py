"""The section `data.files` of `conf/pipeline.yaml`: how files are written."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from sagetabular.reading.dialect import Dialect
from sagetabular.reading.times import wrong_format
from sagetabular.settings.loading import RuleError, Settings
from sagetabular.settings.reading import shown

_DELIMITERS = 'Write ",", ";", "|", tab or blanks.'


def _check_delimiter(value: str) -> str:
    is_mark = len(value) == 1 and not value.isalnum() and value not in "\r\n\"' \0"
    if value not in ("tab", "blanks") and not is_mark:
        msg = f"must be what separates the cells, got {shown(value)}."
        raise RuleError(msg, _DELIMITERS)
    return "tab" if value == "\t" else value


def _check_encoding(value: str) -> str:
    try:
        "".encode(value)
        codecs.lookup(value)
    except (LookupError, ValueError) as error:
        msg = f"must be an encoding that Python knows, got {shown(value)}."
        raise RuleError(msg, "Write utf-8, cp1252 (Windows, Western Europe) or utf-16.") from error
    return value


def _check_thousands(value: object) -> object:
    return "blank" if value == " " else value


def _check_index(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int) or value in (0, ""):
        msg = f"must be the name of a column, or its number from 1, got {shown(value)}."
        raise RuleError(msg, "Write index: 1 for the first one.")
    return value


def _check_format(value: str) -> str:
    wrong = wrong_format(value)
    if wrong is not None:
        msg = f"must be a format of times: {shown(value)} {wrong}."
        raise RuleError(msg, 'Write it as in "%d/%m/%Y %H:%M"; ISO 8601 needs none.')
    return value


def _check_unit(value: str) -> str:
    unit = value.strip()
    if not unit or not unit.isprintable() or set(unit) & set("0123456789+-.,"):
        msg = f"must be the text beside the numbers, got {shown(value)}."
        raise RuleError(msg, 'Write it as in "€", "km" or "%", without digits.')
    return unit


Format = Annotated[str, AfterValidator(_check_format)]
"""A format of times, as `strptime` has it."""
Unit = Annotated[str, AfterValidator(_check_unit)]
"""The text that may stand before or behind a number."""


class Files(Settings):
    """How the files are written, where that is not plain CSV; see `reading.dialect.Dialect`."""

    delimiter: Annotated[str, AfterValidator(_check_delimiter)] | None = None
    encoding: Annotated[str, AfterValidator(_check_encoding)] = "utf-8"
    decimal: Literal[".", ","] = "."
    thousands: Annotated[
        Literal[",", ".", "'", "blank"] | None, BeforeValidator(_check_thousands)
    ] = None
    quote: Literal['"', "'", "none"] = '"'
    comment: Annotated[str, StringConstraints(min_length=1, max_length=10)] | None = None
    skip: Annotated[int, Field(ge=0)] = 0
    header: bool = True
    names: list[Annotated[str, StringConstraints(min_length=1)]] = Field(default_factory=list)
    index: Annotated[str | int, BeforeValidator(_check_index)] | None = None
    trailing: bool = False
    sheet: Annotated[str, StringConstraints(min_length=1)] | None = None

    @property
    def dialect(self) -> Dialect:
        """Return what files are read with."""
        return Dialect.from_settings(self.model_dump())

    @model_validator(mode="after")
    def _fields_fit_each_other(self) -> Self:
        if self.decimal == self.thousands:
            msg = f"must not use one mark twice: decimal and thousands are both {self.decimal!r}."
            raise RuleError(msg, "Correct one of them.")
        if self.names and self.header:
            msg = f"takes no `names` for a file with a header, got {shown(self.names)}."
            raise RuleError(msg, "Add `header: false`, or take the names out.")
        return self
