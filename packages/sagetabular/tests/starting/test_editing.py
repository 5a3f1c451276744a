"""Entries of YAML files are changed as text; everything else stays, to the byte."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sagetabular.errors import UserError
from sagetabular.settings.yaml_text import load
from sagetabular.starting.changes.editing import Entry, with_entries
from sagetabular.starting.changes.yaml_words import written

TEXT = """\
# A heading.
name: houses   # of the project

data:
  # A comment inside.
  table: sales             # where it is
  # positive: "yes"        # the class to find
  columns:                 # what there is
    rooms: number          # how many
    # size: number         # not yet
    price: {type: number,
            optional: false}
    # the last one
  drop: [rooms]            # why
  # missing: ["?"]

split: {kind: random, folds: 5}   # in one line
selection:
  by: cv
  minimum_r2: 0.6          # the gate
"""


def edited(*entries, text=TEXT):
    return with_entries(text, entries, "conf/pipeline.yaml")


def changed(*entries):
    """Return the lines that went, and those that came."""
    before, after = TEXT.splitlines(), edited(*entries).splitlines()
    gone = [line for line in before if line not in after]
    return gone, [line for line in after if line not in before]


def test_a_value_changes_and_its_comment_stays():
    assert changed(Entry(("data", "table"), "rents")) == (
        ["  table: sales             # where it is"],
        ["  table: rents             # where it is"],
    )


def test_what_is_so_already_changes_nothing():
    same = {"rooms": "number", "price": {"type": "number", "optional": False}}
    entries = [
        Entry(("data", "columns"), same, ("rooms: number",)),
        Entry(("data", "table"), "sales", comment="another", anew=True),
        Entry(("data", "positive"), None),
        Entry(("split", "kind"), "random"),
    ]
    assert edited(*entries) == TEXT


def test_a_block_goes_with_its_own_comments_and_no_others():
    gone, new = changed(Entry(("data", "columns"), {"a": "number"}, ("a: number",)))
    assert new == ["    a: number"]
    assert gone == TEXT.splitlines()[8:13]


def test_an_entry_takes_the_place_of_its_commented_example():
    assert changed(Entry(("data", "positive"), "no")) == (
        ['  # positive: "yes"        # the class to find'],
        ['  positive: "no"           # the class to find'],
    )


def test_a_new_entry_comes_behind_the_one_that_is_named():
    lines = edited(Entry(("data", "target"), "price", after=("nothing", "table"))).splitlines()
    assert lines.index("  target: price") == lines.index(TEXT.splitlines()[5]) + 1


def test_an_entry_goes():
    assert changed(Entry(("data", "drop"), None)) == (["  drop: [rooms]            # why"], [])


def test_a_key_gets_another_name():
    assert changed(Entry(("selection", "minimum"), 0.5, instead_of="minimum_r2")) == (
        ["  minimum_r2: 0.6          # the gate"],
        ["  minimum: 0.5             # the gate"],
    )


def test_a_mapping_on_one_line_stays_on_it():
    assert changed(Entry(("split", "kind"), "time"), Entry(("split", "by"), "sold")) == (
        ["split: {kind: random, folds: 5}   # in one line"],
        ["split: {folds: 5, kind: time, by: sold}   # in one line"],
    )


def test_a_section_that_is_not_there_is_added():
    assert changed(Entry(("tuning", "trials"), 3)) == ([], ["tuning: {trials: 3}"])


def test_a_list_has_a_line_for_each_item():
    entry = Entry(("data", "drop"), ["rooms", "no"], ("- rooms", '- "no"'))
    assert changed(entry) == (
        ["  drop: [rooms]            # why"],
        ["  drop:                    # why", "    - rooms", '    - "no"'],
    )


def test_windows_keeps_its_line_ends():
    text = TEXT.replace("\n", "\r\n")
    assert edited(Entry(("data", "table"), "x"), text=text) == edited(
        Entry(("data", "table"), "x")
    ).replace("\n", "\r\n")


def test_a_file_without_a_last_line_end_is_added_to():
    assert edited(Entry(("b",), 1), text="a: 1") == "a: 1\nb: 1\n"


@pytest.mark.parametrize(
    "text",
    [
        "data: &x {a: 1}\nother: *x\n",  # what one changes, the other has too
    ],
)
def test_what_leaves_no_place_is_refused_in_two_lines(text):
    with pytest.raises(UserError) as caught:
        edited(Entry(("data", "a"), {"b": "\u2028"}, ("nothing: of the kind",)), text=text)
    assert len(str(caught.value).splitlines()) == 2


WORDS = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["no", "y", "2019", "null", "1e3", "0x1", "1:30", "a: b", "# c", "-", "~", "2026-01-31", "é"]
)
VALUES = st.recursive(
    WORDS | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(VALUES)
def test_any_value_is_read_back_as_it_was(value):
    text = written(value)
    assert "\n" not in text
    assert load(f"x: {text}\n")[0] == {"x": value}


@settings(max_examples=40, deadline=None)
@given(
    path=st.sampled_from(
        [("data", "table"), ("data", "drop"), ("split", "folds"), ("selection", "minimum"), ("a",)]
    ),
    value=VALUES,
)
def test_any_entry_arrives_and_no_comment_of_another_goes(path, value):
    text = edited(Entry(path, value))
    document = yaml.safe_load(text)
    for key in path:
        document = document[key]
    assert document == value
    for comment in ("# A heading.", "# of the project", "# A comment inside.", "# how many"):
        assert comment in text
