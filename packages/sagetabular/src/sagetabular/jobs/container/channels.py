"""Channels as SageMaker's own algorithms take them: Parquet, or CSV without header, label first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

from sagetabular.jobs.container.labels import Goal, as_labels
from sagetabular.jobs.errors import JobError
from sagetabular.jobs.tables import FOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

TRAINING = ("training", "train")
VALIDATION = ("validation",)
PARQUET_MAGIC = b"PAR1"
MODES = ("File", "FastFile")
NUMBERS = Goal()
# By whether labels are numbers.
_REMEDY = {
    True: "CSV has no header and holds numbers only.",
    False: "CSV has no header and holds numbers only, but for the label, which is first.",
}


@dataclass(frozen=True)
class Channel:
    """Rows of one channel.

    Attributes:
        name: Of the channel.
        features: Shape (rows, columns); numbers as float64, anything else as it is.
        target: Shape (rows,); finite numbers, or names of classes.
    """

    name: str
    features: pd.DataFrame
    target: pd.Series


def read_channel(
    base: Path, names: Sequence[str], target: str | None, goal: Goal = NUMBERS
) -> Channel | None:
    """Read the one channel that has one of `names`; None if there is none.

    Args:
        base: The container's tree.
        names: Names that mean the same.
        target: Column of the label in Parquet; None: the first one.
        goal: What the label is.

    Raises:
        JobError: There are two, or the content breaks a rule; it names channel, file and row.
    """
    found = [name for name in names if (base / "input/data" / name).is_dir()]
    if len(found) > 1:
        msg = f"Only one of the channels {' and '.join(found)} may be there, got both."
        raise JobError(msg, "Give the job one of them.")
    if not found:
        return None
    name = found[0]
    _require_files(base, name)
    table = _read_files(base / "input/data" / name, name, goal)
    label = target or str(table.columns[0])
    if label not in table:
        msg = f"Channel {name}: job_target must be one of its columns, got {label!r}."
        raise JobError(msg, f"Its columns: {', '.join(map(str, table.columns))}.")
    return _channel(name, table.drop(columns=[FOLD], errors="ignore"), label, goal)


def _require_files(base: Path, name: str) -> None:
    path = base / "input/config/inputdataconfig.json"
    config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    mode = config.get(name, {}).get("TrainingInputMode", "File")
    if mode not in MODES:
        msg = f"Channel {name}: its input mode must be File or FastFile, got {mode}."
        raise JobError(msg, "Change TrainingInputMode of the job.")


def _read_files(folder: Path, name: str, goal: Goal) -> pd.DataFrame:
    """Read all files, those that start with a dot or underscore, or are empty, excepted."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith((".", "_")) and path.stat().st_size
    )
    if not files:
        raise JobError(f"Channel {name}: it must hold data, got no file.", "Check its S3 address.")
    try:
        tables = {file.relative_to(folder).as_posix(): _read_file(file, goal) for file in files}
    except pa.ArrowException as err:
        msg = f"Channel {name}: a file cannot be read: {err}"
        raise JobError(msg.strip(), _REMEDY[goal.task == "regression"]) from err
    first, *others = tables.items()
    for file, table in others:
        if list(table.columns) != list(first[1].columns):
            msg = f"Channel {name}: {file} must have the columns of {first[0]}, got others."
            raise JobError(msg, "Give the job files of one table.")
    return pd.concat(tables.values(), ignore_index=True)


def _read_file(file: Path, goal: Goal) -> pd.DataFrame:
    with file.open("rb") as content:
        magic = content.read(len(PARQUET_MAGIC))
    if magic == PARQUET_MAGIC:
        table: pd.DataFrame = parquet.ParquetFile(file).read().to_pandas()
        return table
    return _read_csv(file, goal)


def _read_csv(file: Path, goal: Goal) -> pd.DataFrame:
    """Read numbers and empty fields; in one thread, since only then does an error know its row."""
    reading = csv.ReadOptions(use_threads=False, autogenerate_column_names=True)
    try:
        columns = csv.open_csv(file, read_options=reading).schema.names
        types = dict.fromkeys(columns, pa.float64())
        if goal.task != "regression":
            types[columns[0]] = pa.string()
        cells = csv.ConvertOptions(column_types=types, strings_can_be_null=True)
        table: pd.DataFrame = csv.read_csv(file, reading, convert_options=cells).to_pandas()
    except pa.ArrowInvalid as err:
        raise pa.ArrowInvalid(f"{file.name}: {err}") from err
    features = [f"feature_{number}" for number in range(1, table.shape[1])]
    return table.set_axis(["label", *features], axis="columns")


def _channel(name: str, table: pd.DataFrame, label: str, goal: Goal) -> Channel:
    place = f"Channel {name}"
    target = as_labels(table.pop(label), goal, place)
    if table.empty:
        msg = f"{place}: it must have a column besides the label {label!r}, got none."
        raise JobError(msg, "The label comes first, the features follow.")
    numbers = table.select_dtypes("number").astype(np.float64)
    table = table.assign(**{str(column): numbers[column] for column in numbers})
    return Channel(name, table, target)
