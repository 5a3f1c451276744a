"""Checks of what is predicted, for tables of all kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sagetabular.model_checks.rows import TOWN, TOWNS
from sagetabular.model_checks.subject import require, require_same

if TYPE_CHECKING:
    from sagetabular.model_checks.subject import Subject

TOLERANCE = 1e-6  # libraries add up in another order for one row than for many


def every_row_gets_one_finite_number(subject: Subject) -> None:
    """Check the contract of `predict`; `Subject.predict` looks closely."""
    subject.predict(subject.fit(), subject.rows()[0])


def its_own_training_rows_are_predicted_no_worse_than_by_their_mean(subject: Subject) -> None:
    """Compare with the mean: a model that knows less than one number is broken."""
    features, target = subject.rows()
    errors = subject.predict(subject.fit(), features) - target.to_numpy()
    r2 = float(1 - (errors**2).mean() / target.var(ddof=0))
    require(r2 > -0.01, f"R2 on the training rows is {r2:.3g}; the mean alone has 0")


def categories_that_were_never_seen_are_predicted(subject: Subject) -> None:
    """Predict new categories: test rows and requests may hold any text."""
    features, _ = subject.rows(4)
    features[TOWN] = ["never seen", "", "île", "\U0001f3e0"]
    subject.predict(subject.fit(), features)


def missing_numbers_are_predicted(subject: Subject) -> None:
    """Predict gaps where training had none."""
    features = subject.rows(4)[0].assign(size=np.nan, rooms=[np.nan, 2.0, np.nan, 3.0])
    subject.predict(subject.fit(), features)


def missing_categories_are_predicted(subject: Subject) -> None:
    """Predict None, which Preprocess leaves where a category is missing."""
    features, target = subject.rows()
    features[TOWN] = features[TOWN].fillna(TOWNS[0])
    model = subject.fit((features, target))
    features[TOWN] = pd.Series([None] * len(features), dtype=object)
    subject.predict(model, features)


def columns_without_any_value_are_no_obstacle(subject: Subject) -> None:
    """Fit on empty columns: an optional one may be empty in the rows of one fold."""
    features, target = subject.rows()
    features["empty number"] = np.nan
    features["empty category"] = pd.Series([None] * len(features), dtype=object)
    subject.predict(subject.fit((features, target)), features)


def constant_columns_are_no_obstacle(subject: Subject) -> None:
    """Fit on constants: their deviation is 0, and nothing may be divided by it."""
    features, target = subject.rows()
    features["same number"], features["same category"] = 1.0, "x"
    subject.predict(subject.fit((features, target)), features)


def numbers_alone_are_enough(subject: Subject) -> None:
    """Fit on numbers alone: a table need not have categories."""
    features, target = subject.rows()
    numbers = features[["rooms", "size"]]
    subject.predict(subject.fit((numbers, target)), numbers)


def categories_alone_are_enough(subject: Subject) -> None:
    """Fit on categories alone: a table need not have numbers."""
    features, target = subject.rows()
    subject.predict(subject.fit((features[[TOWN]], target)), features[[TOWN]])


def huge_numbers_are_predicted(subject: Subject) -> None:
    """Predict huge numbers: an error in a request must not become an infinite answer."""
    features = subject.rows(4)[0].assign(size=[1e12, -1e12, 1e-12, 0.0])
    subject.predict(subject.fit(), features)


def one_training_row_is_enough(subject: Subject) -> None:
    """Fit on the smallest fold that there is."""
    features, target = subject.rows()
    subject.predict(subject.fit((features.head(1), target.head(1))), features.head(1))


def one_row_alone_is_predicted_as_among_others(subject: Subject) -> None:
    """Predict rows one by one: depending on what else is asked for would be a leak."""
    features, model = subject.rows()[0].head(20), subject.fit()
    together = subject.predict(model, features)
    alone = [subject.predict(model, features.iloc[[row]])[0] for row in range(len(features))]
    most = np.abs(np.asarray(alone) - together).max()
    close = np.allclose(alone, together, rtol=TOLERANCE, atol=TOLERANCE)
    require(close, f"predictions of one row differ by up to {most:.3g} from those among others")


def rows_may_come_in_any_order(subject: Subject) -> None:
    """Predict in reverse: the first prediction belongs to the first row."""
    features, model = subject.rows()[0], subject.fit()
    backwards = subject.predict(model, features.iloc[::-1].copy())[::-1]
    close = np.allclose(backwards, subject.predict(model, features), rtol=TOLERANCE, atol=TOLERANCE)
    require(close, "predictions change when the rows come in another order")


def row_labels_mean_nothing(subject: Subject) -> None:
    """Fit with other labels: a fold keeps those of the whole table, with gaps."""
    features, target = subject.rows()
    labels = np.random.default_rng(1).permutation(len(features)) + 1000
    model = subject.fit((features.set_axis(labels), target.set_axis(labels)))
    found = subject.predict(model, subject.rows()[0].set_axis(labels))
    expected = subject.predict(subject.fit(), subject.rows()[0])
    require_same(found, expected, "with other row labels (index)")


def columns_in_another_order_give_the_same_or_an_error(subject: Subject) -> None:
    """Swap columns: no number may be wrong without a word."""
    features, model = subject.rows()[0], subject.fit()
    swapped = features[["rooms", TOWN, "size"]]
    try:
        found = subject.code.predict(model, swapped)
    except Exception:  # any error will do
        return
    expected = subject.predict(model, features)
    require_same(found, expected, "with the columns in another order")


OF_NUMBERS = (
    every_row_gets_one_finite_number,
    its_own_training_rows_are_predicted_no_worse_than_by_their_mean,
)
CHECKS = (
    categories_that_were_never_seen_are_predicted,
    missing_numbers_are_predicted,
    missing_categories_are_predicted,
    columns_without_any_value_are_no_obstacle,
    constant_columns_are_no_obstacle,
    numbers_alone_are_enough,
    categories_alone_are_enough,
    huge_numbers_are_predicted,
    one_training_row_is_enough,
    one_row_alone_is_predicted_as_among_others,
    rows_may_come_in_any_order,
    row_labels_mean_nothing,
    columns_in_another_order_give_the_same_or_an_error,
)
