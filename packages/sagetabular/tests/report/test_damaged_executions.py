"""One damaged file of one old execution keeps nobody from the others."""

from __future__ import annotations

import json

import pytest
from making import Page, Story, make_execution

FILES = ["execution.json", "parameters.json", "steps/Preprocess.json", "steps/Select.json"]
# A write that broke off, a disk that lost the content, and JSON of another kind.
DAMAGES = {"cut short": "{", "emptied": "", "no object": "[1]", "not UTF-8": "\udcff"}


@pytest.fixture
def three(example):
    """Three executions, oldest first."""
    home = example.root / ".pipeline"
    made = [make_execution(home, Story(shift=shift)) for shift in (0.0, 0.01, 0.02)]
    return sorted(made, key=lambda record: record.id)


def damage(record, file, content="{"):
    path = record.directory / file
    path.write_bytes(content.encode(errors="surrogateescape"))
    return path


@pytest.mark.parametrize("content", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("file", FILES)
def test_the_others_are_listed_and_the_file_is_named(pipeline, three, file, content):
    old, middle, new = three
    path = damage(old, file, content)
    ended = pipeline("executions")
    assert ended.code == 0
    assert [record.id in ended.out for record in (old, middle, new)] == [False, True, True]
    rule, remedy = ended.err.splitlines()
    assert rule.startswith(f"{path} is damaged: ")
    assert remedy == f"Restore it, or remove that execution: delete {old.directory}."


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "command",
    [["show"], ["logs"], ["logs", "Tune"], ["report"], ["compare"], ["compare", "--json"]],
)
def test_what_means_the_latest_finds_it(pipeline, three, command, file):
    old, _, new = three
    path = damage(old, file)
    ended = pipeline(*command)
    assert ended.code == 0, ended
    if command[:2] != ["logs", "Tune"]:
        assert f"{path} is damaged: " in ended.err
    assert len(ended.err.splitlines()) in (0, 2)
    if command == ["compare", "--json"]:
        assert json.loads(ended.out)["second"]["execution"] == new.id


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("command", ["show", "logs", "report", "compare", "resume"])
def test_the_damaged_one_itself_is_refused_in_two_lines(pipeline, three, command, file):
    old = three[0]
    path = damage(old, file)
    rule, remedy = pipeline(command, old.id).mistake
    assert rule.startswith(f"{path} is damaged: ")
    assert str(old.directory) in remedy


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_cleaned_while_nobody_knows_what_it_needs(pipeline, three, file):
    path = damage(three[0], file)
    rule, _ = pipeline("clean", "--keep", 1, "--yes").mistake
    assert rule.startswith(f"{path} is damaged: ")
    assert all(record.directory.is_dir() for record in three)


@pytest.mark.parametrize("name", ["summary/summary", "select/selection", "settings/preprocess"])
def test_a_report_is_written_without_the_comparison_that_cannot_be(pipeline, three, example, name):
    _, before, new = three
    file = example.root / f".pipeline/s3/local/{before.id}/{name}.json"
    file.write_text("{")
    assert pipeline("report").code == 0
    page = Page((new.directory / "report.html").read_text(encoding="utf-8"))
    assert f"Comparison with {before.id}" in page.texts
    assert any(text.startswith(f"There is none: {file} is damaged: ") for text in page.texts)
    assert pipeline("compare", before.id, new.id).mistake[0].startswith(f"{file} is damaged: ")
