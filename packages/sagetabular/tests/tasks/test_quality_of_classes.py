"""The evaluation of classes in SageMaker's form, against its documentation and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import classification_report, fbeta_score, roc_curve

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.scoring.predictions import predictions_table
from sagetabular.jobs.scoring.quality import quality_report
from sagetabular.jobs.scoring.scores import score

# SageMaker developer guide, "Model quality metrics", the example of binary classification: of three
# rows of class 0 one is found, the one row of class 1 too.
DOCUMENTED = {
    "recall": 1.0, "precision": 0.3333333333333333, "accuracy": 0.5, "true_positive_rate": 1.0,
    "true_negative_rate": 0.33333333333333337, "false_positive_rate": 0.6666666666666666,
    "false_negative_rate": 0.0,
}  # fmt: skip
CLASSES = ["low", "middle", "high"]


def report_of(task, actual, probabilities, classes):
    table = predictions_table(pd.Series(actual), np.asarray(probabilities, float), classes)
    (content,) = quality_report(task, table, classes, 3, "here").values()
    return content


def test_the_example_of_the_documentation_gives_its_numbers() -> None:
    chances = [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6]]
    found = report_of("binary", ["0", "0", "0", "1"], chances, ["0", "1"])
    assert found["confusion_matrix"] == {"0": {"0": 1, "1": 2}, "1": {"0": 0, "1": 1}}
    assert {name: found[name]["value"] for name in DOCUMENTED} == pytest.approx(DOCUMENTED)
    # Of the pairs of a row of class 1 and one of class 0, one of three has the right order.
    assert found["auc"]["value"] == found["roc_auc"]["value"] == pytest.approx(1 / 3)
    # The only row of class 1 is the third in rank.
    assert found["au_prc"]["value"] == pytest.approx(1 / 3)


def planted(rows: int, count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    truth = generator.integers(count, size=rows)
    raw = generator.random((rows, count)) + np.eye(count)[truth]
    return truth, raw / raw.sum(axis=1, keepdims=True)


def test_the_curves_of_two_classes_are_those_of_scikit_learn() -> None:
    truth, chances = planted(150, 2)
    found = report_of("binary", np.array(["no", "yes"])[truth], chances, ["no", "yes"])
    false, true, _ = roc_curve(truth, chances[:, 1])
    curve = found["receiver_operating_characteristic_curve"]
    assert curve == {"false_positive_rates": [*false], "true_positive_rates": [*true]}
    curve = found["precision_recall_curve"]
    assert (curve["recalls"][0], curve["recalls"][-1], curve["precisions"][0]) == (0, 1, 1)


def test_the_metrics_of_three_classes_are_weighted_by_their_rows() -> None:
    truth, chances = planted(400, 3)
    names = np.array(CLASSES)
    found = report_of("multiclass", names[truth], chances, CLASSES)
    chosen = chances.argmax(axis=1)
    expected = classification_report(truth, chosen, output_dict=True)["weighted avg"]
    assert found["weighted_precision"]["value"] == pytest.approx(expected["precision"])
    assert found["weighted_recall"]["value"] == pytest.approx(expected["recall"])
    assert found["weighted_f1"]["value"] == pytest.approx(expected["f1-score"])
    assert found["weighted_f2"]["value"] == pytest.approx(
        fbeta_score(truth, chosen, beta=2, average="weighted")
    )
    share = np.bincount(truth).max() / len(truth)
    assert found["accuracy_best_constant_classifier"]["value"] == pytest.approx(share)
    # A share p of n rows deviates by sqrt(p (1 - p) / n).
    accuracy = found["accuracy"]
    spread = (accuracy["value"] * (1 - accuracy["value"]) / 400) ** 0.5
    assert accuracy["standard_deviation"] == pytest.approx(spread, rel=0.25)


def test_labels_are_the_most_probable_class_and_the_first_of_a_tie() -> None:
    chances = np.array([[0.2, 0.3, 0.5], [0.4, 0.4, 0.2], [0.0, 0.5, 0.5]])
    table = predictions_table(pd.Series(CLASSES), chances, CLASSES)
    assert [*table["predicted"]] == ["high", "low", "middle"]
    assert [*table["probability_middle"]] == [0.3, 0.4, 0.5]


@pytest.mark.parametrize(
    ("chances", "rule"),
    [
        ([[0.5, 0.6], [0.5, 0.5]], "the probabilities of a row must be 0 or more, with the sum 1"),
        ([[1.5, -0.5], [0.5, 0.5]], "the probabilities of a row must be 0 or more, with the sum 1"),
        ([[np.nan, 0.5], [0.5, 0.5]], "predictions must be finite, got 1 of 2"),
        ([0.5, 0.5], "predictions must have the shape (2, 2), got (2,)"),
        ([[1.0], [1.0]], "predictions must have the shape (2, 2), got (2, 1)"),
    ],
)
def test_what_is_no_probability_is_refused(chances: list, rule: str) -> None:
    with pytest.raises(JobError) as caught:
        score("binary", ["a", "b"], chances, ["a", "b"], "here")
    assert caught.value.message.startswith(f"here: {rule}")


def test_rows_of_one_class_have_no_score() -> None:
    with pytest.raises(JobError, match="here: scores need rows of two classes, got 2 of 'a' alone"):
        score("binary", ["a", "a"], [[0.5, 0.5]] * 2, ["a", "b"], "here")


def test_a_class_that_no_model_has_seen_is_named() -> None:
    with pytest.raises(JobError, match="here: the class 'c' is not among those"):
        score("binary", ["a", "c"], [[0.5, 0.5]] * 2, ["a", "b"], "here")
