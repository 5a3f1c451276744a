"""What a project's own graph can get wrong, and how each error is answered."""

from __future__ import annotations

import pytest

from sagetabular.compiling import compilation
from sagetabular.compiling.loading import project_pipeline
from sagetabular.errors import UserError
from sagetabular.pipeline import preprocess

GRAPH = "pipelines/training/pipeline.py"
SEGMENTS = "from sagetabular.jobs.runner import base_dir\n"
BEFORE = "    return build.pipeline(\n"
STEP = '    segments = build.step("Segments", "segments", inputs={{}}, outputs=["report"]{})\n'
INPUT = (
    '    segments = build.step("Segments", "segments", inputs={{"rows": {}}}, outputs=["report"])\n'
)


@pytest.fixture
def graph(example):
    """Add a program of the project's own; return its graph."""
    example.write("pipelines/training/segments.py", SEGMENTS)
    return (example.root / GRAPH).read_text(encoding="utf-8")


def with_step(graph, line, given="winner, tracked, segments, gate"):
    """Return the graph with one line more, and what it gives to the pipeline."""
    changed = graph.replace(BEFORE, line + BEFORE).replace("winner, tracked, gate", given)
    assert changed != graph
    return changed


def test_a_step_of_the_project_compiles(example, graph):
    example.write(GRAPH, with_step(graph, INPUT.format('rows.output("test")')))
    names = [step["Name"] for step in example.definition()["Steps"]]
    assert names.index("Segments") == names.index("QualityGate") - 1


MISTAKES = {
    "a name twice": (
        STEP.format("").replace('"Segments"', '"Select"'),
        None,
        "every step must have a name of its own, got 'Select'.",
        "Rename one, or list it once.",
    ),
    "a step twice": (
        STEP.format(""),
        "winner, tracked, segments, segments, gate",
        "every step must have a name of its own, got 'Segments'.",
        "Rename one, or list it once.",
    ),
    "the name of a registration": (
        STEP.format("").replace('"Segments"', '"RegisterRidge"'),
        None,
        "every step must have a name of its own, got 'RegisterRidge'.",
        "Rename one, or list it once.",
    ),
    "a step forgotten": (
        STEP.format(""),
        "tracked, segments, gate",
        "a step needs 'Select', which build.pipeline() was not given.",
        "Give it that step too, or leave out what needs it.",
    ),
    "no step": (
        STEP.format(""),
        "winner, evaluated, gate",
        "build.pipeline() takes steps and lists of steps, got {",
        "Give the steps themselves: of models(), its attribute `steps`.",
    ),
    "a step as input": (
        INPUT.format("rows"),
        None,
        "input 'rows' of Segments must be an output of a step, got the step Preprocess.",
        "Write step.output(name) for it.",
    ),
    "nothing as input": (
        INPUT.format("None"),
        None,
        "input 'rows' of Segments must be an output of a step, or an S3 URI, got None.",
        "Write step.output(name), or s3://bucket/prefix.",
    ),
    "a folder as input": (
        INPUT.format('"/tmp/rows"'),
        None,
        "input 'rows' of Segments must be an output of a step, or an S3 URI, got '/tmp/rows'.",
        "Write it like s3://bucket/prefix.",
    ),
    "an output that is none": (
        INPUT.format('rows.output("tests")'),
        None,
        "Preprocess has no output 'tests'.",
        "There are train, test, summary, baseline.",
    ),
    "an output of a search": (
        INPUT.format('trained.searches()["ridge"].output("trial")'),
        None,
        "TuneRidge has no output 'trial'.",
        "There are none.",
    ),
    "text as outputs": (
        STEP.format("").replace('["report"]', '"report"'),
        None,
        "outputs of Segments must be a list, got 'report'.",
        'Write, for example, outputs=["report"].',
    ),
    "text as arguments": (
        STEP.format(', arguments="--column"'),
        None,
        "arguments of Segments must be a list, got '--column'.",
        'Write, for example, arguments=["--column", "town"].',
    ),
    "a mapping as an argument": (
        STEP.format(', arguments=[{"column": "town"}]'),
        None,
        "arguments of Segments must be text, numbers or references, got {'column': 'town'}.",
        "Take the value that is meant out of it.",
    ),
    "a step as what to wait for": (
        STEP.format(", after=winner"),
        None,
        "after of Segments must be a list, got the step Select.",
        "Write, for example, after=[winner].",
    ),
    "a name as what to wait for": (
        STEP.format(', after=["Select"]'),
        None,
        "after of Segments must hold steps, got 'Select'.",
        "Give the step itself.",
    ),
    "a file as program": (
        STEP.format("").replace('"segments"', '"segments.py"'),
        None,
        "program must name a module beside it, got 'segments.py'.",
        "Name it 'segments'.",
    ),
    "a name with a space": (
        STEP.format("").replace('"Segments"', '"My segments"'),
        None,
        "the name of a step must be 1 to 64 of letters, digits and single hyphens, got 'My",
        "Rename it.",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_file_rule_value_and_remedy(example, graph, name):
    line, given, rule, remedy = MISTAKES[name]
    changed = with_step(graph, line, given or "winner, tracked, segments, gate")
    example.write(GRAPH, changed)
    with pytest.raises(UserError) as caught:
        example.compile()
    found, advice = str(caught.value).splitlines()
    assert found.startswith(f"{GRAPH}: {rule}"), found
    assert advice == remedy


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (("return build.pipeline(", "build.pipeline("), "get_pipeline() must return a pipeline"),
        (("def get_pipeline(", "def get_pipelines("), "must define get_pipeline(), got none."),
        (("    build = ", "    raise SystemExit('no')\n    build = "), "ended the program: no."),
        (("    build = ", "    build = 1 / 0\n    build = "), "line 29: ZeroDivisionError: div"),
        (("    build = ", "    build = (\n    build = "), "SyntaxError: "),
        (("import Path", "import Pth"), "line 5: ImportError: cannot import name 'Pth'"),
        (("preprocess(build, data)", "preprocess(build)"), "TypeError: preprocess() missing 1"),
    ],
)
def test_a_graph_that_fails_is_answered_in_two_lines(pipeline, example, graph, change, rule):
    assert change[0] in graph
    example.write(GRAPH, graph.replace(*change))
    found, _ = pipeline("compile", "-o", "x.json").mistake
    assert found.startswith(GRAPH) and rule in found, found


def broken(*_arguments):
    raise ZeroDivisionError


def test_an_error_of_the_packages_is_raised_as_it_is(example, monkeypatch):
    monkeypatch.setitem(preprocess.__globals__, "job_program", broken)
    with pytest.raises(ZeroDivisionError):
        project_pipeline(example.root)


def test_a_traceback_does_not_begin_with_the_definition_that_was_not_kept(example, monkeypatch):
    monkeypatch.setattr(compilation, "_compile", broken)
    with pytest.raises(ZeroDivisionError) as caught:
        example.compile()
    assert caught.value.__context__ is None
