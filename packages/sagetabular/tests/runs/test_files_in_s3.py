"""The whole pipeline over files: the same bits as over the lake, whatever form the rows have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from planting import Run, plant, run_project, search
from test_same_bits import RANGES, everything_but_times

from sagelocal import LocalSageMaker
from sagetabular.errors import UserError

pytestmark = pytest.mark.slow

URI = "s3://team-bucket/houses/"


def make_table(rows: int = 300) -> pd.DataFrame:
    generator = np.random.default_rng(4)
    table = pd.DataFrame(generator.normal(size=(rows, 2)), columns=["a", "b"])
    table.loc[::9, "b"] = np.nan
    table["zip"] = generator.choice(["01234", "0123", "7"], rows)
    rooms = generator.integers(1, 9, rows).tolist()
    table["rooms"] = pd.Series([count if count > 1 else None for count in rooms], dtype=object)
    table["town"] = generator.choice(["Zürich", 'the "Hague", NL', "two\nlines"], rows)
    y = table["a"] ** 2 + (table["zip"] == "7") + generator.normal(scale=0.2, size=rows)
    return table.assign(y=y)


def planted(root: Path, **data: Any) -> Path:
    """A project over the lake; with `data`, over files in its place."""
    conf = {"tuning": {"trials": 2, "parallel": 2}, "split": {"folds": 3}, "tracking": "none"}
    plant(root, make_table(), "y", **conf, selection={"minimum_r2": -1.0})
    for model, ranges in RANGES.items():
        search(root, model, ranges, **({"num_round": 15} if model == "xgboost" else {}))
    file = root / "conf/pipeline.yaml"
    content = yaml.safe_load(file.read_text())
    if data:
        kept = {key: content["data"][key] for key in ("target", "columns")}
        content["data"] = {"source": "s3", **kept, **data}
        (root / "queries/ingest.sql").unlink()
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return root


def put(root: Path, name: str, content: bytes) -> None:
    LocalSageMaker(root / ".pipeline").storage.put_bytes(URI + name, content)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, new_project) -> Run:
    return run_project(planted(new_project(tmp_path_factory.mktemp("lake") / "p")))


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory, new_project) -> Run:
    root = planted(new_project(tmp_path_factory.mktemp("csv") / "p"), uri=URI)
    shuffled = make_table().sample(frac=1, random_state=1)
    put(root, "2026/a.csv", shuffled[:100].to_csv(index=False).encode())
    packed = root / "b.csv.gz"
    shuffled[100:].to_csv(packed, index=False)
    put(root, "b.csv.gz", packed.read_bytes())
    return run_project(root)


def test_csv_gives_the_same_bits_as_the_lake(lake: Run, csv: Run) -> None:
    assert csv.record.status == lake.record.status == "Succeeded"
    assert everything_but_times(csv) == everything_but_times(lake)


def test_parquet_gives_the_same_bits_as_the_lake(lake: Run, tmp_path: Path, new_project) -> None:
    root = planted(new_project(tmp_path / "p"), uri=URI)
    for number, part in enumerate(np.array_split(np.arange(300)[::-1], 2)):
        put(root, f"part-{number}.parquet", make_table().iloc[part].to_parquet(index=False))
    assert everything_but_times(run_project(root)) == everything_but_times(lake)


def test_ingest_is_reused_while_the_files_are_the_same(csv: Run) -> None:
    again = run_project(csv.root)
    assert again.record.steps["Ingest"].cached_from == csv.record.id
    put(csv.root, "c.csv", make_table(3).to_csv(index=False).encode())
    assert run_project(csv.root).record.steps["Ingest"].cached_from is None


def test_a_folder_can_be_given_for_one_execution(csv: Run, tmp_path: Path) -> None:
    make_table(60).to_csv(tmp_path / "mine.csv", index=False)
    (tmp_path / "_notes.txt").write_text("not for Ingest")
    run = run_project(csv.root, DataUri=tmp_path.as_uri())
    assert run.record.metadata["data"] == "mine.csv"
    assert str(run.record.parameters["DataUri"]).startswith("s3://local/")
    assert pd.read_parquet(run.output("Ingest", "data")).shape == (60, 6)


def test_a_folder_from_the_environment_serves_a_project_without_a_prefix(
    tmp_path: Path, new_project, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = planted(new_project(tmp_path / "p"), version="1")
    aws = root / "conf/aws.yaml"
    content = yaml.safe_load(aws.read_text())
    content["environment"]["DataUri"] = "HOUSES"
    aws.write_text(yaml.safe_dump(content))
    with pytest.raises(UserError, match="data.uri: s3://local/.*/data has no files, looked for"):
        run_project(root)
    (tmp_path / "rows").mkdir()
    monkeypatch.setenv("HOUSES", str(tmp_path / "rows"))
    with pytest.raises(UserError, match="Name a folder with CSV or Parquet files"):
        run_project(root)
    make_table(60).to_parquet(tmp_path / "rows/x.parquet")
    record = run_project(root).record
    assert record.steps["Ingest"].status == "Succeeded", record.failure_reason


def test_a_file_that_is_no_table_fails_ingest_with_its_name(tmp_path: Path, new_project) -> None:
    root = planted(new_project(tmp_path / "p"), uri=URI)
    put(root, "a.csv", b"a,b\n1\n")
    failed = run_project(root).record
    assert failed.status == "Failed"
    assert "data.uri: a.csv is not a table: line 2 must have 2 cells" in str(failed.failure_reason)
