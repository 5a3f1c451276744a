"""What a cell means: a missing value, a number, or a category.

The rules hold for text as well as for the values of Parquet, JSON and databases, so that the same
rows are the same wherever they come from.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# As spreadsheets, R, SQL, pandas and Python write them.
MISSING = frozenset(
    (
        *("", "-", "NA", "N/A", "n/a", "<NA>", "#NA", "#N/A", "#N/A N/A", "None", "NULL", "null"),
        *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
    )
)
"""The texts that mean a missing value, in columns of any type."""

BLANKS = " \t\r\n\v\f\u00a0"
"""The characters around a number, or around a text for a missing value, that do not count."""

NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
"""Regular expression of a number in decimal notation."""

LARGEST = (2 - 2**-23) * 2.0**127
"""The largest number in single precision, in which models compare: beyond it is infinity."""

BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), "true"),
    **dict.fromkeys(("false", "False", "FALSE"), "false"),
}
"""The texts for true and false, and the category that they are; as a number they are 1 and 0."""

_NUMBER = re.compile(NUMBER)
# A whole number as pandas writes it in a column with gaps.
_WHOLE = re.compile(r"(-?[0-9]+)\.0")


@dataclass(frozen=True)
class Marks:
    """The texts that mean a missing value.

    Attributes:
        texts: `MISSING`, and those of `data.missing`.
        numbers: Those of `data.missing` that are numbers; a number equal to one is missing, however
            it is written.
    """

    texts: frozenset[str] = MISSING
    numbers: frozenset[float] = field(default_factory=frozenset)

    def __contains__(self, text: str) -> bool:
        """Return whether a text means a missing value."""
        return text.strip(BLANKS) in self.texts


def make_marks(further: Iterable[str]) -> Marks:
    """Return the marks with those of `data.missing`.

    Args:
        further: Texts, some of which may be numbers.
    """
    own = frozenset(text.strip(BLANKS) for text in further)
    return Marks(MISSING | own, frozenset(float(text) for text in own if is_number(text)))


def is_number(text: str) -> bool:
    """Return whether a text is a number in decimal notation."""
    return _NUMBER.fullmatch(text) is not None


def number(value: object, marks: Marks) -> float:
    """Return the number that a cell holds.

    Args:
        value: Text, a number, true or false, or None.
        marks: What is missing.

    Returns:
        A number with |number| <= `LARGEST`, never -0.0; NaN if it is missing.

    Raises:
        ValueError: It is no number.
        OverflowError: It is too large.
    """
    if isinstance(value, str):
        found = _written_number(value, marks)
    elif value is None:
        return math.nan
    elif isinstance(value, int | float | Decimal) or hasattr(value, "__float__"):
        found = _as_float(value)
    else:
        raise ValueError(value)
    if found in marks.numbers:
        return math.nan
    if abs(found) > LARGEST:
        raise OverflowError(value)
    return found + 0.0  # -0.0 becomes 0.0: equal numbers must have equal bits


def _as_float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:  # an integer beyond double precision
        return math.inf


def _written_number(text: str, marks: Marks) -> float:
    text = text.strip(BLANKS)
    if text in marks.texts:
        return math.nan
    if _NUMBER.fullmatch(text):
        return float(text)
    if text in BOOLEANS:
        return float(BOOLEANS[text] == "true")
    raise ValueError(text)


def category(value: object, marks: Marks) -> str | None:
    """Return the category that a cell holds, or None if it is missing.

    Text stays as it is, but for two things that programs write in several ways: true and false, and
    a whole number, to which pandas adds `.0` in a column with gaps.

    Args:
        value: Text, a code (whole or not), true or false, or None.
        marks: What is missing.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    text = str(float(value) if isinstance(value, Decimal) else value)
    whole = _WHOLE.fullmatch(text)
    text = whole[1] if whole else text
    stripped = text.strip(BLANKS)
    if stripped in marks.texts:
        return None
    return BOOLEANS.get(stripped, text)
