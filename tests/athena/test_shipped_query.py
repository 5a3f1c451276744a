"""The query that the template ships, as it is, over a local Athena and over the lake."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from sagetabular.lake.sample import make_sample
from sagetabular.settings import load_project
from tests.athena.ingest import Ingest
from tests.athena.table import Account, add_table
from tests.baking import generate


@pytest.fixture
def shipped(template: Path, tmp_path: Path) -> Path:
    """Generate a project in which nothing is changed."""
    return generate(template, tmp_path / "output", {})


def test_the_shipped_query_gives_the_same_rows_from_both(
    shipped: Path, account: Account, tmp_path: Path
) -> None:
    data = load_project(shipped).pipeline.data
    database, table = data.table_name
    sample = pa.Table.from_pandas(make_sample(rows=200), preserve_index=False)
    # Rows without a target, which the query leaves out.
    target = pc.if_else(pc.less(sample["median_income"], 2), None, sample[data.target])
    place = sample.column_names.index(data.target)
    rows = sample.set_column(place, data.target, target).replace_schema_metadata()
    add_table(account, database, table, [rows[:120], rows[120:]])
    lake = tmp_path / "lake" / database / table
    lake.mkdir(parents=True)
    pq.write_table(rows, lake / "part-0.parquet")

    ingest = Ingest(shipped, tmp_path / "work")
    ingest.compile()
    found = []
    for variables in (account.environment, {"LAKE_URI": (tmp_path / "lake").as_uri()}):
        ended = ingest.run(variables)
        assert (ended.code, ended.failure) == (0, "")
        assert ended.rows is not None
        order = [(name, "ascending") for name in ended.rows.column_names]
        found.append(ended.rows.replace_schema_metadata().sort_by(order).combine_chunks())
    assert found[0].equals(found[1])
    expected = rows.filter(pc.is_valid(rows[data.target]))
    assert 0 < expected.num_rows < rows.num_rows
    assert found[0].num_rows == expected.num_rows
    assert {*found[0].column_names} == {*expected.column_names}
