"""`pipeline report` and `pipeline compare`."""

from __future__ import annotations

import pytest
from making import Page, Story, make_execution


@pytest.fixture
def home(example):
    return example.root / ".pipeline"


def test_report_lies_in_the_folder_of_the_latest_execution(pipeline, home):
    records = [make_execution(home, Story(data=name)) for name in ("first", "second")]
    latest = max(records, key=lambda record: record.id)
    ended = pipeline("report")
    file = latest.directory / "report.html"
    assert (ended.code, ended.err) == (0, "")
    shown = file.relative_to(home.parent)  # the command runs in the project's folder
    assert ended.out == f"{shown}: {file.stat().st_size:,} bytes\n"
    assert f"Execution {latest.id}" in Page(file.read_text(encoding="utf-8")).texts


def test_report_is_written_where_o_says_with_links_to_the_logs(pipeline, home, tmp_path):
    record = make_execution(home, Story())
    file = tmp_path / "new folder/mine.html"
    assert pipeline("report", record.id, "-o", file).code == 0
    page = Page(file.read_text(encoding="utf-8"))
    (log,) = record.log_files("Tune")
    assert log.as_uri() in [link["href"] for link in page.tags("a")]


def test_without_an_execution_there_is_nothing_to_report_on(pipeline):
    assert pipeline("report").mistake == [
        "There is no execution yet.",
        "Start one with `pipeline run`.",
    ]


def test_a_report_that_cannot_be_written_leaves_nothing_behind(pipeline, home, tmp_path):
    make_execution(home, Story())
    (tmp_path / "taken").write_text("a file")
    rule, remedy = pipeline("report", "-o", tmp_path / "taken/report.html").mistake
    assert "taken/report.html: cannot be written: " in rule
    assert remedy == "Give -o a file in a folder that is yours."
    assert sorted(path.name for path in tmp_path.iterdir()) == ["example", "taken"]


def test_compare_tells_settings_scores_and_winners_apart(pipeline, home):
    first = make_execution(home, Story(parameters={"MaxTrainingJobs": 3, "Seed": 1}))
    second = make_execution(
        home, Story(data="new.csv", shift=0.05, parameters={"MaxTrainingJobs": 5, "Seed": 1})
    )
    ended = pipeline("compare", first.id, second.id)
    assert (ended.code, ended.err) == (0, "")
    rows = [line.split() for line in ended.out.splitlines()]
    assert ["data", "sales.csv", "new.csv"] in rows
    assert ["MaxTrainingJobs", "3", "5"] in rows
    assert "Seed" not in ended.out and "definition" not in ended.out
    assert ["ridge", "0.8100", "0.8600", "+0.0500"] in rows
    assert ["ridge", "0.7654", "0.8154", "+0.0500"] in rows
    assert ["first", first.id, "Succeeded", "ridge", "0.7654"] in rows
    assert ["second", second.id, "Succeeded", "ridge", "0.8154"] in rows


def test_compare_shows_models_that_only_one_execution_has(pipeline, home):
    records = [make_execution(home, Story(model=name)) for name in ("ridge", "[bold]boost[/bold]")]
    ended = pipeline("compare", *(record.id for record in records))
    rows = [line.split() for line in ended.out.splitlines()]
    assert ["ridge", "0.8100", "-", "-"] in rows
    assert ["[bold]boost[/bold]", "-", "0.8100", "-"] in rows


def test_an_execution_is_the_same_as_itself(pipeline, home):
    record = make_execution(home, Story())
    assert "Every setting is the same." in pipeline("compare", record.id, record.id).out


def test_compare_with_an_unknown_execution_is_refused(pipeline, home):
    record = make_execution(home, Story())
    rule, remedy = pipeline("compare", record.id, "nothing").mistake
    assert rule == "There is no execution nothing."
    assert remedy == f"The latest is {record.id}."
