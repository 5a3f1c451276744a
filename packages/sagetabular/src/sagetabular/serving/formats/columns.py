"""The columns a model expects, and how parsed values become what it predicts from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sagetabular.serving.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Rows: TypeAlias = "NDArray[np.float64] | pd.DataFrame"
    Place: TypeAlias = Callable[[int], str]

# Both models compare in single precision; beyond it a number would become infinite.
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Columns:
    """The features of a model.

    Attributes:
        names: In the order of rows without names.
        categories: Those that hold text.
    """

    names: tuple[str, ...]
    categories: frozenset[str] = frozenset()

    @cached_property
    def all_numbers(self) -> bool:
        """True if no column holds text."""
        return not self.categories

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

    def positions(self, header: Sequence[str], where: str) -> list[int]:
        """Return where each of `names` stands in a header; columns of other names are ignored.

        Raises:
            RequestError: A column is missing, or stands there twice.
        """
        if missing := [name for name in self.names if name not in header]:
            msg = f"{where}: the column {missing[0]!r} is missing.\n"
            raise RequestError(400, f"{msg}The model needs {', '.join(self.names)}.")
        if twice := [name for name in self.names if header.count(name) > 1]:
            msg = f"{where}: the column {twice[0]!r} stands there twice.\nKeep one of them."
            raise RequestError(400, msg)
        return [header.index(name) for name in self.names]


def check_range(values: NDArray[np.float64], name: str, place: Place) -> NDArray[np.float64]:
    """Return the values of a column if each is missing or a number the model can compare.

    Args:
        values: Shape (rows,).
        name: Of the column.
        place: Index of a row → where it stands in the body, for the message.

    Raises:
        RequestError: A value is infinite, or too large for single precision.
    """
    wrong = np.flatnonzero(np.abs(values) > LARGEST)
    if wrong.size:
        row = int(wrong[0])
        msg = f"{place(row)}, column {name!r}: {values[row]!s} is not a number up to 3.4e38.\n"
        raise RequestError(400, f"{msg}Leave the field empty if the value is unknown.")
    return values + 0.0  # -0.0 becomes 0.0, as Preprocess makes it
