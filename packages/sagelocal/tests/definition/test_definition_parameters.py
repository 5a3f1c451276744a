from __future__ import annotations

import pytest

from sagelocal.definition.parameters import effective_values, parse_parameters
from sagelocal.errors import DefinitionError, ParameterError

DECLARED = parse_parameters(
    [
        {"Name": "Bucket", "Type": "String"},
        {"Name": "Role", "Type": "String"},
        {"Name": "Folds", "Type": "Integer", "DefaultValue": 5},
        {"Name": "MinimumR2", "Type": "Float", "DefaultValue": 0},
        {"Name": "Keep", "Type": "Boolean", "DefaultValue": False},
        {"Name": "Status", "Type": "String", "DefaultValue": "A", "EnumValues": ["A", "B"]},
    ]
)
GIVEN = {"Bucket": "b", "Role": "r"}


def test_defaults_fill_what_the_caller_leaves_out() -> None:
    assert effective_values(DECLARED, GIVEN) == {
        "Bucket": "b",
        "Role": "r",
        "Folds": 5,
        "MinimumR2": 0.0,
        "Keep": False,
        "Status": "A",
    }


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("Folds", "3", 3), ("MinimumR2", "0.5", 0.5), ("MinimumR2", "1", 1.0), ("Keep", "true", True)],
)
def test_text_is_read_as_the_declared_type(name: str, text: str, value: object) -> None:
    converted = effective_values(DECLARED, {**GIVEN, name: text})[name]
    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Folds", "five"),
        ("Folds", 2.5),
        ("Folds", True),
        ("Folds", None),
        ("MinimumR2", True),
        ("MinimumR2", ""),
        ("Keep", 1),
        ("Keep", "yes"),
        ("Bucket", 5),
    ],
)
def test_a_value_of_another_type_is_refused_by_name_and_value(name: str, value: object) -> None:
    with pytest.raises(ParameterError) as caught:
        effective_values(DECLARED, {**GIVEN, name: value})
    assert name in caught.value.message
    assert repr(value) in caught.value.message


def test_all_missing_parameters_are_named_at_once() -> None:
    with pytest.raises(ParameterError, match="Bucket, Role"):
        effective_values(DECLARED, {})


def test_an_unknown_parameter_gets_a_suggestion() -> None:
    with pytest.raises(ParameterError, match="Did you mean Folds"):
        effective_values(DECLARED, {**GIVEN, "Fold": 3})


def test_a_value_outside_the_choices_is_refused() -> None:
    with pytest.raises(ParameterError, match="one of A, B, got 'C'"):
        effective_values(DECLARED, {**GIVEN, "Status": "C"})


@pytest.mark.parametrize(
    ("declared", "error"),
    [
        ([{"Name": "A", "Type": "Text"}], DefinitionError),
        ([{"Type": "String"}], DefinitionError),
        ([{"Name": "A", "Type": "String"}] * 2, DefinitionError),
        ([{"Name": "A", "Type": "Integer", "DefaultValue": "x"}], ParameterError),
        (
            [{"Name": "A", "Type": "String", "DefaultValue": "x", "EnumValues": ["y"]}],
            ParameterError,
        ),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(
    declared: list[dict[str, object]], error: type[Exception]
) -> None:
    with pytest.raises(error, match="A"):
        parse_parameters(declared)
