from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagelocal.definition.expressions import Context, Reference, parse_path, references, resolve
from sagelocal.errors import DefinitionError

KEYS = st.text(st.characters(blacklist_characters="'", blacklist_categories=("Cs",)))
SCALARS = st.one_of(st.text(), st.integers(), st.booleans(), st.floats(allow_nan=False))
PLAIN = st.recursive(
    SCALARS | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=5), inner),
)
DOCUMENT = {"winner": {"name": "tree", "test r2": 0.5}, "ranking": [{"model": "tree"}], "no": None}


def context(**parts: Any) -> Context:
    return Context(
        parts.get("parameters", {}),
        parts.get("execution", {}),
        parts.get("responses", {}),
        lambda _step, _name: DOCUMENT,
    )


def json_get(path: str) -> dict[str, Any]:
    file = {"Get": "Steps.Select.PropertyFiles.Selection"}
    return {"Std:JsonGet": {"PropertyFile": file, "Path": path}}


@pytest.mark.slow
@given(PLAIN)
def test_what_holds_no_expression_stays_as_it_is(node: object) -> None:
    assert resolve(node, context()) == node


@given(st.dictionaries(st.from_regex(r"[A-Za-z]\w{0,9}", fullmatch=True), SCALARS, min_size=1))
def test_a_parameter_resolves_to_its_typed_value_at_any_depth(values: dict[str, Any]) -> None:
    name, value = next(iter(values.items()))
    resolved = resolve([{"a": {"Get": f"Parameters.{name}"}}], context(parameters=values))
    assert resolved == [{"a": value}]
    assert type(resolved[0]["a"]) is type(value)  # type: ignore[index]


@given(st.lists(st.text()), st.text())
def test_join_of_texts_is_what_python_joins(values: list[str], separator: str) -> None:
    join = {"Std:Join": {"On": separator, "Values": values}}
    assert resolve(join, context()) == separator.join(values)


@pytest.mark.parametrize(
    ("value", "text"), [(5, "5"), (0.5, "0.5"), (True, "true"), (False, "false"), ("5", "5")]
)
def test_join_writes_scalars_as_the_service_does(value: object, text: str) -> None:
    join = {"Std:Join": {"On": "", "Values": [{"Get": "Parameters.p"}]}}
    assert resolve(join, context(parameters={"p": value})) == text


def test_joins_nest() -> None:
    inner = {"Std:Join": {"On": "-", "Values": ["a", 1]}}
    assert resolve({"Std:Join": {"On": "/", "Values": [inner, "b"]}}, context()) == "a-1/b"


@pytest.mark.parametrize("value", [None, [1], {"a": 1}])
def test_join_refuses_what_is_not_a_scalar(value: object) -> None:
    with pytest.raises(DefinitionError, match="Std:Join takes"):
        resolve({"Std:Join": {"On": "", "Values": [value]}}, context())


@given(st.lists(KEYS | st.integers(0, 99), min_size=1))
def test_a_path_in_brackets_reads_back(path: list[str | int]) -> None:
    text = "".join(f"[{key}]" if isinstance(key, int) else f"['{key}']" for key in path)
    assert parse_path(text) == tuple(path)


def test_a_path_mixes_dots_names_and_indices() -> None:
    assert parse_path("$.a.b['c.d'][0][\"e\"].f") == ("a", "b", "c.d", 0, "e", "f")


@pytest.mark.parametrize("text", ["", "$", "a..b", "a[", "a['b", "a[b]", ".", "a.[0"])
def test_what_is_not_a_path_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match=r"not a path"):
        parse_path(text)


@pytest.mark.parametrize(
    "text", ["Parameters", "Parameters.a.b", "Steps.Fit", "Fit.x", "Execution", 5, None]
)
def test_a_get_must_name_something_that_can_be_got(text: object) -> None:
    with pytest.raises(DefinitionError, match=r"A Get must name|not a path"):
        list(references({"Get": text}))


def test_references_are_found_inside_joins_and_json_gets() -> None:
    node = {"a": [json_get("x"), {"Std:Join": {"On": "", "Values": [{"Get": "Parameters.p"}]}}]}
    assert list(references(node)) == [
        Reference("Steps", "Select", ("PropertyFiles", "Selection")),
        Reference("Parameters", "p"),
    ]


def test_a_property_of_a_step_is_reached_by_key_and_by_the_name_of_a_list_element() -> None:
    response = {
        "BestTrainingJob": {"TunedHyperParameters": {"max_depth": "7"}},
        "Outputs": [
            {"OutputName": "train", "S3Output": {"S3Uri": "s3://a/train"}},
            {"OutputName": "test", "S3Output": {"S3Uri": "s3://a/test"}},
        ],
    }
    known = context(responses={"Tune": response})

    def get(path: str) -> object:
        return resolve({"Get": f"Steps.Tune.{path}"}, known)

    assert get("BestTrainingJob.TunedHyperParameters['max_depth']") == "7"
    assert get("Outputs['test'].S3Output.S3Uri") == "s3://a/test"
    assert get("Outputs[0].OutputName") == "train"


@pytest.mark.parametrize("path", ["Outputs['other']", "Outputs[2]", "Status.Deeper", "Nothing"])
def test_a_property_that_is_not_there_is_an_error_that_names_the_step(path: str) -> None:
    known = context(responses={"Tune": {"Outputs": [{"OutputName": "a"}], "Status": "Done"}})
    with pytest.raises(DefinitionError, match=r"Steps\.Tune has no value"):
        resolve({"Get": f"Steps.Tune.{path}"}, known)


@pytest.mark.parametrize(
    ("path", "value"),
    [("winner.name", "tree"), ("winner['test r2']", 0.5), ("$.ranking[0].model", "tree")],
)
def test_json_get_reads_a_scalar_of_a_property_file(path: str, value: object) -> None:
    assert resolve(json_get(path), context()) == value


@pytest.mark.parametrize("path", ["winner", "ranking", "no", "winner.loser"])
def test_json_get_of_anything_else_is_an_error(path: str) -> None:
    with pytest.raises(DefinitionError, match="Select"):
        resolve(json_get(path), context())


@pytest.mark.slow
@given(PLAIN)
def test_resolving_does_not_change_the_definition(node: object) -> None:
    before = json.dumps(node)
    resolve({"wrapped": node, "p": {"Get": "Parameters.p"}}, context(parameters={"p": 1}))
    assert json.dumps(node) == before
