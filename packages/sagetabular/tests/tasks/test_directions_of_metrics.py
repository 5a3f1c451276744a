"""Every metric, the other way; and which of two models it prefers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recomputing import of_classes, of_numbers

from sagetabular.jobs.scoring.metrics import METRICS
from sagetabular.jobs.scoring.scores import score
from sagetabular.jobs.select import rank

CLASSES = {"binary": ["no", "yes"], "multiclass": ["1", "2", "10", "other"]}
PAIRS = [(task, name) for name, metric in METRICS.items() for task in metric.tasks]


@st.composite
def classes_and_chances(draw, task: str) -> tuple[list[str], np.ndarray]:
    """Rows of two classes at least, and probabilities among which many are equal."""
    names = CLASSES[task]
    truth = draw(st.lists(st.sampled_from(names), min_size=2, max_size=12))
    truth += draw(st.permutations(names))[:2]
    shares = st.lists(
        st.integers(0, 4), min_size=len(names), max_size=len(names)
    ).filter(any)  # fmt: skip
    rows = draw(st.lists(shares, min_size=len(truth), max_size=len(truth)))
    chances = np.array(rows, dtype=float)
    return truth, chances / chances.sum(axis=1)[:, None]


@pytest.mark.parametrize("task", CLASSES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_scores_of_classes_are_those_of_the_definitions(task: str, data) -> None:
    truth, chances = data.draw(classes_and_chances(task))
    names = CLASSES[task]
    chosen = np.array([names[int(np.argmax(line))] for line in chances])
    expected = of_classes(np.array(truth), chosen, chances, names)
    found = score(task, truth, chances, names, "rows")
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-9, 9)] * 2), min_size=2).filter(lambda x: len({*x}) > 1))
def test_the_scores_of_numbers_are_those_of_the_definitions(pairs: list[tuple[int, int]]) -> None:
    actual, predicted = np.array(pairs, dtype=float).T
    if np.ptp(actual) == 0:
        return
    found = score("regression", actual, predicted, (), "rows")
    expected = of_numbers(actual, predicted)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-12)


def guesses(task: str, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """The truth of 400 rows, and what a model says that is so far from it."""
    generator = np.random.default_rng(7)
    if task == "regression":
        truth = generator.normal(size=400)
        return truth, truth + noise * generator.normal(size=400)
    names = CLASSES[task]
    truth = generator.integers(0, len(names), 400)
    evidence = 2 * np.eye(len(names))[truth] + noise * generator.normal(size=(400, len(names)))
    chances = np.exp(evidence)
    return np.array(names)[truth], chances / chances.sum(axis=1)[:, None]


@pytest.mark.parametrize(("task", "name"), PAIRS)
def test_a_worse_model_never_wins(task: str, name: str) -> None:
    """Four models, each farther from the truth, in every order in which they may be listed."""
    scores = {}
    for noise in (0.1, 1.0, 3.0, 9.0):
        truth, guess = guesses(task, noise)
        scores[noise] = score(task, truth, guess, CLASSES.get(task, ()), "rows")[name]
    assert len({*scores.values()}) == 4
    candidates = [
        {"model": str(noise), f"cv_{name}": value, f"test_{name}": value}
        for noise, value in scores.items()
    ]
    for listed, by in itertools.product(itertools.permutations(candidates), ("cv", "test")):
        ranking = rank([*listed], by, METRICS[name])
        assert [entry["model"] for entry in ranking] == ["0.1", "1.0", "3.0", "9.0"]
    better, worse = scores[0.1], scores[9.0]
    assert METRICS[name].better(better, worse)
    assert not METRICS[name].better(worse, better)
    assert not METRICS[name].better(better, better)
