"""Tables that say which test shows a behaviour name tests that exist, and are run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.baking import ROOT

# `path/of/test_file.py::test_name`, from the root of the repository.
_NAMED = re.compile(r"`([\w/.-]+/test_\w+\.py)(?:::(\w+))?`")
_ROW = re.compile(r"^\| (\d+) \|.*\|\s*$", re.MULTILINE)
# What issue 14 has to show: rows of the table of the five systems.
ROWS = {*range(21, 39), *range(59, 79)}
TABLE = ROOT / "docs/infrastructure.md"
STUDIO = ROOT / "docs/studio.md"
# What issue 15 has to show, and the rows of the five systems that belong to it.
ITEMS = {"1", "2", "3", "4", "96", "97"}
PAGES = sorted([TABLE, STUDIO, *ROOT.glob("docs/infrastructure/*.md")])


def named(page: Path) -> Iterator[tuple[str, str | None]]:
    yield from _NAMED.findall(page.read_text(encoding="utf-8"))


def functions(file: Path) -> set[str]:
    """Return the names of a file's tests, none of which is always skipped."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            marks = {ast.unparse(mark) for mark in node.decorator_list}
            assert not any(re.match(r"pytest\.mark\.(skip|xfail)\b", mark) for mark in marks)
            found.add(node.name)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_tests_that_a_page_names_are_there(page: Path) -> None:
    for file, test in named(page):
        assert (ROOT / file).is_file(), f"{page.name} names {file}"
        assert not test or test in functions(ROOT / file), f"{page.name} names {file}::{test}"


def test_every_row_has_a_test() -> None:
    text = TABLE.read_text(encoding="utf-8")
    rows = {int(match[1]): match[0] for match in _ROW.finditer(text)}
    assert rows.keys() == ROWS
    assert [number for number, row in rows.items() if not _NAMED.search(row)] == []


def test_every_behaviour_of_studio_has_a_test() -> None:
    text = STUDIO.read_text(encoding="utf-8").partition("\n## How it is shown\n")[2]
    rows = re.findall(r"^\| (\d+) \|.*\|$", text, flags=re.MULTILINE)
    assert set(rows) == ITEMS
    lines = [line for line in text.splitlines() if re.match(r"\| \d", line)]
    assert [line for line in lines if not _NAMED.search(line)] == []
