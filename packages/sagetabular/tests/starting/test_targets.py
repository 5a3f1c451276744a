"""The task, the metric and the gate that a target suggests."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics

from sagetabular.errors import UserError
from sagetabular.reading.values import make_marks
from sagetabular.starting.inference.gates import STEP, find_gate
from sagetabular.starting.inference.kinds import find
from sagetabular.starting.inference.targets import find_goal
from sagetabular.starting.options import Asked
from sagetabular.starting.tables.sources import SourceColumn


def found(cells):
    return find(SourceColumn("y", "y", pa.chunked_array([pa.array(cells)])), make_marks(()))


def goal(cells, **asked):
    return find_goal(found(cells), Asked("y", **asked))


def times(**counts):
    """Return each word as often as it says."""
    return [word for word, count in counts.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("cells", "task", "why"),
    [
        ([0.5, 1.25, 7.0], "regression", "numbers"),
        ([*range(100)], "regression", "100 whole numbers"),
        ([0, 1] * 10, "binary", "two whole numbers"),
        ([1, 2] * 10, "binary", "two whole numbers"),
        ([0, 1, 2] * 10, "multiclass", "0 to 2"),
        ([*range(10)] * 10, "multiclass", "0 to 9"),
        ([1.0, 2.0, 3.0, 4.0, 5.0] * 5, "multiclass", "1 to 5"),
        ([3, 4, 5, 6, 7, 8, 9] * 9, "regression", "7 whole numbers"),  # grades, as of wine
        ([0, 1, 3] * 9, "regression", "3 whole numbers"),
        ([*range(1, 30)] * 9, "regression", "29 whole numbers"),  # rings, as of abalone
        ([0, 1, 2] * 10 + [3], "regression", "too few rows"),
        ([0, 0, 1], "regression", "too few rows"),
        ([0] * 20 + [1] * 3, "binary", "two whole numbers"),
        (times(yes=9, no=9), "binary", "text, 2 values"),
        (["TRUE", "FALSE"] * 9, "binary", "true or false"),
        ([True, False, None] * 9, "binary", "true or false"),
        (times(a=9, b=9, c=9), "multiclass", "text, 3 values"),
        (["01", "02", "03"] * 9, "multiclass", "text"),
    ],
)
def test_the_task_is_what_the_target_suggests(cells, task, why):
    one = goal(cells)
    assert one.task == task
    assert why in one.why


@pytest.mark.parametrize(
    ("cells", "positive", "why"),
    [
        (times(yes=9, no=3), "yes", "by its name"),
        ([1] * 90 + [0] * 3, "1", "by its name"),
        ([True] * 9 + [False] * 3, "true", "by its name"),
        (times(benign=9, malignant=5), "malignant", "the rarer one"),
        ([1] * 9 + [2] * 7, "2", "the rarer one"),
        ([-1] * 7 + [1] * 9, "1", "by its name"),
        (times(left=9, right=9), "right", "both have as many"),
    ],
)
def test_the_positive_class_is_the_one_that_is_called_so_or_the_rarer(cells, positive, why):
    one = goal(cells)
    assert one.positive == positive
    assert why in one.why_positive
    assert one.metric == "roc_auc"


def test_classes_are_in_their_own_spelling_and_order():
    assert [*goal([10, 2, 1] * 9, task="multiclass").classes] == ["1", "2", "10"]
    assert goal(times(b=5, a=4, c=3)).classes == {"a": 4, "b": 5, "c": 3}
    assert goal(["2.0", "2", "1"] * 5).classes == {"1": 5, "2": 10}


def test_unequal_classes_count_alike():
    assert goal(times(a=100, b=50, c=11)).metric == "accuracy"
    one = goal(times(a=100, b=50, c=9))
    assert (one.metric, "9 to 100" in one.why_metric) == ("macro_f1", True)
    assert goal(times(a=100, b=50, c=9), metric="log_loss").metric == "log_loss"


@pytest.mark.parametrize(
    ("cells", "asked", "rule"),
    [
        (["a", "a"], {}, "must name a column that varies: y has 'a'"),
        ([3, 3], {}, "must name a column that varies: y has 3"),
        ([None, None], {}, "no value"),
        ([[1], [2]], {}, "holds list"),
        (["2026-01-01", "2026-01-02"], {}, "holds times"),
        (times(a=9, b=9), {"task": "regression"}, "needs a target of numbers"),
        (times(a=9, b=9, c=9), {"task": "binary"}, "y has 3: a, b, c"),
        (times(a=9, b=9), {"task": "multiclass"}, "three classes or more"),
        (
            [f"name {i}" for i in range(60)],
            {},
            "must repeat to be classes: y has 60 values in 60 rows",
        ),
        ([f"name {i % 200}" for i in range(2000)], {}, "y has 200 values"),
        (times(a=9, b=9, c=2), {}, "y has 2 of 'c'"),
        (times(a=9, b=9), {"metric": "r2"}, "--metric r2 is not for the task binary"),
        ([0.5, 0.25, 1], {"metric": "roc_auc"}, "not for the task regression"),
        (times(a=9, b=9), {"positive": "c"}, "--positive must be one of a, b, got 'c'"),
    ],
)
def test_what_is_no_target_is_refused_in_two_lines(cells, asked, rule):
    with pytest.raises(UserError) as caught:
        goal(cells, **asked)
    assert rule in caught.value.message
    assert len(str(caught.value).splitlines()) == 2


RANDOM = np.random.default_rng(5)
NUMBERS = RANDOM.gamma(2, 30, 400).round(3)
CLASSES = RANDOM.choice(["a", "b", "c"], 400, p=[0.6, 0.3, 0.1])
SIDES = RANDOM.choice(["yes", "no"], 400, p=[0.2, 0.8])


def guessed(metric, cells, positive="yes"):
    """Return the score of the best guess that looks at no column, as scikit-learn has it."""
    rows = len(cells)
    names, counts = np.unique(cells, return_counts=True)
    most = np.full(rows, names[counts.argmax()])
    shares = np.tile(counts / rows, (rows, 1))
    return {
        "r2": lambda: metrics.r2_score(cells, np.full(rows, cells.mean())),
        "rmse": lambda: metrics.root_mean_squared_error(cells, np.full(rows, cells.mean())),
        "mae": lambda: metrics.mean_absolute_error(cells, np.full(rows, np.median(cells))),
        "roc_auc": lambda: 0.5,
        "average_precision": lambda: metrics.average_precision_score(
            cells == positive, np.full(rows, 0.5)
        ),
        "log_loss": lambda: metrics.log_loss(cells, shares),
        "f1": lambda: metrics.f1_score(cells, np.full(rows, positive), pos_label=positive),
        "accuracy": lambda: metrics.accuracy_score(cells, most),
        "balanced_accuracy": lambda: metrics.balanced_accuracy_score(cells, most),
        "macro_f1": lambda: metrics.f1_score(cells, most, average="macro"),
    }[metric]()


@pytest.mark.parametrize(
    ("cells", "metric"),
    [
        *((NUMBERS, metric) for metric in ("r2", "rmse", "mae")),
        *((CLASSES, metric) for metric in ("accuracy", "balanced_accuracy", "macro_f1")),
        *((CLASSES, metric) for metric in ("log_loss", "roc_auc")),
        *((SIDES, metric) for metric in ("roc_auc", "average_precision", "log_loss", "f1")),
        *((SIDES, metric) for metric in ("accuracy", "balanced_accuracy", "macro_f1")),
    ],
)
def test_the_gate_is_a_little_better_than_guessing(cells, metric):
    column = found(cells.tolist())
    gate = find_gate(find_goal(column, Asked("y", metric=metric)), column)
    trivial = guessed(metric, cells)
    assert gate.trivial == pytest.approx(trivial, rel=1e-6, abs=1e-9)
    loss = metric in ("rmse", "mae", "log_loss")
    assert gate.key == ("maximum" if loss else "minimum")
    wanted = trivial * (1 - STEP) if loss else trivial + STEP * (1 - trivial)
    assert gate.value == pytest.approx(wanted, rel=1e-3)
    assert gate.value < trivial if loss else gate.value > trivial


def test_classes_keep_their_blanks():
    """The UCI's census table has one before every text: `39, State-gov, 77516, <=50K`."""
    one = goal([" <=50K"] * 9 + [" >50K"] * 3)
    assert [*one.classes.items()] == [(" <=50K", 9), (" >50K", 3)]
    assert one.positive == " >50K"
    assert goal([" yes "] * 9 + ["no"] * 3 + ["NA "]).positive == " yes "
    assert [*goal([" true"] * 9 + ["false "] * 3).classes] == ["false", "true"]


def test_a_class_that_is_called_none_is_named():
    """R's and Python's words for no value: a survey may mean a class by them."""
    assert found(times(None_=3, School=4, College=5)).absent == ()
    assert found(["None", " NA", "", None, "School", "College"]).absent == ("NA", "None")
    with pytest.raises(UserError, match="'School' in all rows but those of None: no value"):
        goal(["None", "School"] * 9)


def test_many_classes_are_taken_where_somebody_asks_for_them():
    """A model takes 256: docs/tasks.md."""
    words = [f"word {number}" for number in range(256) for _ in range(3)]
    assert len(goal(words, task="multiclass").classes) == 256
    with pytest.raises(UserError, match="must repeat") as caught:
        goal(words)
    assert caught.value.remedy == "Name another column, or --task multiclass."
    with pytest.raises(UserError, match="has 257 values"):
        goal([*words, *["one more"] * 3], task="multiclass")
    with pytest.raises(UserError) as caught:
        goal([f"name {number}" for number in range(60)])
    assert caught.value.remedy == "Name another column."
