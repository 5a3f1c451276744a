"""The graph of a definition, and its three pictures."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import Page, Story, make_execution, page_of

from sagelocal.definition import parse_definition
from sagetabular.report.drawing import draw, draw_alone, mermaid
from sagetabular.report.graph import DrawnGraph, Edge, Node, graph_of
from sagetabular.report.page import render_graph

HOSTILE = [
    'end"]',
    "<script>alert(1)</script>",
    "style",
    "a#quot;b",
    "`x`",
    "a--b",
    "a_2d_b",
    "ü{}",
]


def step(name, kind="Processing", arguments=None, depends_on=()):
    return {
        "Name": name,
        "Type": kind,
        "Arguments": arguments or {},
        "DependsOn": list(depends_on),
    }


def uses(name):
    return {"Uri": {"Get": f"Steps.{name}.ProcessingOutputConfig.Outputs['x'].S3Output.S3Uri"}}


def small_graph() -> DrawnGraph:
    """First → second → third, which also uses the first; a gate with two sides; one that waits."""
    gate = {"Conditions": [], "IfSteps": [step("good")], "ElseSteps": [step("bad", "Fail")]}
    steps = [
        step("first"),
        step("second", arguments=uses("first")),
        step("third", "Training", arguments={"a": [uses("first"), uses("second")]}),
        step("gate", "Condition", gate, ["third"]),
        step("last", arguments={}, depends_on=["first"]),
    ]
    content = json.dumps({"Version": "2020-12-01", "Steps": steps}).encode()
    return graph_of(parse_definition(content).steps)


@st.composite
def graphs(draw):
    """Steps, each of which may wait for any earlier one."""
    names = [f"step{index}" for index in range(draw(st.integers(1, 9)))]
    nodes = tuple(Node(name, "Training", "Training") for name in names)
    pairs = [(a, b) for index, b in enumerate(names) for a in names[:index]]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return DrawnGraph(nodes, tuple(Edge(a, b, "result") for a, b in chosen))


def reachable(edges):
    """All pairs with a way from one to the other, by following edges until nothing is new."""
    found = {(edge.start, edge.end) for edge in edges}
    while True:
        more = {(a, d) for a, b in found for c, d in found if b == c} - found
        if not more:
            return found
        found |= more


def chain(names):
    edges = tuple(Edge(a, b, "result") for a, b in pairwise(names))
    return DrawnGraph(tuple(Node(name, name, "Training") for name in names), edges)


def test_edges_tell_results_order_and_sides_of_a_condition_apart():
    assert {(edge.start, edge.end, edge.kind, edge.label) for edge in small_graph().edges} == {
        ("first", "second", "result", ""),
        ("first", "third", "result", ""),
        ("second", "third", "result", ""),
        ("third", "gate", "order", ""),
        ("gate", "good", "branch", "yes"),
        ("gate", "bad", "branch", "no"),
        ("first", "last", "order", ""),
    }


@settings(deadline=None)
@given(graph=graphs())
def test_a_reduced_graph_says_the_same_with_no_edge_to_spare(graph):
    reduced = graph.reduced()
    assert reachable(reduced.edges) == reachable(graph.edges)
    for edge in reduced.edges:
        rest = [other for other in reduced.edges if other != edge]
        assert reachable(rest) != reachable(graph.edges), edge


@settings(deadline=None)
@given(graph=graphs())
def test_every_step_lies_just_below_what_it_waits_for(graph):
    depth = {node.name: level for level, nodes in enumerate(graph.layers()) for node in nodes}
    assert len(depth) == len(graph.nodes)
    for name, level in depth.items():
        above = [depth[edge.start] for edge in graph.edges if edge.end == name]
        assert level == max(above, default=-1) + 1


def test_mermaid_says_kinds_sides_and_what_only_waits():
    assert mermaid(small_graph().reduced()).splitlines() == [
        "flowchart TD",
        '    step_first["first<br/><small>Processing</small>"]',
        '    step_second["second<br/><small>Processing</small>"]',
        '    step_third["third<br/><small>Training</small>"]',
        '    step_gate{"gate<br/><small>Condition</small>"}',
        '    step_good["good<br/><small>Processing</small>"]',
        '    step_bad["bad<br/><small>Fail</small>"]',
        '    step_last["last<br/><small>Processing</small>"]',
        "    step_first --> step_second",
        "    step_second --> step_third",
        "    step_third -.-> step_gate",
        '    step_gate -->|"yes"| step_good',
        '    step_gate -->|"no"| step_bad',
        "    step_first -.-> step_last",
    ]


@given(names=st.lists(st.text(min_size=1), min_size=1, unique=True))
@settings(deadline=None)
def test_no_name_breaks_mermaid(names):
    lines = mermaid(chain(names)).splitlines()
    identifiers, labels = [], []
    for line in lines[1 : len(names) + 1]:
        match = re.fullmatch(r'    (step_\w+)\["([^"<>`]*)<br/><small>[^"<>`]*</small>"\]', line)
        assert match, line
        identifiers.append(match[1])
        labels.append(re.sub(r"#(\d+);", lambda entity: chr(int(entity[1])), match[2]))
    assert labels == names
    assert len(set(identifiers)) == len(names)
    assert all(identifier.isascii() for identifier in identifiers)
    assert len(lines) == 2 * len(names)


def test_the_picture_alone_is_whole_and_brings_its_style():
    names = ["a", "EvaluateSomethingWithQuiteALongName", *HOSTILE]
    svg = ET.fromstring(draw_alone(chain(names)))
    space = "{http://www.w3.org/2000/svg}"
    assert svg.tag == f"{space}svg"
    assert [child.tag for child in svg[:3]] == [
        f"{space}{tag}" for tag in ("title", "desc", "style")
    ]
    texts = [text.text for text in svg.iter(f"{space}text")]
    assert texts[::2] == names, "no name is cut"
    boxes = [float(rect.get("width")) for rect in svg.iter(f"{space}rect")]
    assert min(boxes) > 7 * len(names[1])
    assert not [found for found in svg.iter() if {"href", "src", "onload"} & set(found.attrib)]
    assert "url(" not in draw_alone(chain(names))


def test_only_the_reduced_edges_of_a_page_are_drawn_and_the_table_has_all():
    page = Page(render_graph("houses", small_graph()))
    edges = [found["class"] for found in page.tags("path")]
    assert sorted(edges) == ["edge branch"] * 2 + ["edge order"] * 2 + ["edge result"] * 2
    text = "|".join(page.texts)
    assert "third|Training|first, second" in text
    assert "gate: yes" in text


def test_the_page_is_harmless_whatever_the_names_are():
    page = Page(render_graph(HOSTILE[1], chain(HOSTILE)))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "link", "iframe", "a"}
    policies = [found["content"] for found in page.tags("meta") if "http-equiv" in found]
    assert policies[0].startswith("default-src 'none'; style-src 'sha256-")
    assert all(not name.startswith("on") for _, found in page.elements for name in found)
    for name in HOSTILE:
        assert name in page.texts


@pytest.mark.parametrize("names", [["a"], ["a", "b"]])
def test_a_small_graph_can_be_drawn(names):
    assert str(draw(chain(names))).count("<rect") == len(names)


def test_the_report_draws_what_became_of_each_step(tmp_path):
    page = page_of(tmp_path, make_execution(tmp_path, Story()))
    groups = [found["class"] for found in page.tags("g") if "node" in (found["class"] or "")]
    assert groups == ["node succeeded"] * 4
    assert "succeeded, 0.0 s" in page.texts
    edges = [kind for found in page.tags("path") if "edge" in (kind := found["class"] or "")]
    assert edges == ["edge order"] * 3
