"""The split that the columns suggest: by groups, by time, by class, or by chance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from sagetabular.starting.inference.kinds import Found
    from sagetabular.starting.inference.targets import Goal
    from sagetabular.starting.options import Asked

_GROUP = re.compile(
    r"(?:.*_)?(?:id|uid|uuid|guid|subject|patient|participant|person|customer|client|user|household"
    r"|session)"
)
_FEWEST_GROUPS = 10
# Fewer times, such as the years of car models, say how old a thing is, not when a row was made.
_FEWEST_TIMES = 50


@dataclass(frozen=True)
class Split:
    """A split: its kind, its column if it has one, and the reason."""

    kind: str
    by: str | None
    why: str


def find_split(
    founds: Mapping[str, Found], goal: Goal, asked: Asked, table: Mapping[str, pa.ChunkedArray]
) -> Split:
    """Return the split.

    Args:
        founds: Column → what it holds.
        goal: The task.
        asked: What somebody wants.
        table: Column → its cells, times as such.

    Raises:
        UserError: The column that is asked for orders or separates no rows.
    """
    usual = Split("stratified", None, "every fold has its share of each class")
    if not goal.classes:
        usual = Split("random", None, "no column orders or groups the rows")
    if asked.split is not None:
        if asked.by is not None:
            _check_by(asked.split, asked.by, founds[asked.by])
        return Split(asked.split, asked.by, "as asked")
    for name in _candidates(founds, asked):
        found = founds[name]
        if found.type != "time" and _is_group(name, found):
            return Split("grouped", name, f"{found.distinct:,} in {found.rows:,} rows repeat")
    for name in _candidates(founds, asked):
        if founds[name].type == "time" and _in_order(founds[name], table[name]):
            return Split("time", name, "the rows are in its order")
    return usual


def _candidates(founds: Mapping[str, Found], asked: Asked) -> Sequence[str]:
    return [name for name in founds if name != asked.target and name not in asked.drop]


def _is_group(name: str, found: Found) -> bool:
    codes = found.type == "category" or (found.type == "number" and found.whole)
    return bool(
        codes
        and _GROUP.fullmatch(name)
        and found.present == found.rows
        and _FEWEST_GROUPS <= found.distinct <= found.rows / 2
    )


def _in_order(found: Found, cells: pa.ChunkedArray) -> bool:
    """Return whether rows lie in the order of their times, from either end."""
    if found.present < found.rows or found.distinct < _FEWEST_TIMES:
        return False
    times = cells.combine_chunks()
    earlier, later = times.slice(0, len(times) - 1), times.slice(1)
    rises = pc.all(pc.less_equal(earlier, later)).as_py()
    return bool(rises or pc.all(pc.greater_equal(earlier, later)).as_py())


def _check_by(kind: str, name: str, found: Found) -> None:
    rule = None
    if kind == "time" and found.type not in ("time", "number"):
        rule = "must name times or numbers to order rows by"
    elif found.type is None:
        rule = f"must name a column of groups, and it {found.why}"
    elif found.present < found.rows:
        rule = f"must name a column with a value in every row, and {found.rows - found.present:,} "
        rule += "lack one"
    if rule:
        msg = f"--split {kind}:{name} {rule}."
        raise UserError(msg, "Name another column, or another kind of split.")
