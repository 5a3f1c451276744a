"""Rows in = rows used + rows said, on every way from a file into the pipeline."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sagetabular.jobs.ingest import ingest
from sagetabular.jobs.ingest_files import ingest_files
from sagetabular.jobs.preprocess import preprocess
from sagetabular.lake.add import read_files
from sagetabular.lake.store import table_folder, write_table
from sagetabular.reading.names import DeclaredColumn

NUMBER = {"type": "number", "optional": False}
TEXT = {"type": "category", "optional": False}
TIME = {"type": "time", "optional": False}
ROWS = 120
# As people have them: team and hour with counts, a survey, sales, and what only looks equal.
CASES: dict[str, dict[str, Any]] = {
    "no row repeats": {"x": np.arange(ROWS) / 8},
    "every row twice": {"x": np.arange(ROWS) // 2 / 8},
    "counts per team and hour": {
        "team": np.array(["a", "b", "c"])[np.arange(ROWS) % 3], "hour": np.arange(ROWS) % 8,
    },
    "half of the rows are one row": {"x": np.where(np.arange(ROWS) % 2, 0, np.arange(ROWS))},
    "an undeclared id tells them apart": {"x": np.arange(ROWS) % 20, "note": np.arange(ROWS)},
    "a dropped id tells them apart": {"x": np.arange(ROWS) % 20, "id": np.arange(ROWS)},
    "a dropped column repeats too": {"x": np.arange(ROWS) % 20, "id": np.arange(ROWS) % 20},
    "numbers are missing": {"x": np.where(np.arange(ROWS) % 3, np.arange(ROWS) % 10, np.nan)},
    "whole numbers and fractions": {"x": np.array([1, 1.5])[np.arange(ROWS) % 2]},
    "zeros of both signs": {
        "hour": np.arange(ROWS) % 8, "x": np.array([0.0, -0.0])[np.arange(ROWS) // 40 % 2],
    },
    "codes with zeros in front": {"team": np.array(["01", "1", "001"])[np.arange(ROWS) % 3]},
    "text beyond ASCII": {"team": np.array(["Köln", "東京", "a,b", '"q"'])[np.arange(ROWS) % 4]},
    "days": {"day": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(ROWS) % 30, unit="D")},
}  # fmt: skip
KINDS = {"x": NUMBER, "team": TEXT, "hour": NUMBER, "id": NUMBER, "day": TIME}


def table_of(case: str) -> pd.DataFrame:
    columns = CASES[case]
    return pd.DataFrame({**columns, "y": np.arange(ROWS) % 5 / 4})


def declared_in(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    kinds = {name: KINDS[name] for name in table if name in KINDS}
    return {**kinds, "filler": NUMBER | {"optional": True}, "y": NUMBER}


def through_the_lake(file: Path, columns: dict[str, dict[str, Any]], base: Path) -> None:
    declared = [
        DeclaredColumn(name, column["type"], required=not column["optional"])
        for name, column in columns.items()
    ]
    folder = table_folder(base / "lake", "own", "rows")
    write_table(folder, read_files([file], declared).table, kind="files", title=file.name)
    query = base / "processing/input/query"
    query.mkdir(parents=True)
    (query / "ingest.sql").write_text("SELECT * FROM ${table}")
    ingest(["--database", "own", "--table", "rows"])


def through_s3(file: Path, columns: dict[str, Any], base: Path) -> None:
    settings = base / "processing/input/settings/files.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"columns": columns, "missing": []}))
    folder = base / "processing/input/files"
    folder.mkdir(parents=True)
    (folder / file.name).write_bytes(file.read_bytes())
    ingest_files([])


WAYS = {"lake": through_the_lake, "s3": through_s3}


def run(way: str, ending: str, table: pd.DataFrame, base: Path, duplicates: str) -> dict[str, Any]:
    file, columns = base / f"rows.{ending}", declared_in(table)
    table.to_csv(file, index=False) if ending == "csv" else table.to_parquet(file, index=False)
    WAYS[way](file, columns, base)
    (base / "processing/output/data").rename(base / "processing/input/data")
    days = [name for name in columns if name == "day"]
    settings = {
        "target": "y", "columns": columns, "one_hot": {}, "duplicates": duplicates,
        "drop": [*(["id"] if "id" in columns else []), *days], "unasked": days,
        "split": {"kind": "random", "by": None, "test": 0.3, "validation": 0.2},
    }  # fmt: skip
    (base / "processing/input/settings").mkdir(exist_ok=True)
    (base / "processing/input/settings/preprocess.json").write_text(json.dumps(settings))
    preprocess(["--folds", "2", "--seed", "4"])
    return json.loads((base / "processing/output/summary/summary.json").read_text())


@pytest.mark.parametrize("duplicates", ["keep", "remove"])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES)
def test_every_row_is_used_or_said(
    case: str, way: str, ending: str, duplicates: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setenv("LAKE_URI", str(tmp_path / "lake"))
    table = table_of(case)
    found = run(way, ending, table, tmp_path, duplicates)
    parts = [
        pd.read_parquet(tmp_path / f"processing/output/{name}/{name}.parquet")
        for name in ("train", "test")
    ]
    used = pd.concat(parts)["y"]
    known = [name for name in table if name in declared_in(table)]
    # Text tells NaN from NaN no more, and 0.0 + -0.0 is 0.0.
    plain = table[known].apply(lambda cells: cells + 0.0 if cells.dtype == float else cells)
    different = {tuple(map(str, row)) for row in plain.itertuples(index=False)}
    assert found["rows_read"] == ROWS == len(used) + found["duplicates_removed"]
    assert found["repeated_rows"] == ROWS - len(different)
    if duplicates == "keep":
        assert found["duplicates_removed"] == 0
        assert Counter(used) == Counter(table["y"])
        assert used.mean() == pytest.approx(table["y"].mean(), rel=1e-12)
    else:
        assert found["duplicates_removed"] == found["repeated_rows"]
        assert Counter(used) == Counter(float(row[-1]) for row in different)
    said = " ".join(found["notes"])
    assert ("repeat another one" in said) == (len(different) < ROWS)
    gone = [name for name in table if name not in parts[0] and name != "id"]
    assert all(name in said for name in gone)
    assert gone or "No model sees" not in said
