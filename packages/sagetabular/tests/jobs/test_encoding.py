"""What models are encoded with, against pandas and scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder

from sagetabular.jobs.encoding import OneHot, as_probabilities, directions, split_classes

WORDS = st.one_of(st.none(), st.sampled_from(["a", "b", "B", "", "ä b", "1"]))


def frame(words: list, other: list | None = None) -> pd.DataFrame:
    """A category between two numbers, and perhaps another category."""
    count = len(words)
    table = pd.DataFrame({"x": np.arange(count) * 1.0, "word": pd.Series(words, dtype=object)})
    table["y"] = np.where(np.arange(count) % 3, 0.5, np.nan)
    return table if other is None else table.assign(other=pd.Series(other, dtype=object))


@settings(max_examples=50, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=20), st.lists(WORDS, min_size=1, max_size=20))
def test_indicators_are_those_of_scikit_learn(known: list, asked: list) -> None:
    encoder = OneHot.fit(frame(known))
    found = encoder.transform(frame(asked))
    words = sorted({word for word in known if word is not None})
    numbers = frame(asked)[["x", "y"]].to_numpy()
    np.testing.assert_array_equal(found[:, :2], numbers)
    assert encoder.sources == ["x", "y", *["word"] * len(words)]
    if words:
        plain = OneHotEncoder(categories=[words], handle_unknown="ignore", sparse_output=False)
        cells = np.array([[word] for word in asked], dtype=object)
        plain.fit(np.array([[word] for word in words], dtype=object))
        np.testing.assert_array_equal(found[:, 2:], plain.transform(cells))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=30), st.integers(1, 5))
def test_of_many_categories_the_most_frequent_are_told_apart(words: list, most: int) -> None:
    (kept,) = OneHot.fit(frame(words), most).vocabulary.values()
    counts = {word: words.count(word) for word in words}
    assert kept == sorted(kept)
    assert len(kept) == min(most, len(counts))
    lost = [count for word, count in counts.items() if word not in kept]
    assert min(counts[word] for word in kept) >= max(lost, default=0)


def test_columns_may_come_in_another_order_but_must_be_the_same() -> None:
    table = frame(["a", "b"], ["c", "d"])
    encoder = OneHot.fit(table)
    np.testing.assert_array_equal(
        encoder.transform(table[["other", "y", "word", "x"]]), encoder.transform(table)
    )
    for wrong in (table.drop(columns="x"), table.assign(z=1.0), table.rename(columns={"x": "X"})):
        with pytest.raises(ValueError, match="fitted on the columns"):
            encoder.transform(wrong)


def test_classes_are_all_categories_in_their_order() -> None:
    target = pd.Series(pd.Categorical(["b", "b", "z"], categories=["z", "b", "a"]))
    classes, places = split_classes(target)
    assert (classes, [*places]) == (["z", "b", "a"], [1, 1, 0])
    numbers = pd.Series([1.5, 2.0])
    none, same = split_classes(numbers)
    assert none == []
    assert same is numbers


@pytest.mark.parametrize(
    ("found", "classes", "expected"),
    [
        ([1.5, -2.0], [], [1.5, -2.0]),
        ([0.25, 1.0], ["no", "yes"], [[0.75, 0.25], [0.0, 1.0]]),
        ([[0.5, 0.25, 0.5]], ["a", "b", "c"], [[0.4, 0.2, 0.4]]),
    ],
)
def test_probabilities_are_of_all_classes_in_double_precision(found, classes, expected) -> None:
    given = as_probabilities(np.array(found, dtype=np.float32), classes)
    assert given.dtype == np.float64
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-15)


def test_constraints_are_of_the_encoded_columns() -> None:
    sources = ["x", "word", "word", "y"]
    assert directions({"y": -1, "x": 1}, sources, ["x", "y"]) == (1, 0, 0, -1)
    assert directions({}, sources, ["x", "y"]) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"z": 1}, "'z': 1, which no model sees"),
        ({"word": 1}, "'word': 1, which is a category"),
        ({"x": 2}, "'x': 2"),
        ({"x": "up"}, "'x': 'up'"),
    ],
)
def test_a_constraint_that_makes_no_sense_is_named(named, words) -> None:
    with pytest.raises(ValueError, match="must give columns of numbers 1 or -1") as caught:
        directions(named, ["x", "word", "word"], ["x"])
    assert str(caught.value).endswith(f"got {words}")
