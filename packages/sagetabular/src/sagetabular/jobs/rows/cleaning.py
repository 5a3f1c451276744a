"""Stateless row work: select the declared columns, cast, validate. No row is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_float_dtype, is_numeric_dtype

from sagetabular.jobs.errors import JobError
from sagetabular.reading.notation import Notation, number_in
from sagetabular.reading.times import parse_times, rule_of
from sagetabular.reading.values import LARGEST, Marks, category, make_marks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.jobs.scoring.metrics import Task

FILE = "conf/pipeline.yaml"


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
        columns: Name → {"type": "number" | "category" | "time", "optional": bool}, and where text
            is written in another way, the "unit" of numbers or the "format" of times.
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
    cast = {name: _cast(table[name], name, columns[name], marks) for name in present}
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


def _cast(values: pd.Series, name: str, column: Mapping[str, Any], marks: Marks) -> pd.Series:
    if column["type"] == "number":
        return _to_number(values, name, marks, Notation(unit=column.get("unit")))
    if column["type"] == "time":
        return _to_time(values, name, column.get("format"))
    if is_float_dtype(values):
        values = values.astype(np.float64)  # single precision would be written otherwise
    return _to_classes(values, marks)


def _to_number(values: pd.Series, name: str, marks: Marks, notation: Notation) -> pd.Series:
    """Return float64, by the rules for files and requests."""
    if is_numeric_dtype(values):
        numbers = values.astype(np.float64)
        numbers = numbers.mask(numbers.isin(marks.numbers))
    else:
        present = values.astype(object).where(values.notna(), None)
        read = [_number(value, marks, notation) for value in present]
        rule = "numbers" if notation.is_plain else notation.rule
        _refuse(values, pd.Series([one is None for one in read], values.index), name, rule)
        numbers = pd.Series(read, values.index, dtype=np.float64)
    _refuse(values, numbers.abs() > LARGEST, name, "numbers up to 3.4e38")
    return numbers + 0.0  # -0.0 becomes 0.0: equal numbers must have equal bits


def _number(value: object, marks: Marks, notation: Notation) -> float | None:
    """Return what a value is as a number: infinite if it is too large, None if it is none."""
    try:
        return number_in(value, marks, notation)
    except OverflowError:
        return np.inf
    except ValueError:
        return None


def _to_time(values: pd.Series, name: str, form: str | None) -> pd.Series:
    """Read the one format, or ISO 8601: pandas would take 01/02 for January.

    A whole number is a year, as in the local lake, and not nanoseconds.
    """
    if is_datetime64_any_dtype(values):
        times = pd.to_datetime(values, errors="coerce", utc=True)
    else:
        times = parse_times(values.map(str, na_action="ignore"), form)
    iso = "times such as 2026-01-31 or 2026-01-31 12:00:00"
    _refuse(values, times.isna(), name, iso if form is None else rule_of(form))
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
