"""The lake's rows are what its files hold, wherever the project lies."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from odd_names import NAMES

from sagetabular.jobs.ingestion.lake import LakeReader
from sagetabular.jobs.ingestion.query import Query

ROWS = {"population": [7.0, 8.0], "x": [1, 2]}


def test_there_are_enough_paths():
    assert len({*NAMES}) >= 50


@pytest.mark.parametrize("path", NAMES)
def test_a_path_adds_nothing_to_the_rows_and_hides_none(tmp_path, path):
    folder = tmp_path / path / "lake/housing/houses"
    folder.mkdir(parents=True)
    for number in range(2):
        part = {name: values[number : number + 1] for name, values in ROWS.items()}
        pq.write_table(pa.table(part), folder / f"part-{number}.parquet")
    reader = LakeReader(tmp_path / path / "lake", "housing", "houses")
    rows = reader.read(Query("SELECT * FROM houses", "q"))
    assert rows.to_pydict() == ROWS


@pytest.mark.parametrize("statement", ["SELECT * FROM '{}'", 'SELECT * FROM "{}"'])
def test_a_file_of_this_machine_is_no_table(tmp_path, statement):
    folder = tmp_path / "lake/housing/houses"
    folder.mkdir(parents=True)
    pq.write_table(pa.table(ROWS), folder / "part-0.parquet")
    other = tmp_path / "secret.parquet"
    pq.write_table(pa.table({"secret": [1]}), other)
    reader = LakeReader(tmp_path / "lake", "housing", "houses")
    with pytest.raises(Exception, match=r"line 1|does not have|does not parse") as caught:
        reader.read(Query(statement.format(other), "q"))
    assert len(str(caught.value).splitlines()) == 2
