"""A model of classes for the tests of the server: a tree of scikit-learn, and odd labels."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from calling import HYPERPARAMETERS, NUMBERS, make_table

from sagetabular.jobs.models.hyperparameters import TrainingSettings, load_model_code
from sagetabular.jobs.models.manifest import describe

if TYPE_CHECKING:
    from pathlib import Path

# Probabilities are columns in the order of the target's categories, see the contract of model.py.
CODE = """
import joblib
import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier


def _matrix(features, known):
    numbers = features.select_dtypes("number")
    texts = features.drop(columns=numbers.columns)
    flags = [(texts[column] == value).to_numpy(float) for column, value in known]
    return np.column_stack([numbers.to_numpy(float), *flags])


def fit(features, target, hyperparameters, seed):
    texts = features.select_dtypes(exclude="number")
    known = [(name, value) for name in texts for value in sorted(texts[name].dropna().unique())]
    tree = DecisionTreeClassifier(min_samples_leaf=7, random_state=seed)
    return tree.fit(_matrix(features, known), target.cat.codes), known, [*features.columns]


def predict(model, features):
    tree, known, columns = model
    if [*features.columns] != columns:
        raise ValueError(f"The model was fitted on the columns {columns}")
    return tree.predict_proba(_matrix(features, known))


def scorer(model, columns):
    return model[0].predict_proba


def save(model, folder):
    joblib.dump(model, folder / "tree.joblib")


def load(folder):
    return joblib.load(folder / "tree.joblib")
"""
TWO = ("no", "yes")
# Numbers come first, by value; all that CSV quotes, and what only looks like something else.
ODD = ("1", "10", 'say "so"', "a,b", "two\nlines", "größer", "nul\x00", "=1+1", "null", "[x]")


def lay_out_code(root: Path) -> None:
    """Make `models.some_classes` importable, beside the models of the template."""
    file = root / "models/some_classes/model.py"
    file.parent.mkdir(parents=True)
    file.write_text(CODE)
    if str(root) not in sys.path:
        sys.path.append(str(root))


def make_target(classes: tuple[str, ...]) -> tuple[pd.DataFrame, pd.Series]:
    """The table of the other tests, and one of the classes for each row, by bands of a number."""
    table, price = make_table()
    codes = pd.qcut(price, len(classes), labels=False)
    return table, pd.Series(pd.Categorical.from_codes(codes, [*classes]), name="answer")


def fit_classes(
    folder: Path,
    classes: tuple[str, ...],
    columns: list[str] = NUMBERS,
    name: str = "some_classes",
) -> Path:
    """Fit a model as the job does, and return where it lies."""
    table, target = make_target(classes)
    code = load_model_code(name)
    settings = TrainingSettings(name, "answer", 1, False, HYPERPARAMETERS.get(name, {}))
    fitted = code.fit(table[columns], target, settings.hyperparameters, settings.seed)
    folder.mkdir(parents=True)
    code.save(fitted, folder)
    describe(table[columns], target, settings).write(folder)
    return folder


def expected_labels(model, table: pd.DataFrame) -> list[str]:
    """The likeliest label of each row, the first of equally likely ones, from `predict` alone."""
    rows = model.code.predict(model.model, table[list(model.columns.names)])
    assert rows.shape == (len(table), len(model.manifest.classes))
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, atol=1e-9)
    return [model.manifest.classes[max(range(len(row)), key=lambda i: row[i])] for row in rows]
