"""Columns that no model should see, by what they hold: ids, constants, texts that hardly repeat."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.jobs.rows.account import FEW

if TYPE_CHECKING:
    from sagetabular.starting.inference.kinds import Found

# By chance, fewer rows may be numbered by any column.
_FEWEST_ROWS = 10
_ID = re.compile(r"(?:.*_)?(?:id|ids|uid|uuid|guid|key|index|idx|nr|no|number|serial)")
_LONG, _WORDS = 40, 5


@dataclass(frozen=True)
class Reason:
    """Why a column is left out.

    Attributes:
        text: The reason.
        declared: Whether it is declared all the same. What tells every row apart is not: rows that
            are equal otherwise would no longer stay on one side of the split.
    """

    text: str
    declared: bool = True


def reason(name: str, found: Found) -> Reason | None:
    """Return why a column should be left out, or None if there is no reason.

    Args:
        name: Its name in the lake.
        found: What it holds.
    """
    if found.type is None:
        return Reason(found.why, declared=False)
    if found.distinct == 0:
        return Reason("no value in any row")
    if found.distinct == 1 and found.present == found.rows:
        return Reason("the same value in all rows")
    if found.type == "number":
        return _numbers_its_rows(name, found)
    if found.type == "category":
        return _hardly_repeats(found)
    return None


def _numbers_its_rows(name: str, found: Found) -> Reason | None:
    unique = found.whole and found.distinct == found.rows >= _FEWEST_ROWS
    if not unique:
        return None
    first, last = min(found.numeric), max(found.numeric)
    if first in (0, 1) and last - first + 1 == found.rows:
        return Reason(f"numbers its rows from {first:g}", declared=False)
    if _ID.fullmatch(name):
        return Reason("an id: another number in each row", declared=False)
    return None


def _hardly_repeats(found: Found) -> Reason | None:
    if found.distinct <= FEW or 2 * found.distinct <= found.present:
        return None
    texts = [str(value) for value in found.values]
    long = sum(map(len, texts)) > _LONG * len(texts)
    if long and sum(text.count(" ") for text in texts) > _WORDS * len(texts):
        return Reason("free text", declared=False)
    if found.distinct == found.present:
        return Reason("an id or a name: another text in each row", declared=False)
    return Reason(
        f"hardly repeats: {found.distinct:,} texts in {found.present:,} rows", declared=False
    )
