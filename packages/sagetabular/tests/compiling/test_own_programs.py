"""A program of the project that could not even start is refused when the project is compiled."""

from __future__ import annotations

import pytest
from test_graphs import GRAPH, INPUT, with_step

from sagetabular.errors import UserError

PROGRAM = "pipelines/training/segments.py"
WAITING = "    {}.add_depends_on([{}])\n"
# The program, the line, and what is said of it.
WRONG = {
    "no Python": ("x = 1\ndef main(:\n", 2, "must be Python, got: invalid syntax."),
    "a tab among blanks": ("if 1:\n        x = 1\n\ty = 2\n", 3, "must be Python, got: "),
    "what only compiling finds": ("x = 1\nreturn x\n", 2, "must be Python, got: 'return' outside"),
    "a module that is not there": (
        "\nimport pipelines.training.missing\n", 2, "pipelines.training.missing does not exist",
    ),
    "a neighbour that is not there": (
        "from . import missing\n", 1, "pipelines.training.missing does not exist",
    ),
    "a name that a neighbour lacks": (
        "from pipelines.training.helper import mispelt\n", 1,
        "pipelines.training.helper.mispelt does not exist",
    ),
    "a relative neighbour, which does not travel": (
        "from .helper import useful\n", 1, "pipelines.training.helper.useful does not exist",
    ),
    "a part of ours that does not travel": (
        "from sagetabular.settings import load_project\n", 1,
        "sagetabular.settings.load_project does not exist",
    ),
    "a name that ours lacks": (
        "from sagetabular.jobs.runner import bas_dir\n", 1,
        "sagetabular.jobs.runner.bas_dir does not exist",
    ),
}  # fmt: skip
RIGHT = {
    "a neighbour": "from pipelines.training.helper import useful, CONSTANT, Kind\n",
    "what is there or not": "try:\n    import pipelines.missing\nexcept ImportError:\n    pass\n",
    "what is imported when it is needed": "def main():\n    import pipelines.missing\n",
    "libraries": "import json, numpy as np\nfrom pandas import DataFrame, whatever\n",
    "ours": "from sagetabular.jobs.runner import base_dir\nimport sagetabular.jobs.tables\n",
}
HELPER = "CONSTANT = 1\ndef useful(): ...\nclass Kind: ...\n"


@pytest.fixture
def compiled_with(example):
    """Compile with a step of the project's own, whose program is given."""
    graph = (example.root / GRAPH).read_text(encoding="utf-8")
    example.write("pipelines/training/helper.py", HELPER)
    line = INPUT.format('rows.output("test")')

    def compile_(program, more=""):
        example.write(PROGRAM, program)
        example.write(GRAPH, with_step(graph, line + more))
        return example.definition()

    return compile_


@pytest.mark.parametrize("case", WRONG)
def test_a_program_that_could_not_start_is_refused(compiled_with, case):
    program, line, words = WRONG[case]
    with pytest.raises(UserError) as caught:
        compiled_with(program)
    rule, remedy = str(caught.value).splitlines()
    assert rule.startswith(f"{PROGRAM}: line {line}: {words}")
    assert remedy.startswith("Correct ")


@pytest.mark.parametrize("case", RIGHT)
def test_a_program_that_may_start_is_not(compiled_with, case):
    names = [step["Name"] for step in compiled_with(RIGHT[case])["Steps"]]
    assert "Segments" in names


def test_a_program_that_no_step_runs_may_be_unfinished(example):
    example.write(PROGRAM, "def main(:\n")
    assert example.definition()["Steps"]


@pytest.mark.parametrize(
    ("first", "second"),
    [("rows", "segments"), ("segments", "segments"), ("data", "gate")],
    ids=" ".join,
)
def test_steps_that_wait_for_each_other_are_refused(compiled_with, first, second):
    if "gate" in (first, second):
        second = "gate[0] if isinstance(gate, list) else gate"
    with pytest.raises(UserError) as caught:
        compiled_with("", WAITING.format(first, second))
    rule, _ = str(caught.value).splitlines()
    assert "Steps wait for each other: " in rule
    assert " → " in rule


def test_registration_waits_for_a_step_if_it_is_told_to(compiled_with):
    definition = compiled_with("", WAITING.format("gate", "segments"))
    (gate,) = [step for step in definition["Steps"] if step["Name"] == "QualityGate"]
    assert gate["DependsOn"] == ["Segments"]
