"""Durations as a cache configuration writes them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sagelocal.definition.parsing import read_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P30D", timedelta(days=30)),
        ("30d", timedelta(days=30)),
        ("5y", timedelta(days=5 * 365)),
        ("T16m", timedelta(minutes=16)),
        ("30dT5h", timedelta(days=30, hours=5)),
        ("P1Y2M3W4DT5H6M7S", timedelta(days=365 + 60 + 21 + 4, hours=5, minutes=6, seconds=7)),
        ("PT0S", timedelta(0)),
    ],
)
def test_durations_are_read_as_iso_8601_and_as_the_service_writes_them(text, expected):
    assert read_duration(text) == expected


def test_a_duration_beyond_all_counting_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        read_duration("P99999999999Y")
