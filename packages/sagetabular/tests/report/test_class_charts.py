"""Charts and tables of classes: the numbers of scikit-learn, and names that may be anything."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import Page, Story, make_execution, page_of, predictions_of
from sklearn import metrics
from sklearn.calibration import calibration_curve
from test_page import HOSTILE, check_accessible, check_harmless

from sagetabular.report import artefacts
from sagetabular.report.models.classes import class_charts, class_table
from sagetabular.report.models.classified import read_classified
from sagetabular.report.models.confusion import pooled
from sagetabular.report.models.curves import precision_recall, roc, thinned
from sagetabular.report.models.probabilities import calibration_bins

BINARY = Story(task="binary", metric="roc_auc", classes=("no", "yes"), rows=600)
THREE = Story(task="multiclass", metric="accuracy", classes=("red", "green", "blue"), rows=400)
TWELVE = Story(task="multiclass", metric="accuracy", classes=tuple(f"m{i}" for i in range(12)),
               rows=900)  # fmt: skip


def outcome(story: Story, predictions: pd.DataFrame | None = None) -> artefacts.TestOutcome:
    found = predictions_of(story) if predictions is None else predictions
    return artefacts.TestOutcome(story.task, None, {}, found, None)


def texts_of(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.texts if text.strip()]


@pytest.mark.parametrize("story", [BINARY, THREE, TWELVE], ids=["binary", "three", "twelve"])
def test_the_table_of_the_classes_has_scikit_learns_numbers(story):
    predictions = predictions_of(story)
    report = metrics.classification_report(
        predictions["actual"], predictions["predicted"], output_dict=True
    )
    table = class_table(outcome(story))
    assert [row[0] for row in table.rows] == list(story.classes)
    for name, *cells in table.rows:
        scores = [report[name][key] for key in ("precision", "recall", "f1-score")]
        assert cells[:3] == [f"{score:.4f}" for score in scores]
        assert cells[3] == f"{report[name]['support']:,.0f}"
        assert cells[4] == f"{(predictions['predicted'] == name).sum():,}"


@pytest.mark.parametrize("story", [BINARY, THREE, TWELVE], ids=["binary", "three", "twelve"])
def test_the_confusion_matrix_has_every_row_once(story):
    predictions = predictions_of(story)
    expected = pd.crosstab(predictions["actual"], predictions["predicted"]).reindex(
        index=story.classes, columns=story.classes, fill_value=0
    )
    chart = class_charts(outcome(story))[0]
    assert chart.title == "Confusion matrix"
    for (name, counts), (cell_name, *cells, total) in zip(
        expected.iterrows(), chart.table.rows, strict=True
    ):
        shares = counts / counts.sum()
        assert cell_name == name
        assert cells == [f"{n:,} ({s:.0%})" for n, s in zip(counts, shares, strict=True)]
        assert total == f"{counts.sum():,}"


def test_many_classes_are_pooled_and_no_row_is_lost():
    counts = np.random.default_rng(1).integers(50, size=(57, 57))
    names, found = pooled([f"c{i}" for i in range(57)], counts, most=20)
    assert len(names) == 20
    assert found.sum() == counts.sum()
    assert names[-1] == "38 others"
    common = sorted(np.argsort(-counts.sum(axis=1), kind="stable")[:19].tolist())
    assert names[:-1] == [f"c{i}" for i in common]
    assert (found[:-1, :-1] == counts[np.ix_(common, common)]).all()
    few = pooled(["a", "b"], counts[:2, :2])
    assert few[0] == ["a", "b"]


def test_the_curves_of_two_classes_are_scikit_learns():
    predictions = predictions_of(BINARY)
    truth, probability = predictions["actual"] == "yes", predictions["probability_yes"]
    rows = read_classified(outcome(BINARY))
    chart = roc(rows)
    assert f"ROC AUC {metrics.roc_auc_score(truth, probability):.4f}" in chart.note
    false, true, _ = metrics.roc_curve(truth, probability, drop_intermediate=False)
    known = {(f"{x:.3f}", f"{y:.3f}") for x, y in zip(false, true, strict=True)}
    assert {tuple(row) for row in chart.table.rows} <= known
    assert chart.table.rows[0] == ["0.000", "0.000"]
    assert chart.table.rows[-1] == ["1.000", "1.000"]
    chart = precision_recall(rows)
    score = metrics.average_precision_score(truth, probability)
    assert f"average precision {score:.4f}" in chart.note
    assert f"{truth.mean():.1%} of the rows" in chart.note


@pytest.mark.parametrize("story", [THREE, TWELVE], ids=["three", "twelve"])
def test_the_curves_of_more_classes_are_those_of_each_against_the_rest(story):
    predictions = predictions_of(story)
    rows = read_classified(outcome(story))
    curves = {row[0]: row for row in roc(rows).table.rows}
    precisions = {row[0]: row for row in precision_recall(rows).table.rows}
    assert list(curves) == list(precisions) == list(story.classes)
    for name in story.classes:
        truth, probability = predictions["actual"] == name, predictions[f"probability_{name}"]
        assert curves[name][1] == f"{metrics.roc_auc_score(truth, probability):.4f}"
        false, true, _ = metrics.roc_curve(truth, probability)
        assert curves[name][4] == f"{np.interp(0.1, false, true):.1%}"
        score = metrics.average_precision_score(truth, probability)
        assert precisions[name][1:] == [f"{score:.4f}", f"{truth.mean():.1%}"]


def test_classes_that_are_all_told_apart_have_one_score():
    predictions = predictions_of(THREE)
    sure = {f"probability_{name}": (predictions["actual"] == name) * 0.98 + 0.01
            for name in THREE.classes}  # fmt: skip
    note = roc(read_classified(outcome(THREE, predictions.assign(**sure)))).note
    assert note.startswith("Each class against the rest: ROC AUC 1.0000. ")


def test_the_area_below_the_drawn_precision_is_the_average_precision():
    """The curve is drawn in steps, as scikit-learn sums it, thinned to a few hundred points."""
    predictions = predictions_of(BINARY)
    truth, probability = predictions["actual"] == "yes", predictions["probability_yes"]
    svg = str(precision_recall(read_classified(outcome(BINARY))).svg)
    (drawn,) = [part for part in svg.split("<path ") if part.startswith('class="curve')]
    places = drawn.split(' d="M')[1].split('"')[0].split("L")
    x, y = np.array([place.split() for place in places], float).T
    assert len(x) <= 200
    # The last point has recall 1; the first has recall 0 and, by definition, precision 1.
    recall = (x - x[0]) / (x[-1] - x[0])
    low = truth.mean()
    precision = low + (y[-1] - y) / (y[-1] - y[0]) * (1 - low)
    area = np.trapezoid(precision, recall)
    assert area == pytest.approx(metrics.average_precision_score(truth, probability), abs=0.01)


def test_bins_of_the_calibration_are_scikit_learns_with_their_counts():
    predictions = predictions_of(BINARY)
    truth = (predictions["actual"] == "yes").to_numpy()
    probability = predictions["probability_yes"].to_numpy()
    observed, predicted = calibration_curve(truth, probability, n_bins=10, strategy="quantile")
    bins = calibration_bins(probability, truth)
    np.testing.assert_allclose([each.observed for each in bins], observed)
    np.testing.assert_allclose([each.predicted for each in bins], predicted)
    assert sum(each.rows for each in bins) == len(truth)
    assert max(each.rows for each in bins) - min(each.rows for each in bins) <= 1


def test_equal_probabilities_are_one_bin_whatever_the_order_of_the_rows():
    probability, truth = np.repeat([0.2, 0.8], 50), np.arange(100) % 2 == 0
    bins = calibration_bins(probability, truth)
    assert [(each.rows, each.predicted) for each in bins] == [(50, pytest.approx(0.2)),
                                                             (50, pytest.approx(0.8))]  # fmt: skip
    order = np.random.default_rng(0).permutation(100)
    assert calibration_bins(probability[order], truth[order])[0].observed == bins[0].observed


def test_the_probabilities_of_both_classes_are_counted_apart():
    predictions = predictions_of(BINARY)
    (chart,) = [c for c in class_charts(outcome(BINARY)) if c.title == "Predicted probabilities"]
    for place, name in ((1, "yes"), (2, "no")):
        given = predictions.loc[predictions["actual"] == name, "probability_yes"]
        counts, _ = np.histogram(given, bins=20, range=(0, 1))
        assert [row[place] for row in chart.table.rows] == [f"{count:,}" for count in counts]


def test_a_class_without_test_rows_has_no_curve_and_no_recall():
    predictions = predictions_of(THREE)
    rest = predictions[predictions["actual"] != "green"].assign(
        predicted=lambda rows: rows["predicted"].replace("green", "red")
    )
    found = outcome(THREE, rest)
    assert [row[0] for row in roc(read_classified(found)).table.rows] == ["red", "blue"]
    (row,) = [row for row in class_table(found).rows if row[0] == "green"]
    assert row[1:] == ["-", "-", "-", "0", "0"]


def test_a_class_that_the_model_does_not_know_is_shown_as_never_predicted():
    predictions = predictions_of(THREE)
    predictions.loc[:4, "actual"] = "violet"
    table = class_table(outcome(THREE, predictions))
    assert table.rows[-1] == ["violet", "-", "0.0000", "0.0000", "5", "0"]
    assert len(class_charts(outcome(THREE, predictions))) == 5


@pytest.mark.parametrize("rows", [1, 2, 30])
def test_rows_of_one_class_alone_are_shown_without_curves(rows):
    shares = {"probability_no": [0.9] * rows, "probability_yes": [0.1] * rows}
    alone = pd.DataFrame({"actual": ["no"] * rows, "predicted": ["no"] * rows} | shares)
    titles = [chart.title for chart in class_charts(outcome(BINARY, alone))]
    assert titles == ["Confusion matrix", "Calibration", "Predicted probabilities"]


def test_a_thinned_line_keeps_its_ends_and_its_shape():
    x = np.linspace(0, 1, 5000)
    y = x**0.1  # so steep at first that points at even places across would miss it
    few = thinned((x, y), 200)
    assert len(few[0]) <= 200
    assert (few[0][0], few[0][-1], few[1][0], few[1][-1]) == (0, 1, y[0], 1)
    assert np.abs(np.interp(x[1:], *few) - y[1:]).max() < 0.01


def test_a_page_of_many_classes_and_rows_stays_small(tmp_path):
    classes = tuple(f"class {number}" for number in range(40))
    story = Story(task="multiclass", metric="macro_f1", classes=classes, rows=3000)
    page = page_of(tmp_path, make_execution(tmp_path, story))
    check_accessible(page)
    assert len(page.html) < 500_000


@pytest.mark.parametrize("story", [BINARY, THREE, TWELVE], ids=["binary", "three", "twelve"])
def test_a_page_of_classes_is_harmless_and_accessible(tmp_path, story):
    page = page_of(tmp_path, make_execution(tmp_path, story))
    check_harmless(page)
    check_accessible(page)
    for title in ("Confusion matrix", "ROC curve", "Precision and recall", "Calibration"):
        assert title in page.texts


def test_the_data_section_counts_the_classes_and_names_the_weights(tmp_path):
    summary = {"classes": ["no", "yes"], "class_rows": {"no": 45, "yes": 15}}
    conf = {"target": "churned", "positive": "yes", "weights": "row_weight",
            "class_weights": {"no": 1, "yes": 3}}  # fmt: skip
    story = Story(
        task="binary", metric="roc_auc", classes=("no", "yes"), summary=summary, conf=conf
    )
    texts = texts_of(page_of(tmp_path, make_execution(tmp_path, story)))
    start = texts.index("Classes")
    assert texts[start + 4 : start + 10] == ["no", "45", "75.0%", "yes", "15", "25.0%"]
    assert texts[texts.index("weights of the rows") + 1] == "column row_weight"
    assert texts[texts.index("weights of the classes") + 1] == "no 1, yes 3"


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


def check_names(folder, classes: tuple[str, ...]) -> Page:
    task = "binary" if len(classes) == 2 else "multiclass"
    counted = {"classes": list(classes), "class_rows": dict.fromkeys(classes, 7)}
    story = Story(task=task, metric="accuracy", classes=classes, summary=counted)
    page = page_of(folder, make_execution(folder, story))
    check_harmless(page)
    check_accessible(page)
    return page


@pytest.mark.parametrize(
    "classes",
    [("no", HOSTILE), ("<b>", "x" * 300, "\u05d0\u05d1\u05d2"), ("a\nb", "\u202eevil", "\x1b[31m")],
    ids=["script", "long", "direction"],
)
def test_hostile_names_of_classes_are_shown_and_nothing_else(tmp_path, classes):
    page = check_names(tmp_path, classes)
    # What turns a line around is there as its number; the marks around a name are in pairs.
    assert "\u202e" not in page.html
    assert page.html.count("\u2068") == page.html.count("\u2069") > 0
    assert "\x1b" not in page.html
    assert "<b>" not in page.html.replace("&lt;b&gt;", "")


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(classes=st.lists(names, min_size=2, max_size=5, unique=True))
def test_no_name_of_a_class_breaks_the_page(tmp_path_factory, classes):
    check_names(tmp_path_factory.mktemp("page"), tuple(classes))
