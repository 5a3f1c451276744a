"""`pipeline doctor` on this machine."""

from __future__ import annotations

import json
import shutil
from importlib import metadata
from unittest.mock import create_autospec

import pytest

from sagetabular.doctor import laptop
from sagetabular.lake.store import table_folder

SUBJECTS = ["python", "libraries", "definition", "rows", "query", "disk", "engine"]
LOCK = """\
numpy=={numpy} ; python_version < '3.14' \\
    --hash=sha256:0123
numpy==0.1 ; python_version >= '3.14' \\
    --hash=sha256:4567
pyyaml=={pyyaml} \\
    --hash=sha256:89ab
"""


@pytest.fixture
def sound(pipeline, example):
    """The small project with a lake, and a lock file of what is installed."""
    prices = "".join(f"3,60,north,2024-01-01,{100 + row}\n" for row in range(20))
    rows = f"rooms,area,district,sold,price\n{prices}"
    example.write("rows.csv", rows)
    assert pipeline("data", "add", example.root / "rows.csv").code == 0
    versions = {name: metadata.version(name) for name in ("numpy", "pyyaml")}
    example.write("requirements.lock", LOCK.format(**versions))
    return example


@pytest.fixture
def findings(pipeline):
    """Run the command; returns its findings by subject."""

    def run():
        ended = pipeline("doctor", "--json")
        found = json.loads(ended.out)["findings"]
        to_fix = [one for one in found if one["state"] == "to fix"]
        assert ended.code == (2 if to_fix else 0)
        assert [one["subject"] for one in found] == SUBJECTS
        return {one["subject"]: one for one in found}

    return run


def test_where_all_is_well_every_line_says_so(pipeline, sound, findings):
    found = findings()
    assert {one["state"] for one in found.values()} == {"ok"}
    assert found["libraries"]["text"] == "2 packages as requirements.lock has them"
    assert found["definition"]["text"] == "conf/ and models/ (boost, ridge) compile to 11 steps"
    assert found["rows"]["text"] == "rows.csv is here to be read"
    assert found["query"]["text"] == (
        "queries/ingest.sql gives 20 rows, and its columns are as they are declared"
    )
    ended = pipeline("doctor")
    assert ended.out.splitlines()[-1] == "7 ok, 0 to fix, 0 cannot tell"


def test_another_version_of_a_library_is_to_fix(sound, findings):
    sound.write("requirements.lock", LOCK.format(numpy="0.0.1", pyyaml="0.0.2") + "absent==3\n")
    found = findings()["libraries"]
    assert found["state"] == "to fix"
    assert found["text"] == "absent must be 3, got none (2 more differ)."
    assert found["remedy"] == "Run `make setup`."


def test_a_lock_file_that_is_none_is_to_fix(sound, findings):
    (sound.root / "requirements.lock").unlink()
    assert findings()["libraries"]["text"].startswith("requirements.lock: cannot be read: ")


def test_a_mistake_in_the_settings_is_a_finding_in_the_same_words(sound, findings):
    sound.change("models/ridge/model.yaml", "title", "No Title")
    found = findings()
    for subject in ("definition", "rows"):
        assert found[subject]["state"] == "to fix"
        assert found[subject]["text"].startswith("models/ridge/model.yaml: title must match")
    assert found["disk"]["state"] == "ok"


def test_a_table_that_the_lake_lacks_is_to_fix(sound, findings):
    shutil.rmtree(table_folder(sound.root / ".pipeline/lake", "estate", "sales"))
    found = findings()
    assert found["rows"]["state"] == "to fix"
    assert "`pipeline data sample`" in found["rows"]["remedy"]
    assert found["query"]["state"] == "cannot tell"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT *, roms + 1 AS r FROM ${table}", "line 1: there is no column 'roms'."),
        ("SELECT * FROM ${table} WHERE rooms > 'x'", "mixes bigint and varchar"),
        ("SELECT * FROM ${table} WHERE rooms > 99", "returned no rows from estate.sales."),
        ("SELECT rooms, area, district, sold FROM ${table}", "the data have no column 'price'"),
        ("SELECT *, CAST(district AS double) AS d FROM ${table}", "Cannot cast 'north' to double"),
        (
            "SELECT district AS rooms, area, district, sold, price FROM ${table}",
            "data.columns.rooms must hold numbers, got 'north'",
        ),
    ],
)
def test_the_query_and_the_types_are_tried_on_the_rows_that_are_here(sound, findings, query, text):
    sound.write("queries/ingest.sql", query)
    lake = sound.root / ".pipeline/lake"
    before = {path: path.stat().st_mtime_ns for path in lake.rglob("*")}
    found = findings()["query"]
    assert found["state"] == "to fix"
    assert text in found["text"]
    assert found["remedy"]
    assert {path: path.stat().st_mtime_ns for path in lake.rglob("*")} == before


def test_what_means_missing_is_missing_here_too(sound, findings):
    sound.write("queries/ingest.sql", "SELECT *, '?' AS more FROM ${table}")
    sound.change("conf/pipeline.yaml", "data.columns.more", "number")
    assert "data.columns.more must hold numbers, got '?'" in findings()["query"]["text"]
    sound.change("conf/pipeline.yaml", "data.missing", ["?"])
    assert findings()["query"]["state"] == "ok"


def test_classes_that_do_not_fit_the_task_are_to_fix(sound, findings):
    sound.change("conf/pipeline.yaml", "task", "binary")
    sound.change("conf/pipeline.yaml", "data.target", "district")
    sound.change("conf/pipeline.yaml", "data.positive", "east")
    sound.change("conf/pipeline.yaml", "selection", {"minimum": 0.5})
    text = (
        "SELECT rooms, area, sold, price, CASE WHEN price > 110 THEN 'a' ELSE 'b' END AS district"
    )
    sound.write("queries/ingest.sql", f"{text} FROM ${{table}}")
    found = findings()["query"]
    assert "data.positive must be a class of 'district', got 'east'." in found["text"]
    assert found["remedy"] == "There are a, b."


def test_a_full_disk_is_to_fix(sound, findings, monkeypatch):
    full = shutil.disk_usage("/")._replace(free=200_000_000)
    monkeypatch.setattr(shutil, "disk_usage", create_autospec(shutil.disk_usage, return_value=full))
    assert findings()["disk"]["text"] == "1 GB should be free, got 0.2 GB."


def test_without_a_container_engine_all_is_well_but_for_images(sound, findings, monkeypatch):
    monkeypatch.setenv("PATH", str(sound.root))
    found = findings()["engine"]
    assert found["state"] == "ok"
    assert found["text"].startswith("none works, and only `pipeline image` needs one (docker, pod")


def test_a_python_that_the_packages_are_not_made_for_is_to_fix(sound, findings, monkeypatch):
    monkeypatch.setattr(laptop, "OLDEST", (3, 99))
    found = findings()["python"]
    assert found["text"].startswith("Python must be 3.99 to 3.14, got 3.")
    assert found["remedy"].startswith("Name one: `make setup PYTHON=")


@pytest.mark.parametrize("option", ["--create", "--smoke"])
def test_what_is_about_aws_is_refused_on_this_machine(pipeline, option):
    rule, remedy = pipeline("doctor", option).mistake
    assert rule == f"{option} is about AWS, got it without --on aws."
    assert remedy == "Add --on aws, or leave it out."


def test_on_a_terminal_long_lines_hang_below_what_they_say(pipeline, sound, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    shutil.rmtree(sound.root / ".pipeline/lake")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    lines = pipeline("doctor").out.splitlines()
    assert max(map(len, lines)) <= 60
    at = next(number for number, line in enumerate(lines) if line.startswith("to fix       rows"))
    assert lines[at + 1].startswith(" " * 13) and not lines[at + 1].startswith(" " * 14)
