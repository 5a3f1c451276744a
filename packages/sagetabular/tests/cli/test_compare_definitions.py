"""`pipeline compile --compare`: what an edit of a project changes, and what runs again."""

from __future__ import annotations

import json
import re

import pytest

RIDGE = {"TuneRidge", "FitRidge", "EvaluateRidge"}
BOOST = {"TuneBoost", "FitBoost", "EvaluateBoost"}
# What reads the evaluations, or what does.
END = {"Select", "Track", "RegisterBoost", "RegisterRidge"}


@pytest.fixture
def written(pipeline, example):
    """A project whose rows have a version, so that SageMaker may reuse all of it; compiled."""
    example.change("conf/pipeline.yaml", "data.version", "1")
    assert pipeline("compile", "-o", "old.json").code == 0
    return example


@pytest.fixture
def rows(pipeline):
    """Compare with the earlier definition; returns step → the cells of its row."""

    def ask():
        ended = pipeline("compile", "--compare", "old.json")
        assert ended.code == 0
        assert all(line.startswith("Note: ") for line in ended.err.splitlines())
        table = ended.out.split("\n\n", maxsplit=1)[0].splitlines()
        assert table[0] == "Steps"
        starts = [found.start() for found in re.finditer(r"(?<!\S)(\S+ ?)+", table[1])]
        cells = [
            [line[at:to].strip() for at, to in zip(starts, [*starts[1:], None], strict=True)]
            for line in table[2:]
        ]
        return {name: rest for name, *rest in cells}

    return ask


def running(rows, answer="yes") -> set[str]:
    return {name for name, (_state, _what, runs, _why) in rows.items() if runs == answer}


def change_code(example):
    example.append("models/ridge/model.py", "\n# changed\n")


def change_range(example):
    example.change("models/ridge/model.yaml", "tuning.ranges.strength.max", 20)


def change_folds(example):
    example.change("conf/pipeline.yaml", "split.folds", 4)


def change_columns(example):
    example.change("conf/pipeline.yaml", "data.drop", [])


def change_machine(example):
    example.change("conf/pipeline.yaml", "resources.training.instance_type", "ml.c5.xlarge")


def change_gate(example):  # which Track is told
    example.change("conf/pipeline.yaml", "selection", {"minimum_r2": 0.9})


EDITS = {
    "the code of a model": (change_code, RIDGE | END),
    "a range": (change_range, RIDGE | END),
    "the folds": (change_folds, {"Preprocess"} | RIDGE | BOOST | END),
    "the columns": (change_columns, {"Preprocess"} | RIDGE | BOOST | END),
    "the machine": (change_machine, set()),
    "the gate": (change_gate, {"Track"}),
    "nothing": (lambda _example: None, set()),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_repeats_what_reads_it_and_nothing_else(written, rows, name):
    edit, expected = EDITS[name]
    edit(written)
    assert running(rows()) == expected


def test_each_line_says_what_differs_and_why_the_step_runs(written, rows):
    change_code(written)
    found = rows()
    assert found["TuneRidge"] == ["changed", "code", "yes", "code"]
    assert found["FitRidge"] == ["changed", "code", "yes", "code; reads TuneRidge"]
    assert found["Select"] == ["same", "", "yes", "reads EvaluateRidge"]
    assert found["FitBoost"] == ["same", "", "no", ""]
    assert found["QualityGate"] == ["same", "", "", ""]


def test_below_it_says_defaults_the_sum_and_what_was_not_compared(written, pipeline):
    change_folds(written)
    lines = pipeline("compile", "--compare", "old.json").out.splitlines()
    at = lines.index("Defaults")
    assert lines[at + 1 : at + 3] == ["name   before  now", "Folds  3       4"]
    # Preprocess, three of each model, Select, Track and two registrations, of all 16.
    assert "11 of 16 steps run again for what differs." in lines
    assert lines[-1] == (
        "Not compared, since a start gives their values: RoleArn, Bucket, ImageUri, JobsImageUri, "
        "Commit, TrackingUri, QueryUri."
    )


def test_rows_without_a_version_let_everything_run_every_time(pipeline, example, rows):
    assert pipeline("compile", "-o", "old.json").code == 0
    change_code(example)
    found = rows()
    assert running(found) == RIDGE | END
    assert running(found, "every time") == {"Ingest", "Preprocess"} | BOOST
    assert found["Ingest"][-1] == "its cache is off"


def test_it_may_replace_the_file_that_it_compares_with(written, pipeline):
    change_code(written)
    ended = pipeline("compile", "-o", "old.json", "--compare", "old.json")
    assert ended.out.splitlines()[0].startswith("old.json: ")
    assert "TuneRidge      changed" in ended.out
    again = pipeline("compile", "--compare", "old.json").out
    assert "0 of 16 steps run again for what differs." in again
    written_now = json.loads((written.root / "old.json").read_text(encoding="utf-8"))
    assert written_now["Version"] == "2020-12-01"


def test_a_file_that_is_not_there_is_refused_before_anything_is_written(pipeline, example):
    assert pipeline("compile", "-o", "new.json", "--compare", "old.json").mistake == [
        "--compare must name an earlier definition, but old.json cannot be read: "
        "No such file or directory.",
        "Write one with `pipeline compile -o FILE` before a change.",
    ]
    assert not (example.root / "new.json").exists()


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("name: x", "old.json must be JSON, got something else."),
        (
            '{"Steps": 1}',
            "old.json must be a definition with Steps that have Name and Type, got something else.",
        ),
    ],
)
def test_a_file_that_is_no_definition_is_refused(pipeline, example, content, rule):
    example.write("old.json", content)
    assert pipeline("compile", "--compare", "old.json").mistake[0] == rule
