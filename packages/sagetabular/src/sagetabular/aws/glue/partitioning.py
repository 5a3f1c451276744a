"""The rows of a table by the values of some of its columns, as folders that Hive would write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as arrow_types

from sagetabular.errors import UserError
from sagetabular.printing import listed
from sagetabular.reading.names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

# What Hive writes as % and two digits, so that it is no part of a path; other letters stay.
_UNSAFE = re.compile(r"""[\x01-\x1f"#%'*/:=?\\{\[\]^\x7f]""")
# Hive's and Athena's name for a folder without a value.
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Part:
    """The rows that have the same values in all partition columns.

    Attributes:
        values: Those values as Glue has them, in the order of the columns.
        folder: Path below the table's location, ending with a slash.
        rows: Their other columns.
    """

    values: tuple[str, ...]
    folder: str
    rows: pa.Table


def parts_of(table: pa.Table, by: Sequence[str], label: str) -> tuple[Part, ...]:
    """Divide a table; its rows keep their order within each part.

    Args:
        table: The table.
        by: The partition columns, at least one, as the table spells them.
        label: What to call the table in errors.

    Returns:
        The parts, ordered by their values.

    Raises:
        UserError: A column is not there, has no value in some row, or is of another type than
            text, whole numbers and days; or no column would be left.
    """
    _require_columns(table, by, label)
    keys = pa.table([_key(table, name, label) for name in by], [*by])
    number = "-".join([*by, "row"])  # longer than each of them, so another name
    numbered = keys.append_column(number, pa.array(range(table.num_rows)))
    groups = numbered.group_by([*by], use_threads=False).aggregate([(number, "list")])
    ordered = groups.sort_by([(name, "ascending") for name in by])
    rest = table.drop_columns([*by])
    return tuple(
        _part({name: str(group[name]) for name in by}, rest.take(group[f"{number}_list"]))
        for group in ordered.to_pylist()
    )


def _part(values: dict[str, str], rows: pa.Table) -> Part:
    folder = "".join(f"{_escaped(name.lower())}={_escaped(text)}/" for name, text in values.items())
    return Part(tuple(values.values()), folder, rows)


def _escaped(text: str) -> str:
    return _UNSAFE.sub(lambda sign: f"%{ord(sign[0]):02X}", text)


def _require_columns(table: pa.Table, by: Sequence[str], label: str) -> None:
    for name in by:
        if name not in table.column_names:
            hint = did_you_mean(name, table.column_names)
            msg = f"--partition-by: {label} has no column {name!r}{hint}."
            raise UserError(msg, f"It has {listed(table.column_names)}.")
        if by.count(name) > 1:
            raise UserError(f"--partition-by names {name} twice.", "Leave one of them out.")
    if len(by) == table.num_columns:
        msg = f"--partition-by must leave {label} a column for its files, got all of them."
        raise UserError(msg, "Leave one out.")


def _key(table: pa.Table, name: str, label: str) -> pa.ChunkedArray:
    """Return a partition column whose values are what a folder can say."""
    column = table[name]
    if arrow_types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    is_text = arrow_types.is_string(column.type) or arrow_types.is_large_string(column.type)
    if not (is_text or arrow_types.is_integer(column.type) or arrow_types.is_date32(column.type)):
        msg = f"--partition-by: {label}.{name} must be text, whole numbers or days"
        raise UserError(f"{msg}, got {column.type}.", "Partition by another column.")
    none = pa.array(["", _NO_VALUE], column.type) if is_text else pa.array([], column.type)
    lacking = pc.sum(pc.or_(pc.is_null(column), pc.is_in(column, none))).as_py() or 0
    if lacking:
        msg = f"--partition-by: {label}.{name} must have a value in each row, got {lacking} without"
        remedy = "Fill them in the files and add the table again, or partition by another column."
        raise UserError(f"{msg}.", remedy)
    return column
