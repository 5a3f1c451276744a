"""An error ends with 2 and one or two lines on stderr: the rule with the value, the remedy."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readme import block, refusal, step_types

from sagelocal import LocalSageMaker, SageLocalError
from sagelocal.definition import STEP_TYPES, parse_definition
from sagelocal.definition.requests import check_requests

STOP = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "enough"}}
ROWS = {"Name": "Rows", "Type": "Integer", "DefaultValue": 10}
TYPED = {"Name": "Typed", "Type": "Training", "Arguments": {"AlgorithmSpecification": {}}}
GOOD = {"Parameters": [ROWS], "Steps": [STOP]}


def step(kind: str, arguments: Any = None) -> dict[str, Any]:
    return {"Steps": [{"Name": "Notify", "Type": kind, "Arguments": arguments or {}}]}


def refused(ended: Any, *words: str) -> None:
    assert ended.code == 2, ended
    assert ended.out == ""
    assert 1 <= len(ended.err.splitlines()) <= 2, ended.err
    assert "Traceback" not in ended.err
    for word in words:
        assert word in ended.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["is not JSON"]),
        (b"{'Steps': 1}", ["is not JSON"]),
        (b"\xff\xfe\x00", ["is not JSON"]),
        (b"[" * 100_000, ["is not JSON"]),
        (b'{"Steps": [NaN]}', ["NaN"]),
        (b"[]", ["must be a JSON object"]),
        ({"Steps": []}, ["Steps must be a list that is not empty"]),
        ({"Steps": [STOP], "Parameters": {"Rows": 1}}, ["Parameters must be a list"]),
        ({"Steps": [STOP], "Parameters": ["Rows"]}, ["needs a Name and a known Type", "'Rows'"]),
        (step("Lambda"), ["Step Notify", "'Lambda' cannot run locally", "Known types", "Training"]),
        (step("Processing"), ["Step Notify", "ProcessingResources is missing", "ProcessingJob"]),
        (step("Processing", [1]), ["Notify", "Arguments must be an object", "[1]"]),
        (
            step("Training", TYPED["Arguments"]),
            ["Notify", "RoleArn is missing", "CreateTrainingJob"],
        ),
        (step("Condition", {"Conditions": [{"Type": "Near"}]}), ["'Near'", "Equals"]),
        (step("Condition", {"Conditions": [{"Type": "Not"}]}), ["Not lacks its Condition"]),
        ({"Steps": [STOP | {"DependsOn": ["Sop"]}]}, ["Sop, which does not exist", "Stop"]),
        ({"Steps": [STOP | {"PropertyFiles": [{}]}]}, ["no member 'PropertyFiles'", "Known are"]),
    ],
)
def test_a_definition_that_cannot_run_is_refused_and_nothing_written(
    sagelocal, folder, content: Any, words: list[str]
) -> None:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / "d.json").write_bytes(raw)
    refused(sagelocal("run", "d.json"), *words)
    assert not (folder / ".sagelocal").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "none.json"], ["none.json", "No such file", "Give the path"]),
        (["run", "."], ["cannot be read", "Give the path"]),
        (["run", "d.json", "--set", "Row=1"], ["no parameter Row", "Did you mean Rows?"]),
        (["run", "d.json", "--set", "Rows=many"], ["Rows must be of type Integer", "'many'"]),
        (["run", "d.json", "--set", "Rows"], ["--set", "NAME=VALUE", "'Rows'", "run --help"]),
        (["run", "d.json", "--set", "=1"], ["NAME=VALUE", "'=1'"]),
        (["run", "d.json", "--set", "Rows=1", "--set", "Rows=2"], ["Rows more than one value"]),
        (["run", "d.json", "--slots", "0"], ["--slots", "1 or more", "'0'"]),
        (["run", "d.json", "--slots", "²"], ["--slots", "'²'"]),
        (["run", "d.json", "--name", "a_b"], ["'a_b'", "hyphens"]),
        (["run", "d.json", "--home", "d.json"], ["must be a folder", "d.json"]),
        (["executions", "--home", "d.json"], ["must be a folder", "d.json"]),
        (["run"], ["FILE", "--help"]),
        (["fly"], ["'fly'", "run"]),
        ([], ["COMMAND", "--help"]),
        (["show", "2026"], ["There is no execution 2026", "None has been started yet"]),
        (["resume", "2026"], ["There is no execution 2026"]),
        (["logs", "2026"], ["There is no execution 2026"]),
    ],
)
def test_an_error_in_the_command_line_is_refused(
    sagelocal, folder, arguments: list[str], words: list[str]
) -> None:
    (folder / "d.json").write_text(json.dumps(GOOD))
    refused(sagelocal(*arguments), *words)
    assert not (folder / ".sagelocal/executions").exists()


def test_step_types_run_or_are_refused_as_the_readme_says(sagelocal, folder) -> None:
    runs, others = step_types()
    assert runs == {*STEP_TYPES}
    assert others == {
        *("Lambda", "Callback", "EMR", "ClarifyCheck", "QualityCheck", "AutoML"),
    }
    for kind in others:
        (folder / "d.json").write_text(json.dumps(step(kind)))
        ended = sagelocal("run", "d.json")
        refused(ended)
        assert ended.err == refusal().replace("Lambda", kind)


def test_a_parameter_without_a_value_is_named(sagelocal, folder) -> None:
    document = {**GOOD, "Parameters": [{"Name": "Rows", "Type": "Integer"}]}
    (folder / "d.json").write_text(json.dumps(document))
    refused(sagelocal("run", "d.json"), "without a value: Rows")


def test_what_has_succeeded_cannot_be_resumed(sagelocal, save, build, latest) -> None:
    sagelocal("run", save(build.processing("Count")))
    refused(sagelocal("resume", latest().id), "has succeeded", "Start a new one")
    refused(sagelocal("logs", latest().id, "Cuont"), "no step 'Cuont'", "Did you mean Count?")


@pytest.mark.skipif(os.name != "posix" or not Path("/proc/1").is_dir(), reason="needs /proc")
def test_a_home_that_cannot_be_written_is_refused(sagelocal, folder) -> None:
    (folder / "d.json").write_text(json.dumps(GOOD))
    refused(sagelocal("run", "d.json", "--home", "/proc/none"), "/proc/none", "--home")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["Get", "Name", "Type", "Std:Join", "Steps"]), inner)
    ),
    max_leaves=4,
)
WHOLE = json.loads(block("json"))


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document but its root."""
    keys = list(node) if isinstance(node, dict) else []
    keys = list(range(len(node))) if isinstance(node, list) else keys
    return [place for key in keys for place in [(*path, key), *places(node[key], (*path, key))]]


def _at(node: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        node = node[key]
    return node


def damaged(document: Any, path: Any, change: Any) -> str:
    copied = copy.deepcopy(document)
    parent = _at(copied, path[:-1])
    if change == "remove":
        del parent[path[-1]]
    else:
        parent[path[-1]] = change
    return json.dumps(copied)


@given(st.sampled_from(places(WHOLE)), st.just("remove") | JSON)
def test_any_damage_to_a_definition_is_refused_or_harmless(path: Any, change: Any) -> None:
    try:
        check_requests(parse_definition(damaged(WHOLE, path, change).encode()))
    except SageLocalError as error:
        assert error.message


CHANGES = [None, 1, "x", [], {}, [1], True, {"Get": "Execution.PipelineName"}, {"Get": 1}]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["readme", "Training", "Tuning"])
def test_no_damage_to_a_definition_is_answered_by_a_traceback(
    sagelocal, folder, build, kind: str
) -> None:
    """Every third of all damages, so each place with some of them."""
    build.put_code(LocalSageMaker(folder / ".sagelocal").storage, fit="print('cv:r2=0.5;')")
    requests = {"Training": build.training_request(), "Tuning": build.tuning_request(1, 1)}
    steps = [{"Name": "Fit", "Type": kind, "Arguments": requests.get(kind)}]
    document = WHOLE if kind == "readme" else {"Steps": steps}
    ways = [(path, change) for path in places(document) for change in [*CHANGES, "remove"]]
    for path, change in ways[::3]:
        (folder / "d.json").write_text(damaged(document, path, change))
        ended = sagelocal("run", "d.json")
        assert ended.code in (0, 1, 2), (path, change)
        if ended.code == 2:
            refused(ended)
