"""Stateless row work: select the declared columns, cast, validate. No row is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_float_dtype, is_numeric_dtype

from sagetabular.jobs.errors import JobError
from sagetabular.reading.values import LARGEST, Marks, category, make_marks, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.jobs.scoring.metrics import Task

FILE = "conf/pipeline.yaml"
# Words that pandas takes for the time at which it reads them.
_CLOCK = ("now", "today")


def clean(
    table: pd.DataFrame,
    columns: Mapping[str, Mapping[str, Any]],
    target: str,
    missing: Sequence[str] = (),
    task: Task = "regression",
) -> pd.DataFrame:
    """Return all rows, with the columns that count.

    Args:
        table: What Ingest has read.
        columns: Name → {"type": "number" | "category" | "time", "optional": bool}.
        target: Name of the column to predict.
        missing: Further texts for missing values.
        task: What the target is for: classes are text, whatever its type is.

    Returns:
        Numbers as float64 with NaN where missing, categories as text or None, times as UTC
        datetimes.

    Raises:
        JobError: A column is missing or of another type, or the target is unfit.
    """
    present = _present_columns(table, columns)
    marks = make_marks(missing)
    cast = {name: _cast(table[name], name, columns[name]["type"], marks) for name in present}
    rows = pd.DataFrame(cast).reset_index(drop=True)
    if task != "regression":
        rows[target] = _to_classes(rows[target], marks)
    _check_target(rows[target], target)
    return rows


def _to_classes(values: pd.Series, marks: Marks) -> pd.Series:
    """Return names of classes: 1.0 is `1`, as in a column of categories."""
    texts = values.astype(object).where(values.notna(), None)
    return texts.map(lambda value: category(value, marks), na_action="ignore")


def _present_columns(table: pd.DataFrame, columns: Mapping[str, Mapping[str, Any]]) -> list[str]:
    missing = [name for name in columns if name not in table and not columns[name]["optional"]]
    if missing:
        msg = f"{FILE}: data.columns.{missing[0]}: the data have no column {missing[0]!r}"
        more = f" (nor {', '.join(missing[1:])})" if missing[1:] else ""
        remedy = (
            f"They have {', '.join(map(str, table.columns))}. Correct the name, or what is read."
        )
        raise JobError(f"{msg}{more}.", remedy)
    return [name for name in columns if name in table]


def _cast(values: pd.Series, name: str, kind: str, marks: Marks) -> pd.Series:
    if kind == "number":
        return _to_number(values, name, marks)
    if kind == "time":
        return _to_time(values, name)
    if is_float_dtype(values):
        values = values.astype(np.float64)  # single precision would be written otherwise
    return _to_classes(values, marks)


def _to_number(values: pd.Series, name: str, marks: Marks) -> pd.Series:
    """Return float64, by the rules for files and requests."""
    if is_numeric_dtype(values):
        numbers = values.astype(np.float64)
        numbers = numbers.mask(numbers.isin(marks.numbers))
    else:
        present = values.astype(object).where(values.notna(), None)
        read = [_number(value, marks) for value in present]
        _refuse(values, pd.Series([one is None for one in read], values.index), name, "numbers")
        numbers = pd.Series(read, values.index, dtype=np.float64)
    _refuse(values, numbers.abs() > LARGEST, name, "numbers up to 3.4e38")
    return numbers + 0.0  # -0.0 becomes 0.0: equal numbers must have equal bits


def _number(value: object, marks: Marks) -> float | None:
    """Return what a value is as a number: infinite if it is too large, None if it is none."""
    try:
        return number(value, marks)
    except OverflowError:
        return np.inf
    except ValueError:
        return None


def _to_time(values: pd.Series, name: str) -> pd.Series:
    """Read ISO 8601 alone: pandas would take 01/02 for January, and 10:30 for this morning.

    A whole number is a year, as in the local lake, and not nanoseconds.
    """
    known = values
    if not is_datetime64_any_dtype(values):
        texts = values.map(str, na_action="ignore")
        known = texts.mask(texts.isin(_CLOCK))
    times = pd.to_datetime(known, format="ISO8601", errors="coerce", utc=True)
    _refuse(values, times.isna(), name, "times such as 2026-01-31 or 2026-01-31 12:00:00")
    return times.dt.as_unit("us")  # the unit counts where rows are hashed


def _refuse(values: pd.Series, bad: pd.Series, name: str, rule: str) -> None:
    if bad.any():
        first = values[bad].iloc[0]
        shown = str(first) if not isinstance(first, str) else repr(first[:60])
        where = f"({int(bad.sum())} rows so, the first is row {int(np.argmax(bad.to_numpy())) + 1})"
        msg = f"{FILE}: data.columns.{name} must hold {rule}, got {shown} {where}."
        remedy = (
            "Declare another type, or correct it: in the query with CAST or WHERE, or in the files."
        )
        raise JobError(msg, remedy)


def _check_target(values: pd.Series, target: str) -> None:
    missing = int(values.isna().sum())
    if missing:
        msg = (
            f"{FILE}: data.target {target!r} must have a value in every row, got {missing} without."
        )
        raise JobError(msg, f"Leave these rows out: `WHERE {target} IS NOT NULL`, or in the files.")
    if values.nunique() < 2:
        shown = values.iloc[0] if len(values) else "no row"
        msg = f"{FILE}: data.target {target!r} must vary, got {shown} in all {len(values)} rows."
        raise JobError(msg, "No score is defined for it: choose another target, or more rows.")
