"""How a file is probably written, with the reasons; what could be read in two ways is refused.

A guess is made once: what it says is written into `data.files` of `conf/pipeline.yaml`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sagetabular.reading.dialect import Dialect
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.files import kind_of_file, read_file, unreadable
from sagetabular.reading.guessing.cutting import Layout
from sagetabular.reading.guessing.encodings import find_encoding
from sagetabular.reading.guessing.headers import find_header
from sagetabular.reading.guessing.layouts import find_layout
from sagetabular.reading.guessing.notations import find_notation
from sagetabular.reading.guessing.samples import read_lines, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Guess", "guess_dialect", "guess_files"]

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Guess:
    """How a file is probably written.

    Attributes:
        dialect: What to read it with.
        reasons: A sentence for each field that is not the default.
    """

    dialect: Dialect
    reasons: list[str] = field(default_factory=list)


def guess_dialect(path: Path, label: str, said: Mapping[str, Any] = _NOTHING) -> Guess:
    """Guess how a file is written, of its first thousands of lines.

    Dates are never guessed: see `times.date_formats`.

    Args:
        path: A CSV, Excel or Parquet file.
        label: What errors call it.
        said: What `data.files` says already: it is taken as it is, even if it is the default.

    Raises:
        ReadingError: It is no such file, or two readings are equally good; the remedy names what
            to write under `data.files`.
    """
    kind = kind_of_file(path, label)
    if kind == "Parquet":
        return Guess(Dialect.from_settings(said))
    try:
        return _guess(path, label, kind, said)
    except (OSError, pa.ArrowException) as error:
        raise unreadable(label, error) from error


def _guess(path: Path, label: str, kind: str, said: Mapping[str, Any]) -> Guess:
    known = Dialect.from_settings(said)
    reasons: list[str] = []
    if kind == "CSV" and "encoding" not in said:
        encoding, reason = find_encoding(path, label)
        known, reasons = replace(known, encoding=encoding), [reason] if reason else []
    layout = (
        find_layout(read_lines(path, label, known.encoding), label, known, said)
        if kind == "CSV"
        else read_rows(path, label, known)
    )
    if layout is None:
        read_file(path, label, known)  # it may say what is wrong
        raise ReadingError(
            f"{label}: no delimiter separates all lines into equally many cells.",
            "Say under data.files in conf/pipeline.yaml how it is written: delimiter, and skip: 2 "
            "if two lines stand above the header.",
        )
    return _completed(layout, label, reasons, said)


def _completed(layout: Layout, label: str, reasons: list[str], said: Mapping[str, Any]) -> Guess:
    """Add what the cells tell: header, index column, and how numbers are written."""
    headed = find_header(layout, label, said)
    noted = find_notation(headed, label, said)
    return Guess(noted.dialect, [*reasons, *noted.reasons])


def guess_files(files: Mapping[str, Path], said: Mapping[str, Any] = _NOTHING) -> Guess:
    """Guess how several files are written, which must be the same way.

    Args:
        files: What errors call a file → the file, one or more.
        said: What `data.files` says already.

    Raises:
        ReadingError: As `guess_dialect`; or they are written in different ways.
    """
    guesses = {label: guess_dialect(path, label, said) for label, path in files.items()}
    (first, guess), *others = guesses.items()
    for label, other in others:
        if other.dialect != guess.dialect:
            ways = [one.dialect.settings() or "the plain form" for one in (guess, other)]
            raise ReadingError(
                f"{first} and {label} are written in different ways: {ways[0]} and {ways[1]}.",
                "Save them in the same way, or say under data.files in conf/pipeline.yaml what "
                "holds for both.",
            )
    return guess
