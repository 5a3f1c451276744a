"""Columns of a file, matched with declared ones whatever their spelling."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sagetabular.errors import UserError

ColumnType = Literal["number", "category", "time"]

_WORD_STARTS = re.compile(r"(?<=[^\W_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[\W_]+")
_LISTED = 20


@dataclass(frozen=True)
class DeclaredColumn:
    """A column as `conf/pipeline.yaml` declares it.

    Attributes:
        name: Its name in the lake.
        type: What it holds.
        required: Whether a table without it is refused.
    """

    name: str
    type: ColumnType = "number"
    required: bool = True


def snake_case(name: str) -> str:
    """Return a column name as lower-case words joined by underscores.

    Examples:
        >>> snake_case("housingMedianAge"), snake_case("Housing-Median Age"), snake_case("HTTPPort")
        ('housing_median_age', 'housing_median_age', 'http_port')
    """
    words = _WORD_STARTS.sub("_", unicodedata.normalize("NFKC", name))
    return _NOT_WORD.sub("_", words).strip("_").lower()


def spelling_key(name: str) -> str:
    """Return what all spellings of a column name have in common: its letters and digits."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", name)).casefold()


def match_columns(names: Sequence[str], declared: Iterable[DeclaredColumn], file: str) -> list[str]:
    """Give each column of a file its name in the lake.

    A declared column matches by its exact name, otherwise by any spelling of it. Other columns keep
    their own name in snake case.

    Args:
        names: The file's column names, in its order.
        declared: The declared columns.
        file: What to call the file in errors.

    Returns:
        The names in the lake, one for each of `names`.

    Raises:
        UserError: If a column has no name, two columns are the same one, or required ones are
            missing (all of them are named at once).
    """
    declared = tuple(declared)
    matched = [_lake_name(name, position, declared, file) for position, name in enumerate(names, 1)]
    _refuse_duplicates(names, matched, file)
    missing = [column.name for column in declared if column.required and column.name not in matched]
    if missing:
        raise _missing_columns(missing, names, file)
    return matched


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return ` (did you mean x?)` for the closest of some names, or nothing."""
    candidates = list(names)
    for key in (spelling_key, _sorted_words):
        keys = {key(candidate): candidate for candidate in candidates}
        close = difflib.get_close_matches(key(name), keys, n=1, cutoff=0.7)
        if close:
            return f" (did you mean {keys[close[0]]}?)"
    return ""


def listed(names: Sequence[str]) -> str:
    """Return names as one phrase; a long list is cut."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _sorted_words(name: str) -> str:
    """Return a name's words in alphabetical order, so that `rooms_total` is near `total_rooms`."""
    return "_".join(sorted(snake_case(name).split("_")))


def _lake_name(name: str, position: int, declared: Sequence[DeclaredColumn], file: str) -> str:
    """Return the declared column that a name means, else the name in snake case."""
    known = [column.name for column in declared]
    if name in known:
        return name
    same = [column for column in known if spelling_key(column) == spelling_key(name)]
    lake_name = same[0] if len(same) == 1 else snake_case(name)
    if not lake_name:
        raise UserError(
            f"{file}: column {position} needs a name with letters or digits, got {name!r}.",
            "Name it in the header row (pandas writes its index so: to_csv(..., index=False)).",
        )
    return lake_name


def _refuse_duplicates(names: Sequence[str], matched: Sequence[str], file: str) -> None:
    """Refuse a file in which two columns are the same one."""
    spellings: Mapping[str, list[str]] = defaultdict(list)
    for name, lake_name in zip(names, matched, strict=True):
        spellings[lake_name].append(name)
    for lake_name, same in spellings.items():
        if len(same) > 1:
            raise UserError(
                f"{file}: {len(same)} columns are {lake_name}: {listed(same)}.",
                "Keep one of them, or give them names that differ in their letters and digits.",
            )


def _missing_columns(missing: Sequence[str], names: Sequence[str], file: str) -> UserError:
    """Return the error for required columns that a file does not have."""
    hints = [f"{name}{did_you_mean(name, names)}" for name in missing]
    return UserError(
        f"{file}: {len(missing)} required column(s) missing: {', '.join(hints)}.",
        f"It has {listed(names)}: rename its columns, or correct data.columns in "
        "conf/pipeline.yaml.",
    )
