from __future__ import annotations

import pytest

from sagelocal.definition.conditions import check_condition, holds
from sagelocal.errors import DefinitionError


def compare(kind: str, left: object, right: object) -> dict[str, object]:
    return {"Type": kind, "LeftValue": left, "RightValue": right}


@pytest.mark.parametrize(
    ("kind", "below", "equal", "above"),
    [
        ("Equals", False, True, False),
        ("GreaterThan", False, False, True),
        ("GreaterThanOrEqualTo", False, True, True),
        ("LessThan", True, False, False),
        ("LessThanOrEqualTo", True, True, False),
    ],
)
def test_a_comparison_holds_on_its_side_only(
    kind: str, below: bool, equal: bool, above: bool
) -> None:
    assert [holds(compare(kind, left, 0.5)) for left in (0.4, 0.5, 1)] == [below, equal, above]


def test_texts_are_compared_sign_by_sign_as_on_the_service() -> None:
    """The SDK's integration test test_ppl_var_to_string_and_add: "1" > "3" is false, "1" > "0"."""
    assert [holds(compare("GreaterThan", "1", right)) for right in ("3", "0")] == [False, True]
    assert holds(compare("LessThan", "10", "9"))


def test_not_or_and_in_combine() -> None:
    no, yes = compare("Equals", "tree", "boost"), compare("Equals", "tree", "tree")
    assert holds({"Type": "Or", "Conditions": [no, yes]})
    assert not holds({"Type": "Or", "Conditions": [no, no]})
    assert holds({"Type": "Not", "Condition": no})
    assert holds({"Type": "In", "QueryValue": "a", "Values": ["b", "a"]})
    assert not holds({"Type": "In", "QueryValue": "c", "Values": ["b", "a"]})


@pytest.mark.parametrize("value", ["0.9", True, None])
def test_only_two_numbers_or_two_texts_are_put_in_order(value: object) -> None:
    with pytest.raises(DefinitionError, match="compares two numbers or two texts"):
        holds(compare("GreaterThan", value, 0.5))


@pytest.mark.parametrize(
    "condition",
    [
        {"Type": "Or", "Conditions": [{"Type": "Near"}]},
        {"Type": "Not", "Condition": {"Type": "Or", "Conditions": {}}},
        {"Type": "Equals", "LeftValue": 1},
        {"Type": "Equals", "LeftValue": 1, "RightValue": 1, "Expression": 1},
        {"Type": "In", "QueryValue": 1, "Values": 1},
        {"Type": ["Equals"]},
        "Equals",
        None,
    ],
)
def test_a_condition_of_another_shape_is_refused_however_deep_it_lies(condition) -> None:
    with pytest.raises(DefinitionError, match="^Step Gate: "):
        check_condition(condition, "Gate")
