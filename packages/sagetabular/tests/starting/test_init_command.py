"""`pipeline init`: what it writes, what it leaves as it is, and that it writes all or nothing."""

from __future__ import annotations

import os
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from terminals import Terminal

from sagetabular.files import write_bytes
from sagetabular.lake.store import source, write_table
from sagetabular.starting.changes import writing

RANDOM = np.random.default_rng(7)
ROWS = 300
SIZE, AGE = RANDOM.gamma(2, 40, ROWS).round(1), RANDOM.integers(1, 60, ROWS)
PRICE = SIZE * 3000 - AGE * 2000 + RANDOM.normal(0, 90_000, ROWS).round()
HOUSES = pd.DataFrame(
    {
        "House Nr": np.arange(1, ROWS + 1),
        "size": SIZE,
        "age": AGE.astype(str),
        "district": RANDOM.choice(["north", "south", "west"], ROWS),
        "street": [f"Street {number}" for number in RANDOM.integers(0, 9999, ROWS)],
        "country": "here",
        "tax": PRICE / 100,
        "price": PRICE,
    }
)
HOUSES.loc[::50, "age"] = "?"
HOUSES.loc[:4, "price"] = None
FILES = ("conf/pipeline.yaml", "queries/ingest.sql")


def texts(root):
    return {file: (root / file).read_bytes() for file in FILES}


def test_a_table_becomes_a_configuration_that_says_why(init):
    started = init(HOUSES, "--target", "price")
    data = started.data
    assert (data["database"], data["table"], data["target"]) == ("test_project", "rows", "price")
    assert data["columns"] == {
        "size": "number",
        "age": "number",
        "district": "category",
        "country": "category",
        "tax": "number",
        "price": "number",
    }
    assert data["drop"] == ["country", "tax"]
    assert data["missing"] == ["?"]
    assert started.conf["task"] == "regression"
    assert started.conf["selection"] == {"by": "cv", "metric": "r2", "minimum": 0.05}
    for line in (
        "    # house_nr: number         # left out: numbers its rows from 1",
        "    # street: category         # left out: hardly repeats:",
        "    - country                  # the same value in all rows",
        "    - tax                      # alone explains 9",
    ):
        assert line in started.conf_text
    assert started.query.endswith('FROM ${table}\nWHERE "price" IS NOT NULL\n')
    assert started.table.num_rows == ROWS
    assert started.table["age"].null_count == ROWS // 50
    for text in ("5 without price are left out", "'?' in any column", "Wrote conf/pipeline.yaml, "):
        assert text in started.out


def test_a_class_called_none_is_named_where_its_rows_are_left_out(init):
    started = init(
        HOUSES.assign(school=np.resize(["None", "low", "high"], ROWS)), "--target", "school"
    )
    assert "100 without school (None means no value) are left out by the query" in started.out


def test_comments_and_other_settings_stay(init, project_root):
    before = (project_root / "conf/pipeline.yaml").read_text(encoding="utf-8")
    started = init(HOUSES, "--target", "price")
    kept = [line for line in before.splitlines() if line.lstrip().startswith("#")]
    gone = [line for line in kept if line not in started.conf_text.splitlines()]
    # Examples that settings have taken the place of, and one of a column that is no more.
    assert [line.split(":")[0].strip() for line in gone] == [
        "# ocean_proximity",
        "# missing",
        "# kind",
        "# metric",
    ]
    own = ("tuning", "registration", "tracking", "resources", "name")
    was = yaml.safe_load(before)
    assert {key: started.conf[key] for key in own} == {key: was[key] for key in own}
    assert "median_income" not in started.conf_text + started.query
    assert "-- What the pipeline reads." in started.query


def test_it_changes_nothing_the_second_time(init):
    first = init(HOUSES, "--target", "price")
    before = texts(first.root)
    lake = source(first.root / ".pipeline/lake", "test_project", "rows")
    again = init(HOUSES, "--target", "price")
    assert "Nothing to change: the project says all this already." in again.out
    assert texts(again.root) == before
    assert source(again.root / ".pipeline/lake", "test_project", "rows") == lake


def test_what_somebody_has_decided_since_stays(init):
    started = init(HOUSES, "--target", "price")
    file = started.root / "conf/pipeline.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in (
        ("    - tax                      # alone explains", "    - age  # alone explains"),
        ("district: category", "district: {type: category, optional: true}"),
        ("    # street: category ", "    street: category   "),
        ("  folds: 5", "  folds: 3"),
        ("minimum: 0.05", "minimum: 0.5"),
        ('missing: ["?"]', 'missing: ["?", -200]'),
    ):
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    again = init(HOUSES, "--target", "price")
    assert "Nothing to change" in again.out
    assert file.read_text(encoding="utf-8") == text
    assert again.data["drop"] == ["country", "age"]
    assert "minimum 0.5" in again.out


def test_new_rows_get_into_the_lake(init):
    init(HOUSES, "--target", "price")
    again = init(HOUSES[:200], "--target", "price")
    assert "Wrote test_project.rows in the local lake." in again.out
    assert again.table.num_rows == 200


def test_another_target_begins_anew(init):
    init(HOUSES, "--target", "price")
    started = init(HOUSES, "--target", "district", "--drop", "age")
    assert started.conf["task"] == "multiclass"
    assert started.conf["selection"]["metric"] == "accuracy"
    assert started.data["drop"] == ["age", "country"]
    assert '"district" IS NOT NULL' in started.query


def test_a_dry_run_shows_and_writes_nothing(init, project_root):
    before = texts(project_root)
    started = init(HOUSES, "--target", "price", "--dry-run")
    assert "+  target: price" in started.out
    assert '+WHERE "price" IS NOT NULL' in started.out
    assert started.out.endswith("Nothing was written.\n")
    assert texts(project_root) == before
    assert not (project_root / ".pipeline/lake").exists()


def test_it_asks_and_takes_no_for_an_answer(init, project_root, monkeypatch):
    before = texts(project_root)
    monkeypatch.setattr(sys, "stdin", Terminal("n"))
    assert "Nothing was written." in init(HOUSES, "--target", "price", yes=False).out
    assert texts(project_root) == before
    monkeypatch.setattr(sys, "stdin", Terminal("y"))
    assert "Wrote " in init(HOUSES, "--target", "price", yes=False).out


def test_where_nobody_can_be_asked_it_writes_nothing(init, project_root):
    before = texts(project_root)
    ended = init(HOUSES, "--target", "price", yes=False).ended
    assert ended.code == 2
    rule, remedy = ended.err.splitlines()
    assert "nobody can be asked here" in rule
    assert "--yes" in remedy
    assert texts(project_root) == before


def test_without_a_target_it_asks_for_one_of_the_columns(init, monkeypatch):
    rule, remedy = init(HOUSES).ended.mistake
    assert rule.startswith("--target is missing")
    assert remedy == "It has House Nr, size, age, district, street, country, tax, price."
    monkeypatch.setattr(sys, "stdin", Terminal("price"))
    assert init(HOUSES).data["target"] == "price"


def fail(*_arguments, **_options):
    raise OSError(28, os.strerror(28), "somewhere")


def fail_at(number):
    """Return a function that writes files but for the one of a number, from 1."""
    calls = []

    def write(path, content):
        calls.append(path)
        if len(calls) == number:
            fail()
        write_bytes(path, content)

    return write


@pytest.mark.parametrize(
    ("name", "broken"),
    [("write_bytes", fail_at(1)), ("write_bytes", fail_at(2)), ("write_table", fail)],
    ids=["first", "second", "lake"],
)
def test_a_write_that_fails_leaves_everything_as_it_was(
    init, project_root, monkeypatch, name, broken
):
    before = texts(project_root)
    monkeypatch.setattr(writing, name, broken)
    ended = init(HOUSES, "--target", "price").ended
    assert ended.code == 2
    assert ended.err.splitlines()[0].endswith("Nothing was changed.")
    assert texts(project_root) == before
    assert source(project_root / ".pipeline/lake", "test_project", "rows") is None
    assert not [*(project_root / "conf").glob(".*")]


def test_an_interrupted_write_leaves_everything_as_it_was(init, project_root, monkeypatch):
    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    before = texts(project_root)
    monkeypatch.setattr(writing, "write_table", interrupt)
    assert init(HOUSES, "--target", "price").ended.code == 130
    assert texts(project_root) == before


def test_a_query_of_ones_own_stays(init, project_root):
    own = "SELECT *, size * 2 AS twice FROM ${table} WHERE price IS NOT NULL\n"
    (project_root / "queries/ingest.sql").write_text(own, encoding="utf-8")
    started = init(HOUSES, "--target", "price")
    assert started.query == own
    assert "queries/ingest.sql is your own, and stays" in started.out


def test_a_table_of_the_lake_is_a_beginning_too(init, project_root, write):
    folder = project_root / ".pipeline/lake/sales/houses"
    content = HOUSES.assign(age=AGE).drop(columns="House Nr")
    write(content, "x.parquet")
    import pyarrow as pa

    write_table(
        folder, pa.Table.from_pandas(content, preserve_index=False), kind="files", title="x"
    )
    from pathlib import Path

    started = init(Path("sales.houses"), "--target", "price")
    assert (started.data["database"], started.data["table"]) == ("sales", "houses")
    assert "sales.houses: 300 rows, 7 columns" in started.out
    assert "Wrote conf/pipeline.yaml, queries/ingest.sql.\n" in started.out


def test_several_files_are_one_table(init, write, pipeline, project_root):
    first, second = write(HOUSES[:200], "2024 Häuser.csv"), write(HOUSES[200:], "b.csv")
    ended = pipeline("init", first, second, "--target", "price", "--yes", folder=project_root)
    assert "2024 Häuser.csv, b.csv: 300 rows" in ended.out
    data = yaml.safe_load((project_root / FILES[0]).read_text(encoding="utf-8"))["data"]
    assert data["table"] == "rows_2024_hauser"
    write(HOUSES.drop(columns="size"), "c.csv")
    rule, _ = pipeline("init", first, first.with_name("c.csv"), folder=project_root).mistake
    assert "must have the same columns" in rule


def test_a_database_that_somebody_has_named_stays(init, project_root):
    file = project_root / "conf/pipeline.yaml"
    text = file.read_text(encoding="utf-8").replace("database: housing", "database: estate")
    file.write_text(text, encoding="utf-8")
    assert init(HOUSES, "--target", "price").data["database"] == "estate"


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (["--target", "prise"], "--target must name a column of rows.csv, got 'prise'."),
        (["--keep", "nothing"], "--keep must name a column"),
        (["--drop", "nothing"], "--drop must name a column"),
        (["--drop", "price"], "--drop must not name what --target names"),
        (["--drop", "size", "--keep", "size"], "--drop must not name what --keep names"),
        (["--task", "ranking"], "--task must be one of regression, binary, multiclass"),
        (["--metric", "gini"], "--metric must be one of r2"),
        (["--positive", "yes"], "--positive is for two classes: the task of price is regression"),
        (["--split", "grouped"], "--split must be random, stratified, grouped:COLUMN or time:"),
        (["--split", "random:size"], "--split must be random"),
        (["--split", "time:district"], "must name times or numbers to order rows by"),
        (["--split", "grouped:age"], "must name a column with a value in every row, and 6 lack"),
        (["--split", "grouped:price"], "--split must not name the target"),
        (["--format", "size"], "--format must be COLUMN=FORMAT"),
        (["--format", "size=%d/%m/%Y"], "must fit every row, got"),
        (
            ["--drop=size", "--drop=age", "--drop=district", "--drop=tax"],
            "has no column to learn from: ",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_two_lines(init, project_root, options, rule):
    before = texts(project_root)
    words = options if "--target" in options else ["--target", "price", *options]
    first, second = init(HOUSES, *words).ended.mistake
    assert rule in first
    assert second
    assert texts(project_root) == before


def test_columns_that_are_asked_for_are_kept_and_others_go(init):
    options = ("--keep", "House Nr", "--keep", "tax", "--drop", "size")
    started = init(HOUSES, "--target", "price", *options)
    assert started.data["columns"]["house_nr"] == "number"
    assert started.data["drop"] == ["size", "country"]
    assert "tax alone explains" in started.out


def test_a_time_is_not_kept_as_a_feature(init):
    frame = HOUSES.assign(sold=pd.date_range("2020-01-01", periods=ROWS).astype(str))
    shuffled = frame.sample(frac=1, random_state=1)
    rule, remedy = init(shuffled, "--target", "price", "--keep", "sold").ended.mistake
    assert rule.endswith("must name numbers or categories: sold is a time, no feature.")
    assert "--split time:sold" in remedy


def test_names_that_are_nearly_right_are_understood_or_named(init):
    started = init(HOUSES, "--target", "price", "--metric", "RMSE")
    assert started.conf["selection"]["metric"] == "rmse"
    _, remedy = init(HOUSES, "--target", "prise").ended.mistake
    assert remedy.endswith(" (did you mean price?).")


def test_a_split_by_groups_or_time_is_taken_where_a_column_says_so(init):
    frame = HOUSES.assign(patient_id=[f"P{row // 6}" for row in range(ROWS)])
    split = init(frame, "--target", "price").conf["split"]
    assert (split["kind"], split["by"]) == ("grouped", "patient_id")
    frame = HOUSES.assign(sold=pd.date_range("2020-01-01", periods=ROWS).astype(str))
    started = init(frame, "--target", "price", name="b.csv")
    assert (started.conf["split"]["kind"], started.conf["split"]["by"]) == ("time", "sold")
    shuffled = frame.sample(frac=1, random_state=1)
    started = init(shuffled, "--target", "price", name="c.csv")
    assert started.conf["split"].get("by") is None
    assert "sold" in started.data["drop"]
    # As the years of car models: few times say how old a thing is, not when its row was made.
    years = frame.assign(
        sold=pd.to_datetime("2020-01-01")
        + pd.to_timedelta(np.sort(np.arange(len(frame)) % 12), unit="D")
    )
    started = init(years, "--target", "price", name="d.csv")
    assert started.conf["split"].get("by") is None
    started = init(shuffled, "--target", "price", "--split", "time:sold", name="c.csv")
    assert started.conf["split"]["by"] == "sold"


def test_fewer_folds_where_a_class_is_small(init):
    frame = HOUSES.assign(kind=["rare"] * 4 + ["common"] * (ROWS - 4))
    started = init(frame, "--target", "kind")
    assert started.conf["split"]["folds"] == 3
    assert "3 folds, 20% to test with: others would have too few rows." in started.out
    assert started.data["positive"] == "rare"


def test_only_a_source_of_tables_can_begin_so(init, project_root):
    file = project_root / "conf/pipeline.yaml"
    conf = yaml.safe_load(file.read_text(encoding="utf-8"))
    conf["data"] |= {"source": "s3", "uri": "s3://bucket/houses"}
    for name in ("database", "table", "query"):
        del conf["data"][name]
    file.write_text(yaml.safe_dump(conf), encoding="utf-8")
    rule, _ = init(HOUSES, "--target", "price").ended.mistake
    assert rule == "conf/pipeline.yaml: data.source must be athena to begin with a table, got 's3'."


def test_a_rule_that_the_outcome_would_break_is_found_before(init, project_root):
    file = project_root / "conf/pipeline.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("  # completion: {target: 0.8,", "  completion: {target_r2: 0.8,"),
        encoding="utf-8",
    )
    before = texts(project_root)
    rule, _ = init(HOUSES, "--target", "district").ended.mistake
    assert rule.startswith("rows.csv: the project would break a rule: conf/pipeline.yaml: ")
    assert texts(project_root) == before
