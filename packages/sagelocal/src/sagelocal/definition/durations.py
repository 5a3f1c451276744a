"""Durations as a cache configuration writes them."""

from __future__ import annotations

import re
from datetime import timedelta

_DAYS = {"y": 365, "m": 30, "w": 7, "d": 1}
_CLOCK = ("hours", "minutes", "seconds")
_DURATION = re.compile(
    r"P?(?P<y>\d+y)?(?P<m>\d+m)?(?P<w>\d+w)?(?P<d>\d+d)?"
    r"(?P<time>t(?P<hours>\d+h)?(?P<minutes>\d+m)?(?P<seconds>\d+s)?)?",
    re.IGNORECASE | re.ASCII,
)


def read_duration(text: str) -> timedelta:
    """Return the length of an ISO 8601 duration: `P30D`, `PT16M`, and the service's `30dT5h`.

    A year has 365 days here, and a month 30.

    Raises:
        ValueError: If the text is no such duration, or is longer than can be counted.
    """
    match = _DURATION.fullmatch(text)
    parts = {key: part for key, part in match.groupdict().items() if part} if match else {}
    time = parts.pop("time", "")
    if not parts or time in ("T", "t"):
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as P30D or PT12H.")
    numbers = {key: int(part[:-1]) for key, part in parts.items()}
    days = sum(numbers.get(unit, 0) * length for unit, length in _DAYS.items())
    try:
        return timedelta(days=days, **{unit: numbers.get(unit, 0) for unit in _CLOCK})
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long a duration.") from error
