"""A new project's first run offers to begin with a table of one's own."""

from __future__ import annotations

import sys

import pytest
import yaml
from terminals import Terminal

from sagetabular.lake.store import source

ROWS = "size,price\n" + "".join(f"{n % 13},{n % 7 * 3 + n % 13}.5\n" for n in range(80))
OFFER = ("data", "sample", "--rows", "50", "--if-empty", "--offer")


class Answers(Terminal):
    """A terminal at which several questions are answered."""

    def __init__(self, *answers):
        super().__init__("\n".join(answers))


@pytest.fixture
def offer(pipeline, project_root, monkeypatch):
    """Fill the lake as `make run` does, with somebody at a terminal or nobody."""

    def offer(*answers):
        if answers:
            monkeypatch.setattr(sys, "stdin", Answers(*answers))
        return pipeline(*OFFER, folder=project_root)

    return offer


def kind(root, database="housing", table="california"):
    found = source(root / ".pipeline/lake", database, table)
    return found and found.kind


def test_where_nobody_can_be_asked_the_sample_comes_and_a_line_says_how_else(offer, project_root):
    ended = offer()
    assert ended.code == 0
    assert ended.err.splitlines()[0].startswith("For a table of your own: ")
    assert ended.err.splitlines()[0].endswith(" init FILE --target COLUMN")
    assert kind(project_root) == "sample"
    assert offer().err == ""  # there is data now


def test_enter_takes_the_sample(offer, project_root):
    assert offer("").code == 0
    assert kind(project_root) == "sample"


def test_a_file_and_a_target_begin_the_project(offer, project_root, write):
    file = write(ROWS, "my houses.csv")
    ended = offer(str(file), "price", "y")
    assert ended.code == 0, ended
    assert "my houses.csv has size, price." in ended.err
    data = yaml.safe_load((project_root / "conf/pipeline.yaml").read_text(encoding="utf-8"))["data"]
    assert (data["table"], data["target"]) == ("my_houses", "price")
    assert kind(project_root, "test_project", "my_houses") == "files"
    assert kind(project_root) is None
    assert offer("never asked").err == ""


def test_who_declines_what_would_be_written_gets_no_sample_instead(offer, project_root, write):
    ended = offer(str(write(ROWS)), "price", "n")
    assert ended.code == 2
    assert ended.err.splitlines()[-2].endswith("No table was written, so there is nothing to run.")
    assert kind(project_root) is None


def test_a_file_that_is_none_is_said_in_two_lines(offer, project_root):
    ended = offer("nothing.csv")
    assert ended.code == 2
    assert "nothing.csv does not exist." in ended.err
    assert kind(project_root) is None


def test_a_project_that_has_been_set_up_is_offered_nothing(offer, project_root):
    file = project_root / "conf/pipeline.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("table: california", "table: other"), encoding="utf-8")
    assert offer("never asked").err == ""
    assert kind(project_root, table="other") == "sample"
