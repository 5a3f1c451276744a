"""Ingest from the local lake: what Athena's SQL gives there."""

from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq
import pytest
from ingesting import HOUSES

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingestion.lake import lake_folder


@pytest.mark.usefixtures("lake")
def test_a_select_of_everything_gives_the_table_back(run):
    rows = run("-- the rows of ${table}\nSELECT * FROM ${table} WHERE rooms > 0;\n")
    pd.testing.assert_frame_equal(rows, HOUSES, check_dtype=False)


@pytest.mark.usefixtures("lake")
def test_athenas_sql_runs_on_the_lake(run):
    rows = run(
        """
        WITH recent AS (
            SELECT city, rooms, price, "a ""größe"" b" AS size,
                   date_diff('day', DATE '2026-01-01', CAST(sold AS date)) AS days,
                   row_number() OVER (PARTITION BY city ORDER BY sold DESC) AS place
            FROM ${table}
            WHERE regexp_like(city, '^[OF]')
        )
        SELECT r.city, sum(r.rooms) AS Rooms, max_by(r.price, r.days) AS "Last Price",
               count_if(r.place = 1) AS latest, min(r.days) AS first_day,
               element_at(array_agg(r.size ORDER BY r.size), 1) AS smallest,
               date_format(date_trunc('month', TIMESTAMP '2026-03-31 01:02:03'), '%Y-%m') AS month,
               try_cast(r.city AS integer) AS nothing, if(p."index" > 1, 'high', 'low') AS level
        FROM recent r
        JOIN awsdatacatalog.other.prices p ON p.city = r.city
        GROUP BY r.city, p."index"
        ORDER BY r.city
        """
    )
    assert rows.drop(columns="nothing").to_dict("list") == {
        "city": ["Fresno", "Oakland"],
        "rooms": [4, 16],
        "last price": [1.0, 2.5],
        "latest": [1, 1],
        "first_day": [31, 30],
        "smallest": [2, 1],
        "month": ["2026-03", "2026-03"],
        "level": ["low", "high"],
    }
    assert rows["nothing"].isna().all()


@pytest.mark.usefixtures("lake")
def test_names_are_not_case_sensitive_and_come_back_in_lower_case(run):
    rows = run('SELECT City, ROOMS AS "RoOms", "A ""größe"" b" FROM HOUSES')
    assert list(rows.columns) == ["city", "rooms", 'a "größe" b']


@pytest.mark.usefixtures("lake")
def test_exact_decimals_arrive_as_numbers(run):
    rows = run("SELECT CAST(rooms AS decimal(10, 2)) / 4 AS quarter FROM ${table}")
    assert rows["quarter"].tolist() == [2.5, 1.0, 1.5, 0.5]
    assert rows["quarter"].dtype == "float64"


@pytest.mark.usefixtures("lake")
def test_whole_numbers_divide_as_in_athena(run):
    rows = run("SELECT -7 / 2 AS w, 7 / 2 / 2 AS x, 7 / 2.0 AS y, rooms / 4 AS z FROM ${table}")
    assert rows.iloc[0].to_dict() == {"w": -3, "x": 1, "y": 3.5, "z": 2}


@pytest.mark.usefixtures("lake")
def test_whole_numbers_beside_nulls_stay_whole(run, tmp_path):
    run("SELECT nullif(9007199254740993, rooms) AS big, nullif(rooms, 4) AS rooms FROM ${table}")
    rows = pq.read_table(tmp_path / "ml/processing/output/data/data.parquet")
    assert rows["big"].to_pylist() == [9007199254740993] * 4
    assert rows["rooms"].to_pylist() == [10, None, 6, 2]


@pytest.mark.usefixtures("lake")
def test_a_comment_may_stand_after_the_semicolon(run):
    assert len(run("SELECT * FROM ${table}; -- all of them\n")) == 4


def test_a_file_uri_names_the_lake(lake, run, monkeypatch):
    monkeypatch.setenv("LAKE_URI", lake.as_uri())
    assert len(run("SELECT city FROM ${table}")) == 4


def test_another_uri_is_refused():
    with pytest.raises(JobError, match="LAKE_URI must be a folder or a file:// URI, got 's3://b'"):
        lake_folder("s3://b")
