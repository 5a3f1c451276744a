"""Columns of a table, matched with those that are wanted, whatever their spelling."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sagetabular.printing import listed
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.values import is_number

ColumnType = Literal["number", "category", "time"]

_WORD_STARTS = re.compile(r"(?<=[^\W_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[\W_]+")
# Names that are looked at for one that was meant: comparing takes the product of both.
_COMPARED = 200


@dataclass(frozen=True)
class DeclaredColumn:
    """A column as `conf/pipeline.yaml` declares it.

    Attributes:
        name: Its name in the lake.
        type: What it holds.
        required: Whether a table without it is refused.
        format: The format of a time in text, as `strptime` has it; None for ISO 8601.
        unit: The text that may stand before or behind a number.
    """

    name: str
    type: ColumnType = "number"
    required: bool = True
    format: str | None = None
    unit: str | None = None


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


def match_names(names: Sequence[str], wanted: Collection[str]) -> list[str]:
    """Return for each name of a table the wanted column that it means, else it in snake case.

    A wanted column is the one of exactly its name, otherwise the one of its words (`fixedAcidity`
    for `fixed_acidity`), otherwise the one of its letters and digits. Those of a number mean that
    number alone: `40.2` is not `402`.

    Args:
        names: Those of the table, in its order.
        wanted: Those to look for.

    Returns:
        One for each of `names`; empty for a name without letters and digits that is not wanted. A
        name that stands there twice is that of two columns which are the same one.
    """
    exact = {*wanted}
    found = {position: name for position, name in enumerate(names) if name in exact}
    for key in (snake_case, spelling_key):
        rest = exact - {*found.values()}
        keys: Mapping[str, list[str]] = defaultdict(list)
        for name in rest:
            keys[key(name)].append(name)
        for position, name in enumerate(names):
            same = keys.get(key(name), [])
            if position not in found and len(same) == 1 and not _is_other_number(name, same[0]):
                found[position] = same[0]
    return [found.get(position) or snake_case(name) for position, name in enumerate(names)]


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that stand there more than once; empty ones do not count."""
    return [name for name, count in Counter(names).items() if count > 1 and name]


def match_columns(
    names: Sequence[str], declared: Collection[DeclaredColumn], file: str
) -> list[str]:
    """Give each column of a file its name in the lake.

    Args:
        names: The file's column names, in its order.
        declared: The declared columns.
        file: What to call the file in errors.

    Returns:
        As `match_names`.

    Raises:
        ReadingError: Two columns are the same one, or required ones are missing (all of them are
            named at once).
    """
    matched = match_names(names, {column.name: None for column in declared})
    for twice in repeated(matched):
        same = [name for name, new in zip(names, matched, strict=True) if new == twice]
        raise ReadingError(
            f"{file}: {len(same)} columns are {twice}: {listed(same)}.",
            "Keep one of them, or give them names that differ in their letters and digits.",
        )
    missing = missing_names([column.name for column in declared if column.required], matched)
    if missing:
        raise ReadingError(
            f"{file}: {len(missing)} required column(s) missing: {hinted(missing, names)}.",
            f"It has {listed([*names])}: rename its columns, or correct data.columns in "
            "conf/pipeline.yaml.",
        )
    return matched


def missing_names(wanted: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return which of some columns a table lacks, in their order."""
    there = {*names}
    return [name for name in wanted if name not in there]


def hinted(missing: Sequence[str], names: Sequence[str]) -> str:
    """Return missing columns as one phrase, each with what may be meant instead."""
    return listed(
        [f"{name}{did_you_mean(name, names[:_COMPARED])}" for name in missing[:20]]
        + [*missing[20:]]
    )


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return ` (did you mean x?)` for the closest of some names, or nothing."""
    import difflib  # a server needs it for a mistake alone

    candidates = list(names)
    for key in (spelling_key, _sorted_words):
        keys = {key(candidate): candidate for candidate in candidates}
        close = difflib.get_close_matches(key(name), keys, n=1, cutoff=0.7)
        if close:
            return f" (did you mean {keys[close[0]]}?)"
    return ""


def _is_other_number(name: str, wanted: str) -> bool:
    """Return whether two names of the same letters and digits are different numbers."""
    return (is_number(name) or is_number(wanted)) and snake_case(name) != snake_case(wanted)


def _sorted_words(name: str) -> str:
    """Return a name's words in alphabetical order, so that `rooms_total` is near `total_rooms`."""
    return "_".join(sorted(snake_case(name).split("_")))
