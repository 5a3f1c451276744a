"""Checks of probabilities, for models that predict classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sagetabular.model_checks.subject import require

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sagetabular.model_checks.subject import Subject

# What a probability of 0 counts as, so that its logarithm is a number.
_LEAST = 1e-15


def every_row_gets_a_probability_for_each_class(subject: Subject) -> None:
    """Check the contract of `predict`; `Subject.predict` looks closely."""
    subject.predict(subject.fit(), subject.rows()[0])


def its_own_training_rows_are_predicted_no_worse_than_by_the_shares_of_classes(
    subject: Subject,
) -> None:
    """Compare with the shares: a model that knows less than these few numbers is broken."""
    features, target = subject.rows()
    _require_learnt(subject.predict(subject.fit(), features), target, "the classes")


def probabilities_come_in_the_order_of_the_categories(subject: Subject) -> None:
    """Fit with the classes in reverse: no model may have an order of its own."""
    features, target = subject.rows()
    target = target.cat.reorder_categories([*target.cat.categories][::-1])
    found = subject.predict(subject.fit((features, target)), features)
    _require_learnt(found, target, "the classes in reverse order")


def a_class_that_no_training_row_has_gets_its_column(subject: Subject) -> None:
    """Fit without the rows of a class: a fold may have none of a rare one."""
    features, target = subject.rows()
    for name in target.cat.categories:
        known = (target != name).to_numpy()
        found = subject.predict(subject.fit((features[known], target[known])), features)
        _require_learnt(found[known], target[known], f"all classes but {name!r}")


def _require_learnt(found: NDArray[np.float64], target: pd.Series, what: str) -> None:
    """Raise `CheckError` unless probabilities are no worse than the shares of the classes."""
    codes = target.cat.codes.to_numpy()
    own = found[np.arange(len(found)), codes]
    shares = target.value_counts(normalize=True, sort=False).to_numpy()
    loss, plain = (-np.log(np.maximum(given, _LEAST)).mean() for given in (own, shares[codes]))
    require(
        loss < plain + 0.01,
        f"with {what}, log loss on the training rows is {loss:.3g}; their shares have {plain:.3g}",
    )


OF_CLASSES = (
    every_row_gets_a_probability_for_each_class,
    its_own_training_rows_are_predicted_no_worse_than_by_the_shares_of_classes,
    probabilities_come_in_the_order_of_the_categories,
    a_class_that_no_training_row_has_gets_its_column,
)
