"""`one_hot` of a category column: the flow that encodes it, and who knows the new columns."""

from __future__ import annotations

import json

import pytest

CONF = "conf/pipeline.yaml"
DISTRICT = "data.columns.district"
MANAGE = "sagemaker.spark.manage_columns_0.1"
CATEGORIES = ["NEAR BAY", "<1H OCEAN", "it's.", "Ñ"]
COLUMNS = ["district_NEARBAY", "district_1HOCEAN", "district_it's.", "district_Ñ"]


@pytest.fixture
def encoding(example):
    """The small project, read by Data Wrangler, which encodes a column of it."""
    example.change(CONF, "data.source", "data_wrangler")
    example.change(CONF, "data.columns.garden", remove=True)
    example.change(CONF, DISTRICT, {"type": "category", "one_hot": CATEGORIES})
    return example


def nodes_of(compiled):
    (content,) = compiled.assets.flow.asset.files.values()
    return json.loads(content)["nodes"]


def preprocess_settings_of(compiled):
    return json.loads(compiled.assets.preprocess_settings.files["preprocess.json"])


def test_the_flow_encodes_behind_the_drops_and_before_the_target_moves_as_studio_writes_it(
    encoding,
):
    compiled = encoding.compile()
    nodes = nodes_of(compiled)
    moves = [node["parameters"].get("operator") for node in nodes[2:]]
    assert moves == ["Drop column", "Remove symbols", "One-hot encode", "Move column"]
    removal, encoder = nodes[3:5]
    assert removal["operator"] == "sagemaker.spark.format_string_0.1"
    assert removal["parameters"] == {
        "operator": "Remove symbols",
        "remove_symbols_parameters": {
            "symbols": " ,;{}()=\t\n[]<`", "input_column": "district",
        },
    }  # fmt: skip
    assert encoder == {
        "node_id": encoder["node_id"],
        "type": "TRANSFORM",
        "operator": "sagemaker.spark.encode_categorical_0.1",
        "parameters": {
            "operator": "One-hot encode",
            "one_hot_encode_parameters": {
                "invalid_handling_strategy": "Keep",
                "drop_last": False,
                "output_style": "Columns",
                "input_column": "district",
            },
        },
        "inputs": [{"name": "df", "node_id": removal["node_id"], "output_name": "default"}],
        "outputs": [{"name": "default"}],
    }
    assert nodes[1]["trained_parameters"]["schema"]["district"] == "string"


def test_preprocess_expects_a_number_for_each_listed_category_in_place_of_the_column(encoding):
    settings = preprocess_settings_of(encoding.compile())
    assert settings["one_hot"] == {"district": COLUMNS}
    assert [*settings["columns"]] == ["rooms", *COLUMNS, "sold", "price"]
    for name in COLUMNS:
        assert settings["columns"][name] == {"type": "number", "optional": False}


def test_the_same_list_gives_the_same_bytes_and_another_one_changes_what_preprocess_is_given(
    encoding,
):
    first, second = encoding.compile(), encoding.compile()
    assert first.definition == second.definition
    assert first.assets.objects() == second.assets.objects()
    encoding.change(CONF, f"{DISTRICT}.one_hot", ["NEAR BAY"])
    third = encoding.compile()
    assert third.assets.flow == first.assets.flow
    assert third.assets.preprocess_settings.key != first.assets.preprocess_settings.key


def test_two_columns_are_encoded_one_after_the_other(encoding):
    encoding.change(CONF, "data.columns.rooms", {"type": "category", "one_hot": ["1", "2"]})
    compiled = encoding.compile()
    encoded = [
        node["parameters"]["one_hot_encode_parameters"]["input_column"]
        for node in nodes_of(compiled)
        if "encode_categorical" in node["operator"]
    ]
    assert encoded == ["rooms", "district"]
    settings = preprocess_settings_of(compiled)
    assert [*settings["columns"]] == ["rooms_1", "rooms_2", *COLUMNS, "sold", "price"]


def test_without_a_list_the_flow_encodes_nothing(encoding):
    encoding.change(CONF, DISTRICT, "category")
    compiled = encoding.compile()
    assert [node["operator"] for node in nodes_of(compiled)[2:]] == [MANAGE, MANAGE]
    assert preprocess_settings_of(compiled)["one_hot"] == {}


def encoded(*categories):
    return {"type": "category", "one_hot": [*categories]}


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("data.source", "athena", "district.one_hot needs `source: data_wrangler`, got 'athena'."),
        (
            "data.columns.rooms",
            {"type": "number", "one_hot": ["1"]},
            "rooms.one_hot is for a column of type category, got 'number'.",
        ),
        (
            "data.drop",
            ["district"],
            "district.one_hot must not encode a column that data.drop names, got 'district'.",
        ),
        (
            "split",
            {"kind": "grouped", "by": "district"},
            "district.one_hot must not encode the column that split.by names, got 'district'.",
        ),
        (DISTRICT, encoded(), "district.one_hot must list a category, got []."),
        (
            DISTRICT,
            encoded("a", " "),
            "district.one_hot must list categories with a letter or digit, got ' '.",
        ),
        (
            DISTRICT,
            encoded("a", "b\n"),
            "district.one_hot must list categories with a letter or digit, got 'b\\n'.",
        ),
        (
            DISTRICT,
            encoded("a", "b", "a"),
            "district.one_hot: 'a' becomes 'district_a', as does 'a' of district.",
        ),
        (
            DISTRICT,
            encoded("A B", "ab"),
            "district.one_hot: 'ab' becomes 'district_ab', as does 'A B' of district.",
        ),
        (
            DISTRICT,
            encoded("ab", "A B"),
            "district.one_hot: 'A B' becomes 'district_AB', as does 'ab' of district.",
        ),
        (
            "data.columns.district_a",
            "number",
            "district.one_hot: 'a' becomes 'district_a', as does the column 'district_a'.",
        ),
        (
            "data.columns.district_a",
            encoded("b"),
            "district.one_hot: 'a' becomes 'district_a', as does the column 'district_a'.",
        ),
        (DISTRICT, {"type": "category", "one_hot": True}, "district.one_hot must be a valid list"),
        (DISTRICT, encoded(1), "district.one_hot.0 must be a valid string, got 1."),
    ],
)
def test_an_encoding_that_cannot_be_is_a_mistake_of_the_user(
    encoding, mistake_of, field, value, rule
):
    encoding.change(CONF, DISTRICT, encoded("a", "a_c"))
    encoding.change(CONF, field, value)
    said, remedy = mistake_of(encoding)
    assert said.startswith(f"{CONF}: data.columns.{rule}")
    assert remedy


def test_columns_of_two_lists_must_not_meet(encoding, mistake_of):
    encoding.change(CONF, "data.columns.a_b", encoded("c"))
    encoding.change(CONF, "data.columns.a", encoded("b_c"))
    said, _ = mistake_of(encoding)
    assert said == f"{CONF}: data.columns.a.one_hot: 'b_c' becomes 'a_b_c', as does 'c' of a_b."
