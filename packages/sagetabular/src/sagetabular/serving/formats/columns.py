"""The columns a model expects, and how parsed values become what it predicts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from sagetabular.printing import listed, printable
from sagetabular.reading.names import did_you_mean, hinted, match_names, missing_names, repeated
from sagetabular.reading.values import LARGEST, Marks, category, is_number, number
from sagetabular.serving.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Rows: TypeAlias = "NDArray[np.float64] | pd.DataFrame"
    Place: TypeAlias = Callable[[int], str]

_PLAIN = {int, float, type(None)}
# Characters of a wrong value that a message repeats.
_SHOWN = 60


class Header(NamedTuple):
    """The first line of a CSV body."""

    width: int
    """Number of its cells."""
    positions: list[int]
    """Where each of a model's columns stands."""


@dataclass(frozen=True)
class Columns:
    """The features of a model.

    Attributes:
        names: In the order of rows without names.
        categories: Those that hold text.
        marks: What is missing.
    """

    names: tuple[str, ...]
    categories: frozenset[str] = frozenset()
    marks: Marks = field(default_factory=Marks)

    @cached_property
    def all_numbers(self) -> bool:
        """True if no column holds text."""
        return not self.categories

    @cached_property
    def no_numbers_mean_else(self) -> bool:
        """True if a number is never a name in a header, nor means a missing value."""
        return not (self.marks.numbers or any(map(is_number, self.names)))

    @cached_property
    def header(self) -> Callable[[bytes], Header | None]:
        """Return what reads a line that may be a header without quotes; it remembers some."""
        return lru_cache(maxsize=16)(self._header)

    def _header(self, line: bytes) -> Header | None:
        try:
            names = [name.strip() for name in line.decode().split(",")]
        except UnicodeDecodeError:
            return None
        if b'"' in line or not self.names_some(names):
            return None
        return Header(len(names), self.positions(names, "line 1"))

    def rows(self, values: Sequence[NDArray[np.float64] | list[str | None]]) -> Rows:
        """Return the rows of parsed columns, given in the order of `names`.

        Returns:
            A matrix of shape (rows, columns) if all are numbers, else a frame.
        """
        if self.all_numbers:
            return np.column_stack([np.asarray(column) for column in values])
        import pandas as pd

        named = zip(self.names, values, strict=True)
        return pd.DataFrame(
            {
                name: pd.Series(column, dtype=object if name in self.categories else np.float64)
                for name, column in named
            }
        )

    def values(
        self, name: str, cells: Sequence[object], place: Place
    ) -> NDArray[np.float64] | list[str | None]:
        """Return the values of a column, by the rules that training had.

        Args:
            name: Of the column.
            cells: As they were sent: text, numbers, true, false or None.
            place: Index of a row → where it stands in the body, for the message.

        Raises:
            RequestError: A value is no number, or too large for single precision.
        """
        if name in self.categories:
            return [category(cell, self.marks) for cell in cells]
        if {*map(type, cells)} <= _PLAIN:
            plain = np.array([np.nan if cell is None else cell for cell in cells], np.float64)
            if not (np.abs(plain) > LARGEST).any():
                return without_marks(plain + 0.0, self.marks)
        numbers = np.empty(len(cells))
        for row, cell in enumerate(cells):
            try:
                numbers[row] = number(cell, self.marks)
            except (ValueError, OverflowError) as err:
                rule = "a number" if isinstance(err, ValueError) else "a number up to 3.4e38"
                raise _no_number(place(row), name, cell, rule) from err
        return numbers

    def names_some(self, cells: Sequence[str]) -> bool:
        """Return whether a record is a header: by the names of the columns alone.

        It is one if it names all of them, or any with a cell that is no number.
        """
        matched = match_names(cells, self.names)
        found = {*self.names} & {*matched}
        words = (new for old, new in zip(cells, matched, strict=True) if not is_number(old))
        return len(found) == len(self.names) or bool(found & {*words})

    def positions(self, header: Sequence[str], where: str) -> list[int]:
        """Return where each of `names` stands in a header; columns of other names are ignored.

        Raises:
            RequestError: A column is missing, or stands there twice.
        """
        matched = match_names(header, self.names)
        if missing := missing_names(self.names, matched):
            msg = f"{where}: {len(missing)} columns are missing: {hinted(missing, header)}.\n"
            if len(missing) == 1:
                hint = did_you_mean(missing[0], header)
                msg = f"{where}: the column {missing[0]!r} is missing{hint}.\n"
            raise RequestError(400, f"{msg}The model needs {listed(self.names)}.")
        if twice := [name for name in repeated(matched) if name in {*self.names}]:
            msg = f"{where}: the column {printable(twice[0])!r} stands there twice.\n"
            raise RequestError(400, f"{msg}Keep one of them.")
        places = {name: place for place, name in enumerate(matched)}
        return [places[name] for name in self.names]


def _no_number(place: str, name: str, value: object, rule: str) -> RequestError:
    shown = repr(value[:_SHOWN]) if isinstance(value, str) else str(value)[:_SHOWN]
    msg = f"{place}, column {name!r}: {shown} is not {rule}.\n"
    return RequestError(400, f"{msg}Write it like -12.5 or 1e3, or leave it empty.")


def without_marks(matrix: NDArray[np.float64], marks: Marks) -> NDArray[np.float64]:
    """Return a matrix with NaN where a number means a missing value."""
    if marks.numbers:
        matrix[np.isin(matrix, [*marks.numbers])] = np.nan
    return matrix
