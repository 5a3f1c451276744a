"""Axes: from where to where, round ticks, and numbers as short as a tick needs them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def short(value: str) -> str:
    """Return a hyperparameter with four digits, if it is a number with more."""
    try:
        return f"{float(value):.4g}" if "." in value or "e" in value else value
    except ValueError:
        return value


def number(value: float, digits: int = 4) -> str:
    """Return a number as a tick shows it: so many digits, thousands as k."""
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            return f"{value / (1e3 if suffix == 'k' else limit):.{digits}g}{suffix}"
    return f"{value:.{digits}g}"


@dataclass(frozen=True)
class Axis:
    """From where to where, and what it is called; with `names`, one place for each of them.

    On one that is mirrored at 0 the ticks have no sign.
    """

    label: str
    low: float
    high: float
    logarithmic: bool = False
    names: tuple[str, ...] = ()
    mirrored: bool = False

    @classmethod
    def around(cls, label: str, values: Iterable[float], *, logarithmic: bool = False) -> Axis:
        """Return an axis that shows all values with a little room."""
        known = [math.log10(value) if logarithmic else value for value in values]
        low, high = min(known), max(known)
        room = (high - low) * 0.04 or abs(low) * 0.05 or 0.5
        low, high = low - room, high + room
        return cls(label, 10**low, 10**high, True) if logarithmic else cls(label, low, high)

    @classmethod
    def of_names(cls, label: str, names: Sequence[str]) -> Axis:
        """Return an axis with one place for each name; its values are 0, 1, 2, …."""
        return cls(label, -0.5, len(names) - 0.5, names=tuple(names))

    def share(self, value: float) -> float:
        """Return the place of a value: 0 at the low end, 1 at the high one."""
        low, high, at = self.low, self.high, value
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(value)
        return (at - low) / (high - low)

    def ticks(self) -> list[tuple[float, str]]:
        """Return three to seven round values with their text."""
        if self.names:
            return list(enumerate(shorten(name, 54 // len(self.names)) for name in self.names))
        values = self._decades() if self.logarithmic else []
        if len(values) > 1:
            return [(value, number(value)) for value in values]
        values = self._even()
        # Enough digits to tell one from the next: R2 of late trials differ in the fifth.
        ratio = max(abs(self.low), abs(self.high)) / (self.high - self.low)
        digits = max(4, math.ceil(math.log10(ratio)) + 2)
        shown = [abs(value) if self.mirrored else value for value in values]
        return list(zip(values, (number(value, digits) for value in shown), strict=True))

    def _decades(self) -> list[float]:
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for leading in ((1, 2, 5), (1, 3), (1,)):
            values = [lead * 10.0**exponent for exponent in exponents for lead in leading]
            shown = [value for value in values if self.low <= value <= self.high]
            if len(shown) <= 6:
                break
        return shown[:: len(shown) // 7 + 1]

    def _even(self) -> list[float]:
        rough = (self.high - self.low) / 6
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(unit * size for size in (1, 2, 2.5, 5, 10) if unit * size >= rough)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [index * step for index in range(first, last + 1)]


def shorten(text: str, letters: int) -> str:
    """Return the text, cut where it would run into its neighbour."""
    return text if len(text) <= max(letters, 3) else f"{text[: max(letters, 3) - 1]}…"
