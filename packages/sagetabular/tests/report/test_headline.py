"""What stands on top of a report: the project's name, the gate, the best settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from making import Page, Story, make_execution, page_of

from sagelocal import StepRecord
from sagetabular.project.title import title_of
from sagetabular.report.headline import edge_of, gate
from sagetabular.report.searches import Range


@pytest.mark.parametrize(
    ("space", "value", "edge"),
    [
        # The share of the range is (value - low) / (high - low), of logarithms where it says so.
        (Range("x", False, low="0", high="100"), "5", "lower edge"),
        (Range("x", False, low="0", high="100"), "5.1", ""),
        (Range("x", False, low="0", high="100"), "94.9", ""),
        (Range("x", False, low="0", high="100"), "95", "upper edge"),
        (Range("x", False, low="4", high="10"), "4", "lower edge"),
        (Range("x", False, low="4", high="10"), "5", ""),
        (Range("x", False, low="4", high="10"), "10", "upper edge"),
        (Range("x", True, low="0.0001", high="1"), "0.0001", "lower edge"),
        (Range("x", True, low="0.0001", high="1"), "0.01", ""),
        (Range("x", True, low="0.0001", high="1"), "0.9", "upper edge"),
        (Range("x", False, low="-3", high="-1"), "-1", "upper edge"),
        (Range("x", False, low="7", high="7"), "7", ""),
        (Range("x", False, values=("a", "b")), "a", ""),
    ],
    ids=str,
)
def test_an_edge_is_a_twentieth_of_the_scale_that_was_searched(space, value, edge):
    assert edge_of(space, value) == edge


def gated(record, outcome, conditions):
    step = StepRecord(
        "QualityGate", "Condition", outcome=outcome, arguments={"Conditions": conditions}
    )
    return replace(record, steps=dict(record.steps) | {"QualityGate": step})


def at_least(left, right):
    return {"Type": "GreaterThanOrEqualTo", "LeftValue": left, "RightValue": right}


def at_most(left, right):
    return {"Type": "LessThanOrEqualTo", "LeftValue": left, "RightValue": right}


@pytest.mark.parametrize(
    ("outcome", "conditions", "words"),
    [
        ("True", [at_least(0.82951, 0.6)], "passed: 0.8295 is at least 0.6"),
        ("False", [at_least(0.59, 0.6)], "not passed: 0.5900 is below 0.6"),
        ("True", [at_most(28123.45, 30000)], "passed: 28,123.5 is at most 30,000"),
        ("False", [at_most(0.73, 0.6931)], "not passed: 0.7300 is above 0.6931"),
        ("True", [at_least(-0.5, -1)], "passed: -0.5000 is at least -1"),
        # Four decimals would say that 0.6000 is below 0.6.
        ("False", [at_least(0.59999, 0.6)], "not passed: 0.59999 is below 0.6"),
        ("False", [at_most(30000.01, 30000)], "not passed: 30000.01 is above 30,000"),
        ("True", [at_least(0.6, 0.6)], "passed: 0.6000 is at least 0.6"),
        (None, [at_least({"Get": "x"}, 0.6)], "not reached"),
        ("True", [{"Type": "Not", "Expression": at_least(1, 2)}], "passed"),
        ("False", [at_least(1, 2), at_least("a", 2)], "not passed"),
    ],
)
def test_the_gate_is_told_with_its_numbers(tmp_path, outcome, conditions, words):
    record = make_execution(tmp_path, Story())
    assert gate(gated(record, outcome, conditions)) == words


def test_a_pipeline_without_a_gate_has_none(tmp_path: Path) -> None:
    assert gate(make_execution(tmp_path, Story())) == "none in this pipeline"


def test_the_best_trial_of_the_winner_is_on_top(tmp_path: Path) -> None:
    # Trial 3 has the highest score of those that ended; its strength is 100 of 1 to 100.
    page = page_of(tmp_path, make_execution(tmp_path, Story()))
    start = page.texts.index("Best settings of ridge")
    assert start < page.texts.index("Model ridge")
    found = [text.strip() for text in page.texts[start:] if text.strip()]
    assert found[1:5] == ["setting", "best", "at an edge", "searched"]
    assert found[5:9] == ["strength", "100", "upper edge", "1 to 100, logarithmic"]
    assert any("Widen the range in model.yaml" in text for text in found)


def test_where_nothing_lies_at_an_edge_no_column_says_so(tmp_path: Path) -> None:
    # The best is trial 2, whose strength is 10, the middle of 1 to 100 on a logarithmic scale.
    page = page_of(tmp_path, make_execution(tmp_path, Story(scores=(0.5, 0.8, 0.7))))
    assert "Best settings of ridge" in page.texts
    assert "at an edge" not in page.texts


def test_the_band_is_as_wide_as_its_note_says(tmp_path: Path) -> None:
    """Folds of 0.80, 0.81 and 0.82 and a deviation of 0.01: a band of 0.02, as the dots span."""
    page = page_of(tmp_path, make_execution(tmp_path, Story()))
    (band,) = [found for found in page.tags("rect") if found.get("class") == "band"]
    dots = sorted(float(found["cx"]) for found in page.tags("circle") if found["r"] == "4")[-3:]
    assert float(band["width"]) == pytest.approx(dots[2] - dots[0], abs=0.2)
    assert float(band["x"]) == pytest.approx(dots[0], abs=0.2)
    assert any("one standard deviation to each side" in text for text in page.texts)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Housing Prices\n\n## Start\n", "Housing Prices"),
        ("\ufeff# Häuser & Wälder #\r\n", "Häuser & Wälder"),
        ("No heading\n", ""),
        (f"# {'x' * 101}\n", ""),
        ("# a\u202eb\n", ""),
        (None, ""),
    ],
)
def test_a_project_is_called_as_its_readme_says(tmp_path: Path, text, title) -> None:
    if text is not None:
        (tmp_path / "README.md").write_text(text, encoding="utf-8", newline="")
    assert title_of(tmp_path) == title


def test_the_report_has_the_name_of_the_project(pipeline, example):
    (example.root / "README.md").write_text("# Prices of Houses\n", encoding="utf-8")
    record = make_execution(example.root / ".pipeline", Story())
    assert pipeline("report").code == 0
    page = Page((record.directory / "report.html").read_text(encoding="utf-8"))
    assert "Prices of Houses" in page.texts
    assert f"Prices of Houses {record.id}" in page.texts
    assert f"Execution {record.id} of houses" in page.texts
