"""What several commands print."""

from __future__ import annotations

import re

import pytest

from sagetabular.cli.terminal.output import print_table, shown

IDENTIFIER = "20261121-211516-bb82"
ADDRESS = "s3://local/houses/executions/20261121-211516-bb82/fit/ridge/output/model.tar.gz"


@pytest.fixture
def terminal(monkeypatch):
    """Make standard output a terminal of so many columns."""

    def of(columns):
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(columns))

    return of


def test_a_path_below_the_working_directory_is_shown_from_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "runs/one") == "runs/one"


def test_a_path_elsewhere_is_shown_in_full(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert shown(tmp_path / "runs") == str(tmp_path / "runs")


def test_a_table_that_nobody_watches_keeps_every_row_on_one_line(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    print_table("", ["execution", "data"], [[IDENTIFIER, "a table of many words " * 9]])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "execution             data",
        f"{IDENTIFIER}  {'a table of many words ' * 9}"[:-1],
    ]


def test_a_narrow_terminal_wraps_a_table_at_blanks(capsys, terminal):
    terminal(40)
    print_table("", ["execution", "data"], [[IDENTIFIER, "made-up houses, 600 rows"]])
    out = capsys.readouterr().out
    assert [line.split() for line in out.splitlines()[1:]] == [
        [IDENTIFIER, "made-up", "houses,"],
        ["600", "rows"],
    ]
    assert max(map(len, out.splitlines())) <= 40


@pytest.mark.parametrize("columns", [10, 60, 80])
def test_no_terminal_is_so_narrow_that_what_one_copies_is_cut(capsys, terminal, columns):
    terminal(columns)
    print_table("", ["", ""], [["artefact", ADDRESS], ["execution", IDENTIFIER]])
    out = capsys.readouterr().out
    assert [line.split()[-1] for line in out.splitlines() if not line.endswith("m")] == [
        ADDRESS,
        IDENTIFIER,
    ]
    assert all(line == line.rstrip() for line in out.splitlines())


def test_wide_letters_take_two_columns(capsys, terminal):
    terminal(40)
    print_table("", ["model ", "title"], [["1", "日本"], ["12", "x"]])
    assert capsys.readouterr().out.splitlines()[1:] == ["    1  日本", "   12  x"]


def test_a_title_is_not_as_narrow_as_its_table(capsys, terminal):
    terminal(60)
    print_table("\nScores (lower is better)", ["a", "b "], [["x", "1"]])
    out = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out)
    assert out.splitlines() == ["", "Scores (lower is better)", "a  b", "x  1"]
