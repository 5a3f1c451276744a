"""Select and Evaluate: ranking, ties, metrics."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from sagetabular.jobs.collect import collect
from sagetabular.jobs.errors import JobError
from sagetabular.jobs.scoring.metrics import METRICS
from sagetabular.jobs.scoring.quality import quality_report
from sagetabular.jobs.scoring.scores import score
from sagetabular.jobs.select import rank, select

SCORES = st.floats(min_value=-5, max_value=1)


@given(st.lists(st.tuples(SCORES, SCORES), min_size=1, max_size=8), st.sampled_from(["cv", "test"]))
def test_the_winner_is_the_first_of_the_best(scores: list[tuple[float, float]], by: str) -> None:
    candidates = [
        {"model": f"m{position}", "cv_r2": cv, "test_r2": test}
        for position, (cv, test) in enumerate(scores)
    ]
    ranking = rank(candidates, by, METRICS["r2"])
    values = [candidate[f"{by}_r2"] for candidate in candidates]
    assert ranking[0]["model"] == f"m{int(np.argmax(values))}"
    assert [one[f"{by}_r2"] for one in ranking] == sorted(values, reverse=True)


def test_a_tie_goes_to_the_first_listed() -> None:
    candidates = [{"model": name, "cv_r2": 0.5} for name in ("b", "a", "c")]
    assert [one["model"] for one in rank(candidates, "cv", METRICS["r2"])] == ["b", "a", "c"]


def test_the_report_has_the_metrics_of_scikit_learn_and_a_deviation_that_fits() -> None:
    generator = np.random.default_rng(2)
    actual = generator.normal(size=2000)
    predicted = actual + generator.normal(scale=0.5, size=2000)
    frame = pd.DataFrame({"actual": actual, "predicted": predicted})
    metrics = quality_report("regression", frame, (), 1, "m")["regression_metrics"]
    assert metrics["r2"]["value"] == pytest.approx(r2_score(actual, predicted), rel=1e-12)
    assert metrics["mse"]["value"] == pytest.approx(mean_squared_error(actual, predicted))
    assert metrics["mae"]["value"] == pytest.approx(mean_absolute_error(actual, predicted))
    assert metrics["rmse"]["value"] == pytest.approx(metrics["mse"]["value"] ** 0.5)
    # The mean of squares of n normal errors deviates by sqrt(2 / n) of itself.
    expected = metrics["mse"]["value"] * (2 / 2000) ** 0.5
    assert metrics["mse"]["standard_deviation"] == pytest.approx(expected, rel=0.25)


@pytest.mark.parametrize(
    ("actual", "predicted"), [([1.0, 1.0], [1.0, 2.0]), ([1.0], [1.0]), ([1.0, 2.0], [1.0, np.inf])]
)
def test_undefined_metrics_are_errors_not_numbers(actual: list, predicted: list) -> None:
    with pytest.raises(JobError, match="here"):
        score("regression", actual, predicted, (), "here")


@pytest.mark.parametrize("predicted", [[0.0], [[1.0], [2.0], [3.0]], 1.0])
def test_predictions_that_are_not_one_for_each_row_are_refused(predicted: object) -> None:
    with pytest.raises(JobError, match=r"^here: predictions must have the shape \(3,\), got \("):
        score("regression", [1.0, 2.0, 3.0], predicted, (), "here")  # type: ignore[arg-type]


def put_evaluations(folder: Path, r2s: list[float], tuned: bool) -> list[str]:
    """What Evaluate leaves behind for models of these R2, below `input/<model>`."""
    for position, r2 in enumerate(r2s):
        own = folder / f"processing/input/m{position}"
        own.mkdir(parents=True)
        metrics = {name: {"value": r2} for name in ("r2", "rmse", "mae")}
        (own / "evaluation.json").write_text(json.dumps({"regression_metrics": metrics}))
        (own / "manifest.json").write_text(json.dumps({"hyperparameters": {"at": position}}))
        if tuned:
            trial = {"r2": -r2, "r2_std": None, "hyperparameters": {"of trial": position}}
            (own / "cv.json").write_text(json.dumps(trial))
    return [f"m{position}" for position in range(len(r2s))]


@pytest.mark.parametrize("tuned", [True, False])
def test_models_that_were_collected_first_are_ranked_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tuned: bool
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    models = put_evaluations(tmp_path, [0.5, 0.25, 0.75, 0.5, 0.75, 0.125, 0.5], tuned)
    folder = tmp_path / "processing"
    by = ["--by", "cv" if tuned else "test"]
    select([*by, "--models", *models])
    direct = (folder / "output/selection/selection.json").read_text()
    for name, group in (("collect1", models[:3]), ("collect2", models[3:])):
        collect(["--models", *group])
        shutil.copytree(folder / "output/candidates", folder / "input" / name)
    select([*by, "--collections", "collect1", "collect2"])
    assert (folder / "output/selection/selection.json").read_text() == direct
    ranking = json.loads(direct)["ranking"]
    order = [5, 1, 0, 3, 6, 2, 4] if tuned else [2, 4, 0, 3, 6, 1, 5]
    assert [entry["model"] for entry in ranking] == [f"m{position}" for position in order]
    key = "of trial" if tuned else "at"
    assert [entry["hyperparameters"][key] for entry in ranking] == order
    assert ranking[0]["cv_r2"] == (-0.125 if tuned else None)
