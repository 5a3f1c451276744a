"""What every `models/*/model.py` must do, whatever it computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from pipelines.training.jobs.evaluate import feature_importance
from pipelines.training.jobs.hyperparameters import ModelCode, load_model_code

FOLDER = Path(__file__).parents[2] / "models"
MODELS = sorted(path.parent.name for path in FOLDER.glob("*/model.yaml"))
SEED = 11


def make_features(rows: int = 300, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Numbers with gaps, a category with gaps, a constant column, a name that is hostile."""
    generator = np.random.default_rng(seed)
    size = generator.normal(size=rows)
    town = generator.choice(["<1H OCEAN", "in[land]", "île"], rows).astype(object)
    target = pd.Series(np.where(town == "île", 3.0, 0.0) + size**2)
    size[::17] = np.nan
    town[::13] = None
    return pd.DataFrame({"size": size, 'to"wn <b>': town, "constant": 1.0}), target


def middle_of_ranges(model: str) -> dict[str, object]:
    """The fixed hyperparameters and the middle of every range in `model.yaml`."""
    content = yaml.safe_load((FOLDER / model / "model.yaml").read_text())
    chosen = dict(content.get("hyperparameters", {}))
    for name, entry in content["tuning"]["ranges"].items():
        if entry["type"] == "categorical":
            chosen[name] = entry["values"][0]
        else:
            middle = (entry["min"] + entry["max"]) / 2
            chosen[name] = int(middle) if entry["type"] == "integer" else middle
    return chosen


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def code(model: str) -> ModelCode:
    return load_model_code(model)


@pytest.fixture
def fitted(code: ModelCode, model: str):
    features, target = make_features()
    return code.fit(features, target, middle_of_ranges(model), SEED)


def test_predictions_are_one_finite_number_a_row(code: ModelCode, fitted) -> None:
    features, target = make_features()
    predictions = code.predict(fitted, features)
    assert predictions.shape == (300,)
    assert predictions.dtype == np.float64
    assert np.isfinite(predictions).all()
    assert np.corrcoef(predictions, target)[0, 1] > 0.5, "it must learn something"


def test_the_same_seed_gives_the_same_bits(code: ModelCode, model: str, fitted) -> None:
    features, target = make_features()
    again = code.fit(features, target, middle_of_ranges(model), SEED)
    np.testing.assert_array_equal(
        code.predict(fitted, features), code.predict(again, features), strict=True
    )


def test_fitting_in_two_parts_if_offered_gives_the_same_bits_for_every_setting(
    code: ModelCode, model: str
) -> None:
    features, target = make_features()
    prepare, fit_prepared = getattr(code, "prepare", None), getattr(code, "fit_prepared", None)
    if prepare is None or fit_prepared is None:
        assert (prepare, fit_prepared) == (None, None), "one of the two is of no use alone"
        return
    prepared = prepare(features, target)
    for seed in (SEED, SEED + 1, SEED):
        predictions = [
            code.predict(found, features)
            for found in (
                code.fit(features, target, middle_of_ranges(model), seed),
                fit_prepared(prepared, middle_of_ranges(model), seed),
            )
        ]
        np.testing.assert_array_equal(*predictions, strict=True)


def test_a_saved_model_predicts_the_same_bits(code: ModelCode, fitted, tmp_path: Path) -> None:
    features, _ = make_features(seed=5)
    code.save(fitted, tmp_path)
    np.testing.assert_array_equal(
        code.predict(fitted, features), code.predict(code.load(tmp_path), features), strict=True
    )


def test_importance_if_offered_gives_every_column_its_share(
    code: ModelCode, fitted, tmp_path: Path
) -> None:
    features, _ = make_features()
    shares = feature_importance(code, fitted)
    if shares is None:  # it is optional
        return
    assert set(shares) == set(features.columns)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["constant"] == 0
    assert min(shares["size"], shares['to"wn <b>']) > 0.1, "both columns matter"
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    code.save(fitted, tmp_path)
    assert feature_importance(code, code.load(tmp_path)) == shares


def test_importance_if_offered_survives_columns_without_text_or_without_effect(
    code: ModelCode, model: str
) -> None:
    features, target = make_features()
    numbers, hyperparameters = features[["constant", "size"]], middle_of_ranges(model)
    shares = feature_importance(code, code.fit(numbers, target, hyperparameters, SEED))
    flat = feature_importance(code, code.fit(numbers[["constant"]], target, hyperparameters, SEED))
    assert shares in (None, {"size": pytest.approx(1), "constant": 0})
    assert flat in (None, {"constant": 0})


def test_nothing_that_is_saved_is_a_pickle(code: ModelCode, fitted, tmp_path: Path) -> None:
    code.save(fitted, tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for file in files:
        assert file.suffix not in {".pkl", ".pickle", ".joblib"}
        assert not file.read_bytes().startswith(b"\x80")


def test_unseen_and_missing_values_are_predicted(code: ModelCode, fitted) -> None:
    features, _ = make_features(4)
    features['to"wn <b>'] = ["never seen", None, "île", ""]
    features["size"] = [np.nan, np.nan, 1e12, -1e12]
    assert np.isfinite(code.predict(fitted, features)).all()


def test_one_row_is_enough_to_predict(code: ModelCode, fitted) -> None:
    features, _ = make_features()
    alone = [code.predict(fitted, features.iloc[[row]])[0] for row in range(20)]
    np.testing.assert_allclose(alone, code.predict(fitted, features)[:20], rtol=1e-6)


def test_neither_fitting_nor_predicting_changes_its_input(code: ModelCode, model: str) -> None:
    features, target = make_features()
    before, expected = features.copy(), target.copy()
    hyperparameters = middle_of_ranges(model)
    code.predict(code.fit(features, target, hyperparameters, SEED), features)
    pd.testing.assert_frame_equal(features, before)
    pd.testing.assert_series_equal(target, expected)
    assert hyperparameters == middle_of_ranges(model)


def test_a_table_of_numbers_alone_works(code: ModelCode, model: str) -> None:
    features, target = make_features()
    numbers = features[["size", "constant"]]
    found = code.fit(numbers, target, middle_of_ranges(model), SEED)
    assert np.isfinite(code.predict(found, numbers)).all()


def test_an_unknown_hyperparameter_is_refused_or_at_least_named(
    code: ModelCode, model: str, recwarn: pytest.WarningsRecorder
) -> None:
    """XGBoost warns from C, where no exception can be raised; the log of the trial has it."""
    features, target = make_features()
    complaints: list[str] = []
    try:
        code.fit(features, target, {**middle_of_ranges(model), "no_such_thing": 1}, SEED)
    except (TypeError, ValueError) as error:
        complaints.append(str(error))
    complaints += [str(warning.message) for warning in recwarn]
    assert any("no_such_thing" in complaint for complaint in complaints)
