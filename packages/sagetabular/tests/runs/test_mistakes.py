"""Data that does not fit: two lines, exit code 2, nothing registered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planting import plant

pytestmark = pytest.mark.slow

GOOD = pd.DataFrame({"a": np.arange(60.0), "b": np.arange(60.0) ** 2, "y": np.arange(60.0) % 7})

MISTAKES = {
    "missing column": (
        lambda table: table.drop(columns="b"),
        "conf/pipeline.yaml: data.columns.b: the data have no column 'b'",
    ),
    "text in a number column": (
        lambda table: table.assign(b=["12 rooms", *map(str, range(59))]),
        "conf/pipeline.yaml: data.columns.b must hold numbers, got '12 rooms'",
    ),
    "constant target": (
        lambda table: table.assign(y=4.0),
        "conf/pipeline.yaml: data.target 'y' must vary, got 4.0 in all 60 rows",
    ),
    "no rows": (lambda table: table[:0], "queries/ingest.sql"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_two_lines_and_exit_code_2(project_root: Path, pipeline, name: str) -> None:
    change, expected = MISTAKES[name]
    plant(project_root, GOOD, "y")
    conf = (project_root / "conf/pipeline.yaml").read_text()
    plant(project_root, change(GOOD), "y")
    (project_root / "conf/pipeline.yaml").write_text(conf)

    ended = pipeline("run", folder=project_root)
    assert ended.code == 2, ended
    assert "Traceback" not in ended.out + ended.err
    lines = ended.err.splitlines()
    assert expected in lines[-2]
    assert not (project_root / ".pipeline/model-registry").exists()
    assert not list((project_root / ".pipeline/s3").rglob("preprocess/train"))


def test_an_empty_lake_starts_nothing(project_root: Path, pipeline) -> None:
    first, second = pipeline("run", folder=project_root).mistake
    assert first.startswith("conf/pipeline.yaml: data.table: the local lake has no table")
    assert "pipeline data sample" in second
    assert not (project_root / ".pipeline").exists()
