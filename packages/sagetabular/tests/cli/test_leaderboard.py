"""The leaderboard in a terminal: of every metric, 80 columns wide, whatever the names are."""

from __future__ import annotations

import pytest
import typer

from sagelocal import ExecutionRecord
from sagetabular.cli.terminal.output import failure_exit, print_result
from sagetabular.jobs.scoring.metrics import METRICS
from sagetabular.local.leaderboard import Entry, Result
from sagetabular.local.score_texts import change_text, deviation_text, score_text
from sagetabular.project import Project


@pytest.fixture
def shown(tmp_path, capsys):
    """Print a result, and return its lines."""
    record = ExecutionRecord(
        "20261121-211516-bb82", "houses", "Succeeded", "2026-11-21T21:15:16+00:00", tmp_path,
        metadata={"data": "sales.csv"},
    )  # fmt: skip

    def call(metric: str, models: list[Entry], notes: tuple[str, ...] = ()) -> list[str]:
        result = Result(
            record.id, "Succeeded", "binary", metric, models[0].name, models[0].test, None, models,
            None, notes=list(notes),
        )  # fmt: skip
        print_result(result, record, Project(tmp_path))
        return capsys.readouterr().out.splitlines()

    return call


MODELS = [Entry("boost", 0.8123456, 0.0123456, 0.7654321, 20), Entry("tree", None, None, 0.5, 0)]


@pytest.mark.parametrize("metric", METRICS)
def test_its_columns_have_the_name_of_the_metric(shown, metric):
    lines = shown(metric, MODELS)
    label = METRICS[metric].label
    header = lines[2].lower()
    assert f"cross-validated {label.lower()}" in header
    assert f"test {label.lower()}" in header
    assert ("R2" in lines[2]) is (metric == "r2")
    assert lines[1].endswith("; lower is better") is (metric in ("rmse", "mae", "log_loss"))
    digits = ("0.81235", "0.01235", "0.76543") if metric in ("rmse", "mae") else (
        "0.8123", "0.0123", "0.7654")  # fmt: skip
    assert lines[3].split() == ["boost", digits[0], "±", digits[1], digits[2], "20"]
    assert lines[4].split()[0] == "tree"
    assert len(lines[4].split()) == 3


@pytest.mark.parametrize("metric", METRICS)
def test_it_fits_a_terminal_of_80_columns(shown, metric, monkeypatch):
    for name, value in (("FORCE_COLOR", "1"), ("NO_COLOR", "1"), ("COLUMNS", "80")):
        monkeypatch.setenv(name, value)
    table = shown(metric, MODELS)[:7]
    assert max(map(len, table)) <= 80 + len("\x1b[1m\x1b[0m") * 5  # the header is bold
    assert any("0.76" in line and "boost" in line for line in table)


def test_a_name_that_a_terminal_would_obey_is_escaped(shown):
    lines = shown("accuracy", MODELS, notes=("the class a\x1b[31m\u202eb has 3 rows",))
    (note,) = [line for line in lines if line.startswith("Note")]
    assert note.endswith("the class a\\x1b[31m\\u202eb has 3 rows")


def test_the_reason_of_a_failure_is_escaped_too(tmp_path, capsys):
    record = ExecutionRecord("1", "p", "Failed", "", tmp_path, failure_reason="class \x1b[2J\nAdd.")
    with pytest.raises(typer.Exit):
        failure_exit(record)
    assert capsys.readouterr().err == "class \\x1b[2J\nAdd.\n"


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("r2", -3.2e9, "-3200000000.0000"),
        ("roc_auc", 1.0, "1.0000"),
        ("rmse", 68123.456, "68,123"),
        ("rmse", 1234567.8, "1,234,568"),
        ("mae", 9.87654321, "9.8765"),
        ("mae", 0.000123456, "0.00012346"),
        ("mae", 0.0, "0.0000"),
    ],
)
def test_a_score_in_the_targets_unit_has_five_digits_and_others_four_decimals(metric, value, text):
    assert score_text(METRICS[metric], value) == text


@pytest.mark.parametrize(
    ("metric", "before", "after", "text"),
    [
        ("r2", 0.81, 0.86, "+0.0500"),
        ("r2", 0.86, 0.81, "-0.0500"),
        ("rmse", 68123.4, 67000.1, "-1,123, better"),
        ("rmse", 5.0, 5.25, "+0.2500, worse"),
        ("log_loss", 0.69, 0.5, "-0.1900, better"),
        ("mae", 3.0, 3.0, "+0.0000"),
    ],
)
def test_a_change_has_the_decimals_of_its_scores_and_a_loss_a_verdict(metric, before, after, text):
    assert change_text(METRICS[metric], before, after) == text


def test_a_deviation_has_the_decimals_of_its_score():
    assert deviation_text(METRICS["rmse"], 68123.4, 1234.56) == "± 1,235"
    assert deviation_text(METRICS["f1"], 0.5, 0.01234) == "± 0.0123"
