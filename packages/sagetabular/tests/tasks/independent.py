"""The same models by scikit-learn's and XGBoost's own estimators, with an encoding of our own.

Taken from the run: which rows are in which fold, their order, on which samples depend, the
hyperparameters drawn, and the seed. All else is done anew: reading the file, casting, encoding,
fitting, predicting, scoring.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xgboost
from sklearn import metrics, tree

SCORES = {
    "r2": lambda truth, guess, _: metrics.r2_score(truth, guess),
    "rmse": lambda truth, guess, _: metrics.mean_squared_error(truth, guess) ** 0.5,
    "roc_auc": lambda truth, guess, _: metrics.roc_auc_score(truth, guess[:, 1]),
    "log_loss": lambda truth, guess, count: metrics.log_loss(truth, guess, labels=range(count)),
    "accuracy": lambda truth, guess, _: metrics.accuracy_score(truth, guess.argmax(axis=1)),
    "macro_f1": lambda truth, guess, _: metrics.f1_score(
        truth, guess.argmax(axis=1), average="macro"
    ),
}


class Reference:
    """A table, and how well a model does on some rows after learning from others.

    Args:
        table: As pandas reads the file, without rows that lack the target.
        target: Its name.
        classes: In their order; none for numbers.
        metric: What is asked.
    """

    def __init__(self, table: pd.DataFrame, target: str, classes: list[str], metric: str) -> None:
        self._features, self._classes = table.drop(columns=target), classes
        self._metric = SCORES[metric]
        self._goal = table[target]
        if classes:
            self._goal = self._goal.map({name: code for code, name in enumerate(classes)})

    def score(
        self, model: str, hyperparameters: dict[str, Any], seed: int, known: Any, asked: Any
    ) -> float:
        """Fit to the rows `known` and score the rows `asked`; both are boolean, shape (rows,)."""
        make = {"decision_tree": self._tree, "xgboost": self._booster}[model]
        estimator = make(hyperparameters, seed)
        told, open_ = self._encoded(model, known, asked)
        estimator.fit(told, self._goal[known])
        truth = self._goal[asked]
        if not self._classes:
            return self._metric(truth, estimator.predict(open_), 0)
        chances = estimator.predict_proba(open_).astype(float)
        assert chances.shape == (len(truth), len(self._classes))
        return self._metric(truth, chances / chances.sum(axis=1)[:, None], len(self._classes))

    def _encoded(self, model: str, known: Any, asked: Any) -> tuple[np.ndarray, np.ndarray]:
        """A column of 0 and 1 for each category of the known rows, and the numbers.

        For the tree a gap is a category too, the last one, and categories come first: where two
        splits are equally good, the order of the columns decides.
        """
        texts = list(self._features.select_dtypes(exclude="number"))
        filled = self._features[texts].fillna("\uffff")
        marks = [
            filled[name] == value
            for name in texts
            for value in sorted({*filled.loc[known, name]})
            if model == "decision_tree" or value != "\uffff"
        ]
        numbers = [self._features[name] for name in self._features if name not in texts]
        ordered = [*marks, *numbers] if model == "decision_tree" else [*numbers, *marks]
        every = np.column_stack(ordered).astype(float)
        return every[known], every[asked]

    def _tree(self, hyperparameters: dict[str, Any], seed: int) -> Any:
        kind = tree.DecisionTreeClassifier if self._classes else tree.DecisionTreeRegressor
        return kind(random_state=seed, **hyperparameters)

    def _booster(self, hyperparameters: dict[str, Any], seed: int) -> Any:
        kind = xgboost.XGBClassifier if self._classes else xgboost.XGBRegressor
        named = {"eta": "learning_rate", "num_round": "n_estimators"}
        own = {named.get(name, name): value for name, value in hyperparameters.items()}
        return kind(random_state=seed, n_jobs=1, tree_method="hist", **own)
