"""Axes: whatever the values are, the ticks are round, few, and where they say."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sagetabular.report.charts.axes import Axis, number, shorten

finite = st.floats(-1e12, 1e12, allow_subnormal=False)
positive = st.floats(1e-9, 1e9)


def check(axis: Axis, values: list[float]) -> None:
    assert all(0 <= axis.share(value) <= 1 for value in values)
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 12
    places = [axis.share(value) for value, _ in ticks]
    assert all(-1e-6 <= place <= 1 + 1e-6 for place in places)
    assert all(before < after for before, after in pairwise(places))
    texts = [text for _, text in ticks]
    assert len(set(texts)) == len(texts), "two ticks of one text say nothing"


@given(st.lists(st.floats(-1, 1).map(lambda value: round(value, 6)), min_size=1, max_size=5))
def test_scores_have_an_axis(values: list[float]) -> None:
    check(Axis.around("R2", values), values)


@given(st.lists(finite.map(lambda value: float(f"{value:.5g}")), min_size=1, max_size=5))
def test_any_numbers_have_an_axis(values: list[float]) -> None:
    check(Axis.around("value", values), values)


@given(st.lists(positive, min_size=1, max_size=5))
def test_positive_numbers_have_a_logarithmic_axis(values: list[float]) -> None:
    axis = Axis.around("value", values, logarithmic=True)
    check(axis, values)
    middle = math.sqrt(axis.low * axis.high)
    assert math.isclose(axis.share(middle), 0.5, abs_tol=1e-6)


def test_numbers_are_short() -> None:
    shown = [number(value) for value in (0, 0.123456, 999, 12_345, 2_500_000, -3e9)]
    assert shown == ["0", "0.1235", "999", "12.35k", "2.5M", "-3G"]


def test_a_long_name_is_cut_and_a_short_one_is_not() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"
