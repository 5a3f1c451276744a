"""Which models are served, and why others are not."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from sagetabular.jobs.errors import JobError
from sagetabular.serving.errors import NoModelError
from sagetabular.serving.model import load_model


@pytest.fixture
def copied(model_folders, tmp_path):
    """Copies a model into a folder that the test may change."""

    def copy(name):
        return shutil.copytree(model_folders[name], tmp_path / name)

    return copy


def change(folder, **fields) -> None:
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def reason(folder) -> str:
    with pytest.raises(JobError) as info:
        load_model(folder)
    assert len(str(info.value).splitlines()) == 2, "a rule and a remedy"
    return info.value.message


def test_an_empty_folder_holds_no_model(tmp_path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(NoModelError, match="There is no model in"):
            load_model(folder)


@pytest.mark.parametrize("name", ["decision_tree", "xgboost"])
def test_a_damaged_file_is_named_and_no_traceback(copied, name) -> None:
    folder = copied(name)
    file = max(folder.iterdir(), key=lambda path: path.stat().st_size)
    whole = file.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"\x80\x04N."):
        file.write_bytes(content)
        assert f"models/{name} cannot load its files" in reason(folder)


def test_a_file_that_wants_to_run_code_is_refused(copied, tmp_path) -> None:
    import skops.io

    class Hostile:
        def __reduce__(self):
            return (print, ("owned",))

    folder = copied("decision_tree")
    skops.io.dump(Hostile(), folder / "model.skops")
    assert "UntrustedTypesFoundException" in reason(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"model": "decision_tree"}', "\x00"])
def test_a_damaged_manifest_is_named(copied, content) -> None:
    folder = copied("decision_tree")
    (folder / "manifest.json").write_text(content)
    assert "manifest.json of the model cannot be used" in reason(folder)
    (folder / "manifest.json").unlink()
    assert "manifest.json of the model cannot be used" in reason(folder)


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "../evil"},
        {"model": None},
        {"features": []},
        {"features": ["rooms", "rooms", "age"]},
        {"features": "abc"},
        {"categories": ["town"]},
        {"typical": {"rooms": 1.0}},
        {"features": ["rooms", 7, "age"]},
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(copied, fields) -> None:
    folder = copied("decision_tree")
    change(folder, **fields)
    assert "manifest.json of the model cannot be used" in reason(folder)


@pytest.mark.parametrize("name", ["decision_tree", "xgboost"])
@pytest.mark.parametrize("features", [["rooms", "área", "size"], ["rooms", "área"]])
def test_a_manifest_with_other_columns_than_the_model_is_refused(copied, name, features) -> None:
    folder = copied(name)
    change(folder, features=features, typical=dict.fromkeys(features, 1.0))
    assert "The model was fitted on the columns" in reason(folder)


@pytest.mark.parametrize("name", ["decision_tree", "xgboost"])
def test_a_manifest_with_the_columns_in_another_order_is_refused(copied, name) -> None:
    folder = copied(name)
    change(folder, features=["age", "rooms", "área"])
    assert "was fitted on the columns ['rooms', 'área', 'age'], got ['age'," in reason(folder)


def test_a_model_whose_code_is_not_here_is_refused(copied) -> None:
    folder = copied("decision_tree")
    change(folder, model="elsewhere")
    assert "models/elsewhere, which cannot be imported here" in reason(folder)


@pytest.mark.parametrize("name", ["decision_tree", "xgboost"])
def test_a_scorer_that_differs_in_one_bit_is_refused(copied, name, monkeypatch) -> None:
    folder = copied(name)
    code = load_model(folder).code
    build = code.scorer

    def build_differently(model, columns):
        score = build(model, columns)
        return lambda matrix: np.nextafter(score(matrix), np.inf)

    monkeypatch.setattr(code, "scorer", build_differently)
    assert "scorer must return what predict returns" in reason(folder)
