"""What is declared is what the query returns: what it makes itself is asked of no file."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from sagetabular.lake.store import read_table
from sagetabular.local.declared import made_columns

# The query → the columns that it makes, by the meaning of AS in SQL.
QUERIES = {
    "SELECT * FROM ${table}": set(),
    "SELECT a, b FROM ${table}": set(),
    "SELECT a / b AS c FROM ${table}": {"c"},
    "SELECT a / b c FROM ${table}": {"c"},
    "SELECT *, CAST(total_rooms AS double) / households AS rooms_per_household FROM ${table}": {
        "rooms_per_household"
    },
    'SELECT a / b AS "Rooms Each" FROM ${table}': {"rooms each"},
    "SELECT a AS a FROM ${table}": set(),
    "SELECT t.a AS A FROM ${table} AS t": set(),
    "SELECT a AS b FROM ${table}": {"b"},
    "SELECT CAST(a AS double) AS a FROM ${table}": {"a"},
    'SELECT date_parse("date", \'%d/%m/%Y\') AS "date", y FROM ${table}': {"date"},
    "WITH t AS (SELECT *, a + 1 AS c FROM ${table}) SELECT * FROM t": {"c"},
    "WITH t(c, d) AS (SELECT a, b FROM ${table}) SELECT * FROM t": {"c", "d"},
    "SELECT * FROM (SELECT a, b * 2 AS c FROM ${table}) AS s": {"c"},
    "SELECT *, row_number() OVER (ORDER BY a) AS position FROM ${table}": {"position"},
    "SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END AS kind FROM ${table}": {"kind"},
    "SELECT *, (SELECT max(b) FROM other) AS highest FROM ${table}": {"highest"},
    "SELECT a, u.n FROM ${table} CROSS JOIN UNNEST(sequence(1, 3)) AS u (n)": {"n"},
    "SELECT a + 1 AS c FROM ${table} UNION ALL SELECT b AS d FROM ${table}": {"c", "d"},
    "SELECT a, sum(b) AS total FROM ${table} GROUP BY a": {"total"},
    "SELECT * FROM ${table} WHERE day >= :since": set(),
    "SELECT 'a AS b' FROM ${table} -- x AS y\n/* z AS w */": set(),
    "SELECT a AS b FROM ${table};": {"b"},
    "SELECT CAST(a AS varchar) FROM ${table}": set(),
    "SELECT FROM WHERE (": set(),
    "": set(),
}


@pytest.mark.parametrize("query", QUERIES)
def test_what_a_query_makes_is_what_it_names_itself(query):
    assert made_columns(query) == QUERIES[query]


@pytest.fixture
def add(pipeline, example, tmp_path):
    """Change the project, add a table to it; returns how that ended."""

    def add(table, query="SELECT * FROM ${table}", columns=None, name="own.csv", **data):
        example.change("conf/pipeline.yaml", "split", {"folds": 2})
        declared = {"x": "number", "y": "number", **(columns or {})}
        for field, value in {"columns": declared, "target": "y", "drop": [], **data}.items():
            example.change("conf/pipeline.yaml", f"data.{field}", value)
        example.write("queries/ingest.sql", query)
        pd.DataFrame(table).to_csv(tmp_path / name, index=False)
        return pipeline("data", "add", tmp_path / name)

    return add


def stored(example):
    return read_table(example.root / ".pipeline/lake", "estate", "sales").to_pydict()


def plant(example, field, value):
    """Set a field that need not be there."""
    file = example.root / "conf/pipeline.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    example.write("conf/pipeline.yaml", content | {field: value})


XY = {"x": [1, 2, 3], "y": [4, 5, 6]}
WARNING = "Warning: the table and queries/ingest.sql lack declared columns: "


def test_a_column_that_the_query_makes_is_asked_of_no_file(add):
    query = "SELECT *, x / 2.0 AS half FROM ${table}"
    ended = add(XY, query, {"half": "number"})
    assert (ended.code, ended.err) == (0, "")


def test_a_column_that_nobody_has_is_warned_of_with_both_remedies(add, example):
    ended = add({**XY, "hlaf": [1, 2, 3]}, columns={"half": "number"})
    assert ended.code == 0
    assert ended.err.splitlines() == [
        f"{WARNING}half (did you mean hlaf?).",
        "Rename columns of the file, correct data.columns in conf/pipeline.yaml, or make them in "
        "queries/ingest.sql: … AS half.",
    ]
    assert stored(example)["y"] == [4, 5, 6]


# How the file and the query may have a declared column, whose cells are dates of Seoul's table.
KINDS = ["number", "category", "time"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("made", [False, True])
@pytest.mark.parametrize("there", [False, True])
def test_a_column_is_taken_refused_or_missed(add, example, there, made, optional, kind):
    table = {**XY, **({"Day": ["01/12/2017"] * 3} if there else {})}
    query = "SELECT x, y, f(x) AS day FROM ${table}" if made else "SELECT * FROM ${table}"
    ended = add(table, query, {"day": {"type": kind, "optional": optional}})
    if there and not made and kind != "category":
        rule, _ = ended.mistake
        assert "Day must hold" in rule
        return
    assert ended.code == 0
    assert ended.err.startswith(f"{WARNING}day" if not (there or made or optional) else "")
    assert bool(ended.err) == (not (there or made or optional))
    assert stored(example).get("day") == (["01/12/2017"] * 3 if there else None)


def test_a_file_with_none_of_the_columns_is_refused_as_before(add, example):
    rule, remedy = add({"a": [1]}, columns={"half": "number"}).mistake
    assert "3 required column(s) missing" in rule
    assert "rename" in remedy
    assert not (example.root / ".pipeline/lake/estate/sales").exists()


@pytest.mark.parametrize("kind", ["time", "number", "category"])
def test_a_column_that_the_query_makes_anew_need_not_be_of_its_type_before(add, example, kind):
    query = 'SELECT x, y, date_parse("date", \'%d/%m/%Y\') AS "date" FROM ${table}'
    days = ["01/12/2017", "02/12/2017", "31/12/2017"]
    ended = add({**XY, "Date": days}, query, {"date": kind}, drop=["date"])
    assert (ended.code, ended.err) == (0, "")
    assert stored(example)["date"] == days
    assert "not declared" not in ended.out


def test_a_time_in_another_form_is_refused_where_the_query_leaves_it(add):
    ended = add({**XY, "date": ["01/12/2017"] * 3}, columns={"date": "time"}, drop=["date"])
    assert "must hold" in ended.mistake[0]


def test_files_in_s3_have_no_query_that_could_make_a_column(add, example):
    for field in ("database", "table"):
        example.change("conf/pipeline.yaml", f"data.{field}", remove=True)
    rule, _ = add(XY, columns={"half": "number"}, source="s3", uri="s3://bucket/prefix").mistake
    assert "1 required column(s) missing: half" in rule


def test_another_table_for_the_query_needs_none_of_the_columns(add, pipeline, example, tmp_path):
    add(XY)
    pd.DataFrame({"town": ["a"], "wind": [3]}).to_csv(tmp_path / "weather.csv", index=False)
    ended = pipeline("data", "add", tmp_path / "weather.csv", "--table", "weather")
    assert (ended.code, ended.err) == (0, "")


def test_what_will_be_left_out_or_kept_is_said_once_in_a_line_each(add):
    table = {"x": [1, 1, 2] * 40, "y": [1, 1, 2] * 40, "note": "n", "sold": "2026-01-31"}
    table["address"] = ["a", "a", "c"] * 40
    ended = add(table, columns={"address": "category", "sold": "time"})
    assert ended.out.splitlines()[3:] == [
        "  118 of 120 rows repeat another one: they are kept, copies in one fold "
        "(data.duplicates).",
        "  No model sees sold: a time is no feature. Name it in data.drop, or make numbers of it "
        "in the query.",
        "  kept, but not declared in conf/pipeline.yaml: note",
    ]
    ended = add(table, columns={"address": "category"}, duplicates="remove")
    assert "118 of 120 rows repeat another one and are removed (data.duplicates)." in ended.out


def test_a_column_of_addresses_is_named(add):
    rows = {"x": range(300), "y": range(300)}
    unique = {"address": [f"{number} High Street" for number in range(290)] + [None] * 10}
    ended = add({**rows, **unique}, columns={"address": "category"})
    assert "  address: 290 categories in 290 rows; drop it (data.drop).\n" in ended.out
    ended = add({**rows, **unique}, columns={"address": "category"}, drop=["address"])
    assert "categories" not in ended.out


@pytest.mark.slow
def test_days_and_ratios_of_the_query_are_learned_from_and_split_by(add, pipeline, example):
    """Rows of Seoul's bikes have 01/12/2017, which no reader takes for a time."""
    generator = np.random.default_rng(2)
    days = pd.Timestamp("2017-12-01") + pd.to_timedelta(np.arange(300) // 2, unit="D")
    table = pd.DataFrame({"Date": days.strftime("%d/%m/%Y"), "x": generator.normal(size=300)})
    table = table.assign(y=3 * table["x"] + days.month).sample(frac=1, random_state=1)
    query = (
        "SELECT *, x * 2e0 AS double_x, CAST(month(date_parse(\"date\", '%d/%m/%Y')) AS double) "
        "AS month, date_parse(\"date\", '%d/%m/%Y') AS day FROM ${table}"
    )
    made = {"double_x": "number", "month": "number", "day": "time"}
    ended = add(table, query, made)
    assert (ended.code, ended.err) == (0, "")
    for field, value in {
        "split": {"kind": "time", "by": "day", "folds": 2}, "models": ["ridge"],
        "tuning": {"trials": 2, "parallel": 2}, "tracking": "none",
    }.items():  # fmt: skip
        plant(example, field, value)
    ended = pipeline("run", "--json", "--plain")
    assert ended.code == 0, ended
    result = json.loads(ended.out)
    assert result["rows"] == {"read": 300, "used": 300, "repeated": 0, "removed": 0}
    assert result["notes"] == ["No model sees date: not declared in data.columns."]
    (file,) = (example.root / ".pipeline/s3").rglob("preprocess/test/test.parquet")
    found = pd.read_parquet(file)
    assert list(found) == ["x", "y", "double_x", "month"]
    last = table[pd.to_datetime(table["Date"], format="%d/%m/%Y") >= days[240]]
    assert sorted(found["y"]) == pytest.approx(sorted(last["y"]))


def test_nothing_is_said_of_an_ordinary_table(add):
    assert len(add(XY).out.splitlines()) == 3
