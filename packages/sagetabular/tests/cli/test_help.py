"""What every command says of itself with `--help`, on a terminal of 80 columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from importlib.metadata import version

import pytest
import typer

from sagetabular.cli import app

WIDTH = 80


def commands(group: typer.core.TyperGroup, *before: str) -> Iterator[list[str]]:
    """Yield the words of every command and of every group of commands."""
    for name, command in group.commands.items():
        yield [*before, name]
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, *before, name)


every_command = pytest.mark.parametrize(
    "command", [*commands(typer.main.get_command(app))], ids=" ".join
)


@pytest.fixture
def lines(pipeline, tmp_path, monkeypatch):
    """Ask for help outside of any project; returns its lines, without the blanks around them."""

    def ask(*command):
        monkeypatch.setenv("COLUMNS", str(WIDTH))
        ended = pipeline(*command, "--help", folder=tmp_path)
        assert (ended.code, ended.err) == (0, "")
        assert f"pipeline {' '.join(command)}" in ended.out
        return [line.strip() for line in ended.out.splitlines()]

    return ask


@every_command
def test_its_help_needs_no_project_and_fits_the_terminal(lines, command):
    found = lines(*command)
    assert max(map(len, found)) <= WIDTH
    usage = next(line for line in found if line.startswith("Usage:"))
    assert "[[" not in usage


@every_command
def test_its_paragraphs_are_filled_and_not_broken_where_the_source_is(lines, command):
    found = lines(*command)
    for line, following in itertools.pairwise(found):
        if line and following and line[0] not in "│╭╰" and following[0] not in "│╭╰":
            first, *_ = following.split()
            assert len(f" {line} {first}") > WIDTH - 2, line


@every_command
def test_h_is_help_everywhere(pipeline, tmp_path, command):
    asked = [pipeline(*command, option, folder=tmp_path) for option in ("-h", "--help")]
    assert asked[0] == asked[1]
    assert asked[0].code == 0


def test_the_versions_are_those_of_the_installed_packages(pipeline, tmp_path):
    ended = pipeline("--version", folder=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    packages = [line.split() for line in ended.out.splitlines()]
    assert packages == [[name, version(name)] for name in ("sagetabular", "sagelocal")]
