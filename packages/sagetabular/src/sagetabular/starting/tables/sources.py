"""What a project starts from: files, or a table of the local lake, with the cells as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sagetabular.errors import UserError
from sagetabular.lake.add import read_files
from sagetabular.lake.store import read_table, source
from sagetabular.printing import listed, printable
from sagetabular.reading.dialect import PLAIN, Dialect
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.files import RawTable, read_file
from sagetabular.reading.guessing import guess_files
from sagetabular.reading.names import did_you_mean, match_columns, match_names
from sagetabular.reading.tables import typed_table
from sagetabular.reading.values import make_marks

if TYPE_CHECKING:
    from sagetabular.reading.names import DeclaredColumn

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class SourceColumn:
    """A column: its spelling, its name in the lake, and its cells, of any Arrow type."""

    written: str
    name: str
    cells: pa.ChunkedArray = field(repr=False)


@dataclass(frozen=True)
class Source:
    """What a project starts from.

    Attributes:
        title: What to call it.
        columns: Those that have a name, in order.
        nameless: How many have none, and are left out.
        files: What errors call a file → the file; none for a table of the lake.
        table: Database and table in the lake; None for files.
        raws: The files' content.
        dialect: How the files are written.
        reasons: What tells so.
        said: What somebody has said of it, which is not to be guessed again.
    """

    title: str
    columns: Sequence[SourceColumn]
    nameless: int = 0
    files: Mapping[str, Path] = field(default_factory=dict)
    table: tuple[str, str] | None = None
    raws: Sequence[RawTable] = field(default=(), repr=False)
    dialect: Dialect = PLAIN
    reasons: Sequence[str] = ()
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def files_settings(self) -> dict[str, Any]:
        """Return what `data.files` is to say."""
        return {**self.dialect.settings(), **self.said}

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return len(self.columns[0].cells) if self.columns else 0

    def column(self, name: str) -> SourceColumn:
        """Return a column by its name in the lake."""
        return next(column for column in self.columns if column.name == name)

    def named(self, wanted: str, option: str) -> str:
        """Return the name in the lake of a column, whatever its spelling.

        Args:
            wanted: What somebody wrote.
            option: Where.

        Raises:
            UserError: There is no such column.
        """
        names = [column.name for column in self.columns]
        written = {column.written: column.name for column in self.columns}
        if wanted in written:
            return written[wanted]
        found = match_names([wanted], names)[0]
        if found not in names:
            msg = f"{option} must name a column of {self.title}, got {wanted!r}."
            raise UserError(msg, f"It has {listed(names)}{did_you_mean(wanted, names)}.")
        return found

    def place(self, row: int) -> str:
        """Return where a row is, such as `wine.csv, line 3`; rows count from 0."""
        for raw in self.raws:
            if row < raw.table.num_rows:
                return f"{raw.label}, {raw.place(row)}"
            row -= raw.table.num_rows
        return f"row {row + 1}"


def read_source(words: Sequence[str], lake: Path, said: Mapping[str, Any] = _NOTHING) -> Source:
    """Read what a project starts from.

    Args:
        words: Files with the same columns, or one table of the lake as `database.table`.
        lake: The local lake.
        said: What `data.files` says already of these files.

    Raises:
        UserError: A file is no table, could be read in two ways, or has no rows, or other columns
            than the first one.
    """
    if len(words) == 1 and not Path(words[0]).exists() and (table := _lake_table(words[0], lake)):
        return table
    files = {printable(str(Path(word))): Path(word) for word in words}
    try:
        guess = guess_files(files, said)
        raws = [read_file(path, label, guess.dialect) for label, path in files.items()]
        names = [match_columns(raw.names, (), raw.label) for raw in raws]
    except ReadingError as error:
        raise UserError(error.message, error.remedy) from error
    cells = _joined(raws, names)
    if not cells.num_rows:
        raise _refusal([*files.values()], guess.dialect)
    spelling = dict(zip(names[0], raws[0].names, strict=True))
    columns = [SourceColumn(spelling[name], name, cells[name]) for name in cells.column_names]
    title = listed([path.name for path in files.values()])
    return Source(
        title, columns, names[0].count(""), files, None, raws, guess.dialect, guess.reasons, said
    )


def typed(source: Source, declared: Sequence[DeclaredColumn], missing: Sequence[str]) -> pa.Table:
    """Return the table as it is put into the lake, or as it is there.

    Raises:
        UserError: A cell is of another type than the declared one.
    """
    if source.table is not None:
        table = pa.table({column.name: column.cells for column in source.columns})
        try:
            return typed_table(table, declared, make_marks(missing), source.title)
        except ReadingError as error:
            raise UserError(error.message, error.remedy) from error
    return read_files([*source.files.values()], declared, missing, source.dialect).table


def _lake_table(word: str, lake: Path) -> Source | None:
    database, dot, table = word.partition(".")
    if not (dot and database.isidentifier() and table.isidentifier() and word.isascii()):
        return None
    if source(lake, database, table) is None:
        return None
    content = read_table(lake, database, table)
    columns = [SourceColumn(name, name.lower(), content[name]) for name in content.column_names]
    return Source(word, columns, table=(database, table))


def _refusal(files: Sequence[Path], dialect: Dialect) -> UserError:
    """Return what the one reader of files has to say about some that are no table."""
    try:
        read_files(files, (), (), dialect)
    except UserError as error:
        return error
    return UserError(f"{listed([*map(str, files)])} have no rows.", "Add data below the header.")


def _joined(raws: Sequence[RawTable], names: Sequence[Sequence[str]]) -> pa.Table:
    """Return all rows of the files; none if their columns differ."""
    parts = [
        pa.table({name: cells for name, cells in zip(own, raw.table.columns, strict=True) if name})
        for raw, own in zip(raws, names, strict=True)
    ]
    first = parts[0].column_names
    if any({*part.column_names} != {*first} for part in parts):
        return pa.table({})
    try:
        ordered = [part.select(first) for part in parts]
        return pa.concat_tables(ordered, promote_options="permissive")
    except pa.ArrowException:
        return pa.table({})
