from __future__ import annotations

import json
from typing import Any

import pytest

from sagelocal.definition.graph import Branch
from sagelocal.definition.parsing import parse_definition
from sagelocal.errors import DefinitionError


def step(name: str, depends_on: list[str] | None = None, **arguments: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "Processing",
        "Arguments": arguments,
        "DependsOn": depends_on or [],
    }


def gate(name: str, if_steps: list[Any], else_steps: list[Any], **more: Any) -> dict[str, Any]:
    condition = {"Type": "Equals", "LeftValue": 1, "RightValue": more.get("right", 1)}
    arguments = {"Conditions": [condition], "IfSteps": if_steps, "ElseSteps": else_steps}
    return {"Name": name, "Type": "Condition", "Arguments": arguments}


def parse(*steps: Any, **top: Any):
    return parse_definition(json.dumps({"Version": "2020-12-01", "Steps": steps, **top}).encode())


def test_dependencies_are_depends_on_and_references_together() -> None:
    uri = {"Std:Join": {"On": "", "Values": [{"Get": "Steps.B.Outputs['x'].Uri"}]}}
    definition = parse(step("A"), step("B"), step("C", ["A"], Inputs=[{"Uri": uri}]))
    assert definition.steps["C"].depends_on == {"A", "B"}


def test_nested_steps_are_steps_on_one_side_of_their_condition() -> None:
    inner = gate("Inner", [step("Deep")], [step("Shallow")])
    definition = parse(step("A"), gate("Outer", [inner], [step("Else", ["A"])]))
    assert list(definition.steps) == ["A", "Outer", "Inner", "Deep", "Shallow", "Else"]
    assert definition.steps["Deep"].branch == Branch("Inner", True)
    assert definition.steps["Shallow"].branch == Branch("Inner", False)
    assert definition.steps["Inner"].branch == Branch("Outer", True)
    assert definition.steps["Else"].depends_on == {"Outer", "A"}
    assert definition.steps["Outer"].depends_on == frozenset()


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([{"Name": "A", "Type": "Lambda"}], "'Lambda' cannot run locally"),
        ([{"Type": "Processing"}], "needs a Name"),
        (["A"], "needs a Name"),
        ([step("../../escape")], "Not a name for a step"),
        ([step("A"), step("A")], "Two steps are called A"),
        ([step("A"), gate("G", [step("A")], [])], "Two steps are called A"),
        ([step("Preprocess"), step("B", ["Preproces"])], "Did you mean Preprocess"),
        ([step("A", X={"Get": "Steps.Missing.Y"})], "Missing, which does not exist"),
        ([step("A", X={"Get": "Parameters.Missing"})], "Parameters.Missing, which does not"),
        ([step("A", X={"Get": "Execution.Missing"})], "Execution.Missing, which does not"),
        ([step("A", X={"Get": "Nonsense"})], "A Get must name"),
        ([step("A", ["B"]), step("B", ["A"])], "wait for each other"),
        ([step("A", ["A"])], "wait for each other"),
        ([gate("G", [step("A")], [], right={"Get": "Steps.A.X"})], "wait for each other"),
        ([step("A", [{"Name": "B"}])], "DependsOn must list step names"),
        ([], "must be a list that is not empty"),
    ],
)
def test_a_faulty_definition_is_refused_with_the_reason(steps: list[Any], message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(*steps)
    assert message in str(caught.value)


def test_an_unknown_condition_type_is_refused() -> None:
    faulty = gate("G", [], [])
    faulty["Arguments"]["Conditions"][0]["Type"] = "Roughly"
    with pytest.raises(DefinitionError, match="unknown condition 'Roughly'"):
        parse(faulty)


def test_a_property_file_must_be_declared_by_its_step() -> None:
    file = {"PropertyFileName": "Selection", "OutputName": "o", "FilePath": "s.json"}
    config = {"Outputs": [{"OutputName": "o"}]}
    value = {
        "Std:JsonGet": {"PropertyFile": {"Get": "Steps.A.PropertyFiles.Selection"}, "Path": "x"}
    }
    parse({**step("A", ProcessingOutputConfig=config), "PropertyFiles": [file]}, step("B", X=value))
    with pytest.raises(DefinitionError, match="names no output of the step: 'o'"):
        parse({**step("A"), "PropertyFiles": [file]})
    with pytest.raises(DefinitionError, match="does not declare: Selection"):
        parse(step("A"), step("B", X=value))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"Steps": [NaN]}', b"\xff"])
def test_what_is_not_strict_json_is_refused(content: bytes) -> None:
    with pytest.raises(DefinitionError, match="definition"):
        parse_definition(content)
