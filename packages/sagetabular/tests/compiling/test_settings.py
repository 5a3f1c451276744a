from __future__ import annotations

import copy

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagetabular.errors import UserError
from sagetabular.settings import ProjectSettings

PIPELINE, AWS = "conf/pipeline.yaml", "conf/aws.yaml"
RIDGE = "models/ridge/model.yaml"


# What is wrong with a whole file: its text, rule, remedy.
WRONG_FILES = {
    "a list": ("- a\n", "must hold `key: value` lines, got ['a'].", "Compare it with the version"),
    "nothing": (
        "",
        "must hold `key: value` lines, and says nothing.",
        "Compare it with the version",
    ),
    "an open bracket": (
        "a: [1\n",
        "not readable as YAML: while parsing a flow sequence (line 1, column 4), expected ','",
        "Correct the syntax.",
    ),
    "a tab": (
        "a:\n\tb: 1\n",
        "not readable as YAML: while scanning for the next token, found character '\\t' that "
        "cannot start any token (line 2, column 1).",
        "Indent with blanks: YAML takes no tabs.",
    ),
    "a key twice": (
        "a: 1\nb: 2\na: 3\n",
        "not readable as YAML: the key 'a' stands twice (line 3, column 1).",
        "Correct",
    ),
    "a key twice inside": (
        "a: {b: 1, b: 2}\n",
        "not readable as YAML: the key 'b' stands",
        "Correct",
    ),
    "a date that does not exist": (
        "a: 2026-02-30\n",
        "not readable as YAML: '2026-02-30'",
        "Correct",
    ),
    "a number too long for Python": ("a: " + "9" * 5000, "not readable as YAML: '999", "Correct"),
    "a tag that runs code": (
        "!!python/object:os.system x",
        "not readable as YAML: could",
        "Correct",
    ),
    "an impossible tag": (
        "a: !!bool perhaps\n",
        "not readable as YAML: 'perhaps' is no",
        "Correct",
    ),
    "brackets without end": ("[" * 3000, "is nested too deeply.", "Correct the syntax."),
    "a template not yet rendered": (
        "name: " + 2 * "{" + "x}" + "}",
        "not readable as YAML: ",
        "Correct",
    ),
}


@pytest.mark.parametrize("file", [PIPELINE, AWS, RIDGE])
@pytest.mark.parametrize(("text", "rule", "remedy"), WRONG_FILES.values(), ids=WRONG_FILES.keys())
def test_a_file_that_is_no_mapping_is_refused(example, mistake_of, file, text, rule, remedy):
    example.write(file, text)
    found_rule, found_remedy = mistake_of(example)
    assert found_rule.startswith(f"{file}: {rule}")
    assert found_remedy.startswith(remedy)


@pytest.mark.parametrize(
    ("file", "field"),
    [(PIPELINE, "name"), (PIPELINE, "data.target"), (AWS, "region"), (RIDGE, "title")],
)
def test_a_missing_field_is_named(example, mistake_of, file, field):
    example.change(file, field, remove=True)
    assert mistake_of(example) == (f"{file}: {field} is missing.", "Add it.")


def test_of_a_required_field_that_is_misspelt_the_spelling_is_reported(example, mistake_of):
    example.change(PIPELINE, "data.target", remove=True)
    example.change(PIPELINE, "data.taget", "price")
    expected = f"{PIPELINE}: data.taget is not a known setting.", "Did you mean 'target'?"
    assert mistake_of(example) == expected


@pytest.mark.parametrize("file", [PIPELINE, AWS])
def test_a_missing_file_is_named(example, mistake_of, file):
    (example.root / file).unlink()
    expected = f"{file}: the file is missing.", "Run the command inside a project, or restore the"
    rule, remedy = mistake_of(example)
    assert (rule, remedy[: len(expected[1])]) == expected


def test_a_folder_in_the_place_of_a_file_is_named(example, mistake_of):
    (example.root / AWS).unlink()
    (example.root / AWS).mkdir()
    rule, remedy = mistake_of(example)
    assert rule == f"{AWS}: cannot be read: Is a directory."
    assert remedy == "Make it a file that you may read."


def test_a_file_in_another_encoding_is_named(example, mistake_of):
    (example.root / AWS).write_bytes("region: Zürich".encode("latin-1"))
    rule, remedy = mistake_of(example)
    assert rule.startswith(f"{AWS}: not readable as YAML: 'utf-8' codec can't decode byte 0xfc")
    assert remedy == "Save it in the encoding UTF-8."


def test_a_model_without_code_is_named(example, mistake_of):
    (example.root / "models/ridge/model.py").unlink()
    rule, remedy = mistake_of(example)
    assert rule == "models/ridge/model.py: the file is missing."
    assert remedy == "Write it with the functions fit, predict, save and load."


@pytest.mark.parametrize("name", ["my-model", "2nd", "modèle", "code", "data"])
def test_a_model_folder_needs_a_name_that_can_be_imported_and_is_free(example, mistake_of, name):
    (example.root / "models/ridge").rename(example.root / "models" / name)
    rule, remedy = mistake_of(example)
    label = f"models/{name}/model.yaml"
    assert rule == f"{label}: a model must have a Python name that is not reserved, got {name!r}."
    assert remedy == "Use letters, digits and underscores, and a name other than `code` or `data`."


def test_two_models_cannot_share_a_title(example, mistake_of):
    example.change(RIDGE, "title", "Boost")
    rule, remedy = mistake_of(example)
    assert rule == f"{RIDGE}: title 'Boost' is also that of boost."
    assert remedy == "Give each model a title of its own."


def test_a_project_without_models_is_refused(example, mistake_of):
    for model in ("ridge", "boost"):
        (example.root / "models" / model / "model.yaml").unlink()
    rule, _ = mistake_of(example)
    assert rule == "models/: holds no model, i.e. no folder with a model.yaml."


def test_tracking_has_room_for_eight_models_that_are_tuned(example, mistake_of):
    ridge = yaml.safe_load((example.root / RIDGE).read_text(encoding="utf-8"))
    for number in range(3, 9):
        example.write(f"models/m{number}/model.yaml", ridge | {"title": f"M{number}"})
        example.write(f"models/m{number}/model.py", "")
    assert len(example.load().models) == 8
    example.write("models/more/model.yaml", ridge | {"title": "More"})
    example.write("models/more/model.py", "")
    assert mistake_of(example) == (
        "models/: may hold 8 tuned models with tracking: auto, got 9.",
        "List fewer of them under models in conf/pipeline.yaml, or write `tracking: none`.",
    )
    example.change(PIPELINE, "tracking", "none")
    assert len(example.load().models) == 9


def test_models_come_in_alphabetical_order_unless_they_are_listed(example):
    assert [*example.load().models] == ["boost", "ridge"]
    example.change(PIPELINE, "models", ["ridge", "boost"])
    assert [*example.load().models] == ["ridge", "boost"]
    example.change(PIPELINE, "models", ["ridge"])
    assert [*example.load().models] == ["ridge"]


def test_the_settings_are_what_the_files_say(example):
    loaded = example.load()
    pipeline, ridge = loaded.pipeline, loaded.models["ridge"]
    assert (pipeline.split.folds, pipeline.split.test, pipeline.data.drop) == (3, 0.2, ["area"])
    assert pipeline.data.columns["garden"].optional
    assert pipeline.data.columns["district"].type == "category"
    assert ridge.hyperparameters == {"centred": True}
    assert ridge.tuning.ranges["strength"].max == 10


def test_a_number_in_scientific_notation_is_a_number(example):
    text = (example.root / RIDGE).read_text(encoding="utf-8")
    assert "min: 0.01" in text
    for written in ("1e-3", "1E-3", "1.e-3", "0.1e-2"):
        example.write(RIDGE, text.replace("min: 0.01", f"min: {written}"))
        assert example.load().models["ridge"].tuning.ranges["strength"].min == 0.001


def test_an_entry_can_be_merged_into_another(example):
    example.change(PIPELINE, "resources", remove=True)
    with (example.root / PIPELINE).open("a", encoding="utf-8") as file:
        file.write("resources:\n  processing: &p {volume_gb: 7, max_minutes: 8}\n")
        file.write("  training: {<<: *p, max_minutes: 9}\n")
    training = example.load().pipeline.resources.training
    assert (training.volume_gb, training.max_minutes) == (7, 9)


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=20)
)  # fmt: skip
KEYS = st.sampled_from(["data", "split", "by", "folds", "type", "columns"]) | st.text(max_size=9)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | SCALARS, inner, max_size=4),
    max_leaves=8,
)
ANY_PROJECT = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def loads_or_explains(example):
    """Settings or two lines: any other exception fails the test."""
    try:
        assert isinstance(example.load(), ProjectSettings)
    except UserError as error:
        rule, remedy = str(error).splitlines()
        assert rule.startswith(("conf/pipeline.yaml: ", "models/"))
        assert remedy


def places(document):
    """Every mapping and list in a document, with its keys."""
    keys = [*document] if isinstance(document, dict) else [*range(len(document))]
    for key in keys:
        yield document, key
        if isinstance(document[key], dict | list):
            yield from places(document[key])


@ANY_PROJECT
@given(text=st.text() | VALUES.map(yaml.safe_dump))
def test_whatever_the_file_holds_gives_settings_or_two_lines(example, text):
    example.write(PIPELINE, text.encode(errors="replace").decode())
    loads_or_explains(example)


@ANY_PROJECT
@given(data=st.data(), value=VALUES)
def test_whatever_one_field_holds_gives_settings_or_two_lines(example, data, value):
    original = yaml.safe_load((example.root / PIPELINE).read_text(encoding="utf-8"))
    changed = copy.deepcopy(original)
    place, key = data.draw(st.sampled_from([*places(changed)]))
    if data.draw(st.booleans()) and isinstance(place, dict):
        place[data.draw(KEYS)] = place.pop(key)
    else:
        place[key] = value
    try:
        example.write(PIPELINE, changed)
        loads_or_explains(example)
    finally:
        example.write(PIPELINE, original)
