"""One file by both ways: as training sees its rows, and as a model is asked about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from sagetabular.errors import UserError
from sagetabular.jobs.errors import JobError
from sagetabular.jobs.rows.cleaning import clean
from sagetabular.jobs.tables import read_table
from sagetabular.lake.add import read_files
from sagetabular.reading.names import DeclaredColumn
from sagetabular.reading.values import make_marks
from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.bodies import read_body
from sagetabular.serving.formats.columns import Columns

TYPES = {".csv": "text/csv", ".parquet": "application/x-parquet", ".json": "application/json"}
NUMBERS = {"size": "number", "age": "number", "y": "number"}
MIXED = {"size": "number", "code": "category", "y": "number"}
REFUSED = None


@dataclass(frozen=True)
class BothWays:
    """Reads a file for training (`data add`, Preprocess) and for prediction (the server).

    Rows are lists of the features in the order of the declaration; numbers as the text of their
    bits, so that -0.0 is not 0.0, and NaN is NaN.
    """

    folder: Path

    def training(self, name: str, content: bytes, kinds: dict[str, str], missing=()) -> list | None:
        """Rows of a file that is added and preprocessed, or `REFUSED`."""
        file = self.folder / name
        file.write_bytes(content)
        declared = [DeclaredColumn(column, kind) for column, kind in kinds.items()]
        columns = {column: {"type": kind, "optional": False} for column, kind in kinds.items()}
        try:
            table = read_files([file], declared, missing).table
            pq.write_table(table, self.folder / "lake.parquet")
            found = clean(read_one(self.folder / "lake.parquet"), columns, "y", missing)
        except (UserError, JobError) as error:
            assert len(str(error).splitlines()) == 2, error
            return REFUSED
        return rows_of(found.drop(columns="y"))

    def serving(self, name: str, content: bytes, kinds: dict[str, str], missing=()) -> list | None:
        """Rows of a body that a model is asked about, or `REFUSED`."""
        features = {column: kind for column, kind in kinds.items() if column != "y"}
        categories = frozenset(name for name, kind in features.items() if kind == "category")
        columns = Columns(tuple(features), categories, make_marks(missing))
        try:
            found = read_body(content, TYPES[Path(name).suffix], columns, 2**40)
        except RequestError as error:
            assert len(error.message.splitlines()) == 2, error
            return REFUSED
        return rows_of(pd.DataFrame(found, columns=list(features)))


def read_one(file: Path) -> pd.DataFrame:
    """Read a table as Preprocess does."""
    folder = file.parent / "folder"
    folder.mkdir(exist_ok=True)
    file.replace(folder / "data.parquet")
    return read_table(folder, whole_numbers=True)


def rows_of(frame: pd.DataFrame) -> list[tuple]:
    """Return the rows, numbers as text that shows their bits."""
    return [
        tuple(repr(float(cell)) if isinstance(cell, float | np.floating) else cell for cell in row)
        for row in frame.itertuples(index=False)
    ]
