"""`pipeline graph`."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest


def steps_of(steps):
    """Every step of a definition with the names that it refers to, nested ones included."""
    for step in steps:
        arguments = dict(step["Arguments"])
        nested = [*arguments.pop("IfSteps", []), *arguments.pop("ElseSteps", [])]
        used = set(re.findall(r'"Steps\.(\w+)\.', json.dumps(arguments)))
        yield step["Name"], step["Type"], used | set(step.get("DependsOn") or [])
        for inner in steps_of(nested):
            yield inner
        for inner in nested:
            yield inner["Name"], inner["Type"], {step["Name"]}


def closure(edges):
    found = set(edges)
    while more := {(a, d) for a, b in found for c, d in found if b == c} - found:
        found |= more
    return found


def test_the_graph_has_the_steps_and_the_order_of_the_definition(pipeline, definition):
    ended = pipeline("graph")
    assert (ended.code, ended.err) == (0, "")
    expected = list(steps_of(definition["Steps"]))
    shown = re.findall(r'step_\w+[\[{]"(\w+)<br/><small>(\w+)', ended.out)
    assert sorted(shown) == sorted({(name, kind) for name, kind, _ in expected})
    drawn = re.findall(r"step_(\w+) -\.?->(?:\|\"\w+\"\|)? step_(\w+)", ended.out)
    assert closure(drawn) == closure((a, name) for name, _, used in expected for a in used)


def test_sides_of_conditions_are_named(pipeline):
    out = pipeline("graph").out
    assert '    step_QualityGate -->|"no"| step_Fail' in out
    assert '    step_IsRidge -->|"yes"| step_RegisterRidge' in out


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (["-o", "graph.mmd"], "flowchart TD\n"),
        (["-o", "graph.SVG"], "<?xml "),
        (["-o", "graph.html"], "<!DOCTYPE html>"),
        (["-o", "graph.md"], "flowchart TD\n"),
        (["-o", "graph.txt", "--format", "svg"], "<?xml "),
        (["-o", "graph.svg", "--format", "html"], "<!DOCTYPE html>"),
    ],
    ids=" ".join,
)
def test_the_format_is_what_is_asked_for_or_what_the_file_is_called(
    pipeline, example, definition, arguments, start
):
    ended = pipeline("graph", *arguments)
    assert (ended.code, ended.err) == (0, "")
    names = {name for name, *_ in steps_of(definition["Steps"])}
    assert ended.out == f"{arguments[1]}: {len(names)} steps\n"
    text = (example.root / arguments[1]).read_text(encoding="utf-8")
    assert text.startswith(start)
    form = arguments[-1] if "--format" in arguments else arguments[1].lower().rpartition(".")[2]
    if form in ("svg", "html"):
        assert pipeline("graph", "--format", form).out == text
    if form == "svg":
        ET.fromstring(text)


def test_a_place_that_takes_no_file_is_a_mistake(pipeline, example):
    assert pipeline("graph", "-o", "missing/graph.svg").mistake == [
        "missing/graph.svg: cannot be written: No such file or directory.",
        "Name a file in a folder that exists and is yours.",
    ]


def test_an_unknown_format_is_refused(pipeline):
    ended = pipeline("graph", "--format", "png")
    assert ended.code == 2
    assert "png" in ended.err


def test_settings_that_break_a_rule_are_told_as_everywhere(pipeline, example):
    example.change("conf/pipeline.yaml", "split.folds", 1)
    rule, _ = pipeline("graph").mistake
    assert rule.startswith("conf/pipeline.yaml: split.folds must be")
