from __future__ import annotations

import os
import subprocess
import sys

import pytest

# The small project has a time that nothing asks for.
NOTE = (
    "Note: conf/pipeline.yaml: data.columns.sold: no model sees it, a time is no feature. "
    "Name it in data.drop, or make numbers of it in the query.\n"
)


def files_below(folder):
    """All files but those that any command may leave: caches, and what a run keeps for the next."""
    unwatched = {"__pycache__", ".pipeline"}
    return {path for path in folder.rglob("*") if not unwatched.intersection(path.parts)}


def test_compile_prints_the_definition_and_nothing_else(pipeline, compiled):
    ended = pipeline("compile")
    assert (ended.code, ended.err) == (0, NOTE)
    assert ended.out.encode() == compiled.definition


def test_compile_writes_the_definition_and_says_so(pipeline, example, compiled):
    before = files_below(example.root)
    ended = pipeline("compile", "-o", "definition.json")
    assert (ended.code, ended.err) == (0, NOTE)
    assert ended.out == f"definition.json: {len(compiled.definition):,} bytes\n"
    assert (example.root / "definition.json").read_bytes() == compiled.definition
    assert files_below(example.root) - before == {example.root / "definition.json"}


@pytest.mark.parametrize(
    ("field", "value"), [("data.drop", ["area", "sold"]), ("split", {"kind": "time", "by": "sold"})]
)
def test_a_time_that_is_asked_for_is_not_worth_a_note(pipeline, example, field, value):
    example.change("conf/pipeline.yaml", field, value)
    assert pipeline("compile", "-o", "definition.json").err == ""


def test_compile_works_from_a_folder_inside_the_project(pipeline, example, compiled):
    ended = pipeline("compile", folder=example.root / "models/ridge")
    assert ended.out.encode() == compiled.definition


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("missing/definition.json", "No such file or directory"),
        ("models", "Is a directory"),
        ("conf/aws.yaml/definition.json", "Not a directory"),
    ],
)
def test_compile_into_a_place_that_takes_no_file_leaves_nothing(pipeline, example, target, reason):
    before = files_below(example.root)
    rule, remedy = pipeline("compile", "-o", target).mistake
    assert rule == f"{target}: cannot be written: {reason}."
    assert remedy == "Name a file in a folder that exists and is yours."
    assert files_below(example.root) == before


def test_compile_replaces_an_older_definition_only_by_a_whole_one(pipeline, example):
    example.write("definition.json", "older")
    example.change("conf/pipeline.yaml", "split.folds", 1)
    assert pipeline("compile", "-o", "definition.json").code == 2
    assert (example.root / "definition.json").read_text(encoding="utf-8") == "older"


@pytest.mark.slow
def test_the_sdk_sets_up_no_logging_which_would_tell_where_credentials_are_from(example):
    code = (
        "import logging\nimport sagetabular.steps.sdk\n"
        "print(logging.getLogger().handlers, logging.getLogger().level == logging.WARNING)\n"
    )
    access = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=example.root,
        env=os.environ | access | paths | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("[] True\n", "")
