"""Text written in a dialect, read back: equal; and if the dialect is guessed, equal or refused.

Files are written by Python's csv module, and numbers by Python's own format with groups, in whose
marks others are put: neither is code of ours.
"""

from __future__ import annotations

import csv
import io
import string
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sagetabular.reading.dialect import Dialect
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.guessing import guess_dialect
from sagetabular.reading.names import DeclaredColumn
from sagetabular.reading.tables import read_files
from sagetabular.reading.values import Marks

BOUNDED = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LETTERS = string.ascii_letters + "äöüÄÖÜéèñç€°"
# A letter at first, so that no text is a number, a mark for missing, or a comment.
WORDS = st.builds(
    lambda first, rest: f"q{first}{rest}",
    st.sampled_from(LETTERS),
    st.text(LETTERS + " ,;|\t.-'\"()", max_size=8).map(str.rstrip),
)
PLAIN_WORDS = st.text(LETTERS, min_size=1, max_size=8).map(lambda text: f"q{text}")
WHOLE = st.integers(-2_000_000, 2_000_000)
CENTS = st.integers(-10_000_000, 10_000_000).map(lambda cents: cents / 100)


@dataclass(frozen=True)
class Table:
    """Planted rows: a text, a whole number, a number with two digits behind the mark."""

    rows: list[tuple[str, int, float]]
    dialect: Dialect
    lines_above: list[str]
    quote_all: bool
    with_comments: bool

    def content(self) -> bytes:
        """Write it."""
        dialect, text = self.dialect, io.StringIO()
        rows: list[list[str]] = [["word", "whole", "part"]] if dialect.header else []
        rows += [
            [word, self.number(whole, 0), self.number(part, 2)] for word, whole, part in self.rows
        ]
        if dialect.index == 1:
            rows = [[str(number), *row] for number, row in enumerate(rows)]
        text.write("".join(f"{line}\n" for line in self.lines_above))
        style = csv.QUOTE_ALL if self.quote_all else csv.QUOTE_MINIMAL
        writer = csv.writer(
            text,
            delimiter=dialect.delimiter or ",",
            quotechar=dialect.quote,
            quoting=csv.QUOTE_NONE if dialect.quote is None else style,
            lineterminator="\n",
        )
        for number, row in enumerate(rows):
            if self.with_comments and number % 3 == 1:
                text.write(f'{dialect.comment} it\'s "quoted", here\n')
            writer.writerow(
                [*row, ""] if dialect.trailing and (number or not dialect.header) else row
            )
        return text.getvalue().encode(dialect.encoding)

    def number(self, value: float, digits: int) -> str:
        """Write a number: Python's `,` and `.` become the dialect's."""
        group = "" if self.dialect.thousands is None else ","
        written = f"{value:{group}.{digits}f}"
        marks = {",": self.dialect.thousands or "", ".": self.dialect.decimal}
        return "".join(marks.get(each, each) for each in written)

    def expected(self) -> dict[str, list]:
        """What it is."""
        names = ["word", "whole", "part"]
        if not self.dialect.header:
            first = 2 if self.dialect.index == 1 else 1
            names = [f"column_{first + place}" for place in range(3)]
        return {name: [row[place] for row in self.rows] for place, name in enumerate(names)}


@st.composite
def tables(draw) -> Table:
    """Draw a table and a dialect that can hold it."""
    delimiter = draw(st.sampled_from([None, ",", ";", "\t", "|", " ", ":"]))
    quote = draw(st.sampled_from(['"', '"', "'", None]))
    decimal = draw(st.sampled_from([".", ","]))
    separators = [None, None, *{",", ".", " ", "'"} - {decimal}]
    if quote is None or delimiter == " ":
        # Without quotes, no number may hold what separates cells.
        separators = [mark for mark in separators if mark not in (delimiter or ",", " ", quote)]
        decimal = "." if (delimiter or ",") == decimal else decimal
    thousands = draw(st.sampled_from([mark for mark in separators if mark != decimal]))
    if quote == "'" and thousands == "'":
        thousands = None
    words = WORDS if quote is not None and delimiter != " " else PLAIN_WORDS
    header = draw(st.booleans())
    above = draw(st.sampled_from([[], [], ["Report"], ["Report", ""], ["", "Sales", ""]]))
    dialect = Dialect(
        delimiter=delimiter,
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"])),
        decimal=decimal,
        thousands=thousands,
        quote=quote,
        comment=draw(st.sampled_from([None, "#"])),
        skip=len(above),
        header=header,
        index=draw(st.sampled_from([None, 1])),
        trailing=draw(st.booleans()) and delimiter != " ",
    )
    rows = draw(st.lists(st.tuples(words, WHOLE, CENTS), min_size=1, max_size=12))
    quote_all = draw(st.booleans())
    return Table(rows, dialect, above, quote_all, dialect.comment is not None)


@given(tables())
@BOUNDED
def test_a_table_is_read_back_by_its_dialect(tmp_path, table):
    (tmp_path / "a.csv").write_bytes(table.content())
    expected = table.expected()
    kinds = dict(zip(expected, ("category", "number", "number"), strict=True))
    declared = [DeclaredColumn(name, kind) for name, kind in kinds.items()]
    dialect = Dialect.from_settings(table.dialect.settings())
    found = read_files({"a.csv": tmp_path / "a.csv"}, declared, Marks(), dialect)
    assert found.table.to_pydict() == expected


# One row, and a comment of as many words as the row has cells.
COMMENTED = Table(
    [("qa", 0, 0.0)],
    Dialect(delimiter="\t", quote="'", comment="#", skip=1, trailing=True),
    ["Report"],
    True,
    True,
)


@given(tables())
@example(COMMENTED)
@settings(BOUNDED, derandomize=True, max_examples=100)
def test_a_guess_is_right_or_refused(tmp_path, table):
    # What nobody can see in a file is said: a title without a header, a row's number without one.
    dialect = table.dialect
    if not dialect.header:
        dialect = replace(dialect, skip=0, index=None)
        table = replace(table, dialect=dialect, lines_above=[])
    if dialect.index == 1:
        table = replace(table, dialect=replace(dialect, index=None))
    if dialect.delimiter == ":":
        table = replace(table, dialect=replace(table.dialect, delimiter=";"))
    file = tmp_path / "a.csv"
    file.write_bytes(table.content())
    try:
        guess = guess_dialect(file, "a.csv")
        found = read_files({"a.csv": file}, [], Marks(), guess.dialect).table.to_pydict()
    except ReadingError as error:
        assert len(str(error).splitlines()) == 2
        return
    assert found == table.expected(), (guess, table.content())


@pytest.mark.parametrize("field", ["delimiter", "decimal", "thousands", "quote", "comment", "skip"])
def test_settings_are_what_yaml_holds(field):
    values = {"delimiter": "\t", "decimal": ",", "thousands": " ", "quote": None, "comment": "#"}
    dialect = Dialect(**{field: values.get(field, 3)})
    assert Dialect.from_settings(dialect.settings()) == dialect
    assert all(isinstance(value, str | int) for value in dialect.settings().values())
    assert Dialect().settings() == {}


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "iso8859_15"])
@pytest.mark.parametrize("written", ["utf-8", "utf-8-sig"])
def test_utf8_is_not_read_as_another_encoding(tmp_path, encoding, written):
    """Any byte is a sign of such encodings: each ü would become Ã¼, and a category of its own."""
    file, declared = tmp_path / "a.csv", [DeclaredColumn("word", "category")]
    dialect = Dialect(encoding=encoding)
    file.write_bytes("word\nfür\nweiß\n".encode(written))
    with pytest.raises(ReadingError) as caught:
        read_files({"a.csv": file}, declared, Marks(), dialect)
    assert str(caught.value).splitlines() == [
        f"a.csv is UTF-8 text, and data.files.encoding in conf/pipeline.yaml says {encoding}.",
        f"Remove that, if all files are so; or convert this one: iconv -f utf8 -t {encoding} FILE "
        "> NEW_FILE.",
    ]
    for text in ("word\nfür\nweiß\n", "word\nfur\nweis\n"):
        file.write_bytes(text.encode(encoding))
        assert (
            read_files({"a.csv": file}, declared, Marks(), dialect).table["word"].to_pylist()
            == text.split()[1:]
        )
