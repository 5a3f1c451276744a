"""Times in text: ISO 8601, or the one format that a column declares. Nothing is guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING

from sagetabular.reading.values import BLANKS, Marks

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

# Those that mean the same to Python and pandas, in any locale that has English names.
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_KNOWN = frozenset("YymdHIMSfpbBaAjz%")
# Words that pandas takes for the time at which it reads them.
_CLOCK = ("now", "today")
_DATES = (
    *("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y/%d/%m", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d"),
    *("%d.%m.%Y", "%m.%d.%Y", "%Y.%m.%d", "%d.%m.%y", "%m.%d.%y", "%y.%m.%d"),
    *("%d-%m-%Y", "%m-%d-%Y", "%Y-%d-%m", "%Y-%m-%d", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d"),
    *("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d. %B %Y", "%b %d, %Y"),
    *("%B %d, %Y", "%b %d %Y", "%B %d %Y", "%Y-%b-%d", "%b-%y", "%b %Y", "%B %Y", "%b-%Y"),
    *("%a, %d %b %Y", "%A, %B %d, %Y", "%m/%Y", "%m.%Y", "%d%m%Y", "%m%d%Y", "%Y%m%d"),
)
_HOURS = (
    *("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p"),
    *("T%H:%M", "T%H:%M:%S", "T%H:%M:%SZ", ", %H:%M", ", %H:%M:%S", " %H.%M", " %H.%M.%S"),
    *(" %H:%M:%S %z", " %H%M", " %H:%M %z"),
)
_FORMATS = (*map("".join, product(_DATES, _HOURS)), "%Y%m%d%H%M", "%Y%m%d%H%M%S")
# Cells that are tried at first: most formats fail there.
_TRIED = 50
_NO_MARKS = Marks()


def parse_times(texts: pd.Series, form: str | None) -> pd.Series:
    """Return texts as points in time.

    Args:
        texts: Text, or None where it is missing, of any length.
        form: Their format, as `strptime` has it; None for ISO 8601.

    Returns:
        Timestamps in UTC; NaT where it is missing, or no such time.
    """
    import pandas as pd  # not needed where a model is served

    known = (
        texts.mask(texts.isin(_CLOCK)) if form is None else texts.astype(object).str.strip(BLANKS)
    )
    return pd.to_datetime(known, format=form or "ISO8601", utc=True, errors="coerce")


def rule_of(form: str | None) -> str:
    """Return what a column of times holds, as errors describe it."""
    if form is None:
        return "dates or times as in 2026-01-31 or 2026-01-31 12:00:00"
    example = datetime(2026, 1, 31, 12, tzinfo=UTC).strftime(form)
    return f"times in the format {form!r}, as in {example}"


def wrong_format(form: str) -> str | None:
    """Return what is wrong with a format, or None if it says which day or month it is."""
    used = _DIRECTIVE.findall(form)
    if strange := [each for each in used if each not in _KNOWN]:
        return f"has %{strange[0]}, which is not read"
    if not {"Y", "y"} & {*used}:
        return "lacks the year: %Y or %y"
    try:
        datetime.strptime(datetime(2026, 1, 31, 12, tzinfo=UTC).strftime(form), form)
    except ValueError as error:
        return f"is no format of strptime: {error}"
    return None


def is_iso(cells: Iterable[str | None], marks: Marks = _NO_MARKS) -> bool:
    """Return whether a column holds times that need no format, and at least one.

    Args:
        cells: A column of text, of any length.
        marks: What is missing.
    """
    texts = _present(cells, marks)
    return len(texts) > 0 and bool(parse_times(texts, None).notna().all())


def date_formats(cells: Iterable[str | None], marks: Marks = _NO_MARKS) -> list[str]:
    """Return the formats that fit all cells of a column, to ask which one is meant.

    `01/02/2017` may be in January or in February: nothing is guessed, even if one format is left.

    Args:
        cells: A column of text, of any length.
        marks: What is missing.

    Returns:
        Formats of `strptime`, the more usual ones first; none if the column holds no times, or
        ISO 8601, which needs no format.
    """
    texts = _present(cells, marks)
    if not len(texts) or not texts.str.contains("[0-9]", regex=True).all() or is_iso(texts):
        return []
    first, found = texts.iloc[:_TRIED], []
    for form in _FORMATS:
        if (
            _may_fit(texts.iloc[0], form)
            and parse_times(first, form).notna().all()
            and parse_times(texts, form).notna().all()
        ):
            found.append(form)
    return found


def _may_fit(text: str, form: str) -> bool:
    """Return whether a text has the digits, letters and marks of a format: pandas takes longer."""
    example = _DIRECTIVE.sub(lambda found: "a" if found[1] in "bBaAp" else "0", form)
    if "%z" in form and re.search("[+Z]", text):  # an offset has many forms
        return True
    return _skeleton(text.strip(BLANKS)) == _skeleton(example)


def _skeleton(text: str) -> str:
    """Return a text with one 0 for digits in a row, and one a for letters."""
    return re.sub(r"[^\W\d_]+", "a", re.sub("[0-9]+", "0", text))


def _present(cells: Iterable[str | None], marks: Marks) -> pd.Series:
    """Return the different texts of a column that are not missing, without blanks around them."""
    import pandas as pd

    return pd.Series(
        list(dict.fromkeys(cell for cell in cells if cell is not None and cell not in marks)),
        dtype=object,
    )
