"""Definition, numbers and error texts are those of before the move, to the byte."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.settings import load_project

HERE = Path(__file__).parent
MISTAKES = json.loads((HERE / "mistakes.json").read_text(encoding="utf-8"))
# Where the jobs were then.
MOVED = {"pipelines.training.jobs.": "sagetabular.jobs."}


def name_of(mistake):
    what = mistake.get("command") or [mistake["file"], mistake.get("field", "text")]
    return " ".join(what)


def without_keys(definition: str) -> str:
    """Hide what changes with every line of code."""
    return re.sub(r"\bcode/[0-9a-f]{20}\b", "code/…", definition)


def test_the_definition_of_the_default_project_is_what_it_was(project_root):
    file = project_root / "conf/pipeline.yaml"
    text = file.read_text(encoding="utf-8").replace("name: test-project", "name: housing-prices")
    file.write_text(text, encoding="utf-8")
    expected = (HERE / "definition.json").read_text(encoding="utf-8")
    for then, now in MOVED.items():
        expected = expected.replace(then, now)
    compiled = compile_pipeline(load_project(project_root)).definition.decode()
    assert without_keys(compiled) == without_keys(expected)


@pytest.mark.parametrize("mistake", MISTAKES, ids=name_of)
def test_a_mistake_is_answered_as_it_was(mistake, example, pipeline):
    if "text" in mistake:
        example.write(mistake["file"], mistake["text"])
    elif "field" in mistake:
        plant(example, mistake)
    ended = pipeline(*mistake.get("command", ["compile", "-o", "x.json"]))
    lines = ended.err.replace(str(example.root), "<project>").splitlines()
    lines = [line for line in lines if not line.startswith(("Running on this ", "Note: "))]
    assert (ended.code, lines) == (mistake["code"], mistake["error"])


def plant(example, mistake) -> None:
    """Set a field, making the mappings above it."""
    document = yaml.safe_load((example.root / mistake["file"]).read_text(encoding="utf-8"))
    *parents, last = mistake["field"].split(".")
    place = document
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = mistake["value"]
    example.write(mistake["file"], document)
