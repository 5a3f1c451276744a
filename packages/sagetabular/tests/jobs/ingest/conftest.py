"""Ingest over a small lake, or over a pretended Athena."""

from __future__ import annotations

import json
from decimal import Decimal
from types import SimpleNamespace
from unittest.mock import create_autospec

import awswrangler
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingesting import ARGUMENTS, HOUSES, PRICES

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingest import ingest
from sagetabular.jobs.ingestion.query import NAME_FILE, written_parameters


@pytest.fixture
def lake(tmp_path, monkeypatch):
    root = tmp_path / "the [lake]'s {x}"
    for name, frame in (("housing/houses", HOUSES), ("other/prices", PRICES)):
        (root / name).mkdir(parents=True)
        for start in range(0, len(frame), 3):
            frame.iloc[start : start + 3].to_parquet(root / name / f"part-{start}.parquet")
    monkeypatch.setenv("LAKE_URI", str(root))
    return root


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the job on a query; return the rows it wrote."""
    base = tmp_path / "ml"
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(base))
    folder = base / "processing/input/query"
    folder.mkdir(parents=True)

    def run(query, arguments=ARGUMENTS, name="queries/ours.sql"):
        (folder / "abc.sql").write_text(query, encoding="utf-8")
        if name:
            (folder / NAME_FILE).write_text(name, encoding="utf-8")
        ingest(arguments)
        return pq.read_table(base / "processing/output/data/data.parquet").to_pandas()

    return run


@pytest.fixture
def given(tmp_path):
    """Give the query's parameters values."""

    def given(values):
        file = tmp_path / "ml/processing/input/query/parameters.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(written_parameters(values))

    return given


@pytest.fixture
def refusal(run, tmp_path):
    def refusal(query, arguments=ARGUMENTS):
        with pytest.raises(JobError) as caught:
            run(query, arguments)
        assert not (tmp_path / "ml/processing/output/data/data.parquet").exists()
        text = str(caught.value)
        assert len(text.splitlines()) == 2
        return text

    return refusal


@pytest.fixture
def athena(monkeypatch, tmp_path):
    """Stand in for the calls of awswrangler; returns what it was asked and what it will answer."""
    answer = pd.DataFrame({"A": pd.array([Decimal("1.5")], pd.ArrowDtype(pa.decimal128(5, 2)))})
    asked = SimpleNamespace(calls=[], cleaned=[], answer=answer, error=None)

    def read_sql_query(sql, **options):
        asked.calls.append((sql, options))
        if asked.error:
            raise asked.error
        return asked.answer

    for module, name, answered in (
        (awswrangler.athena, "read_sql_query", read_sql_query),
        (awswrangler.s3, "delete_objects", asked.cleaned.append),
    ):
        real = getattr(module, name)  # refuses what it has no argument for
        monkeypatch.setattr(module, name, create_autospec(real, side_effect=answered))
    monkeypatch.delenv("LAKE_URI", raising=False)
    output = {"OutputName": "data", "S3Output": {"S3Uri": "s3://bucket/run-1/ingest"}}
    configuration = tmp_path / "ml/config/processingjobconfig.json"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.write_text(json.dumps({"ProcessingOutputConfig": {"Outputs": [output]}}))
    return asked
