from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagetabular.reading.errors import ReadingError
from sagetabular.reading.names import (
    DeclaredColumn,
    did_you_mean,
    match_columns,
    match_names,
    snake_case,
)

WORD = st.text(string.ascii_lowercase, min_size=1, max_size=8)
WORDS = st.lists(WORD, min_size=1, max_size=4)

SPELLINGS = {
    "snake": "_".join,
    "kebab": "-".join,
    "spaces": " ".join,
    "title": lambda words: " ".join(word.title() for word in words),
    "camel": lambda words: words[0] + "".join(word.title() for word in words[1:]),
    "pascal": lambda words: "".join(word.title() for word in words),
    "lower": "".join,
    "upper": lambda words: "_".join(words).upper(),
}


@given(words=WORDS, spelling=st.sampled_from(sorted(SPELLINGS)))
def test_every_spelling_of_a_declared_column_is_that_column(words, spelling):
    declared = DeclaredColumn("_".join(words))
    written = SPELLINGS[spelling](words)
    assert match_columns([written], [declared], "a.csv") == [declared.name]


@given(words=st.lists(st.text(string.ascii_lowercase, min_size=2), min_size=1, max_size=4))
def test_snake_case_finds_the_words_of_every_spelling_that_shows_them(words):
    written = {name: spell(words) for name, spell in SPELLINGS.items() if name != "lower"}
    assert {snake_case(text) for text in written.values()} == {"_".join(words)}


@given(name=st.text(max_size=20))
def test_snake_case_of_snake_case_changes_nothing(name):
    assert snake_case(snake_case(name)) == snake_case(name)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("HTTPPort", "http_port"),
        ("größeInM2", "größe_in_m2"),
        ('say "hi"', "say_hi"),
        ("  padded  ", "padded"),
        ("price€", "price"),
        ("ﬁrstName", "first_name"),
        ("x; DROP TABLE y", "x_drop_table_y"),
    ],
)
def test_undeclared_columns_keep_their_own_name_in_snake_case(written, expected):
    assert match_columns([written], [], "a.csv") == [expected]


def test_the_exact_name_wins_over_another_declared_column_of_the_same_letters():
    declared = [DeclaredColumn("totalRooms"), DeclaredColumn("total_rooms")]
    names = ["total_rooms", "totalRooms"]
    assert match_columns(names, declared, "a.csv") == names


def test_all_missing_columns_are_named_at_once_with_what_the_file_has():
    declared = [
        DeclaredColumn("total_rooms"),
        DeclaredColumn("city"),
        DeclaredColumn("age", required=False),
    ]
    with pytest.raises(ReadingError) as caught:
        match_columns(["roomsTotal", "cty"], declared, "a.csv")
    assert str(caught.value).splitlines() == [
        "a.csv: 2 required column(s) missing: total_rooms (did you mean roomsTotal?), "
        "city (did you mean cty?).",
        "It has roomsTotal, cty: rename its columns, or correct data.columns in "
        "conf/pipeline.yaml.",
    ]


def test_a_long_list_of_columns_is_cut():
    with pytest.raises(ReadingError, match="and 180 more: rename"):
        match_columns([f"c{number}" for number in range(200)], [DeclaredColumn("wanted")], "a.csv")


def test_two_spellings_of_one_column_are_refused():
    with pytest.raises(ReadingError, match="2 columns are total_rooms: totalRooms, Total Rooms"):
        match_columns(["totalRooms", "x", "Total Rooms"], [DeclaredColumn("total_rooms")], "a.csv")


@pytest.mark.parametrize("name", ["", "  ", "🏠", '""', "--"])
def test_a_column_without_letters_or_digits_has_no_name_unless_it_is_declared(name):
    assert match_columns(["a", name, name], [], "a.csv") == ["a", "", ""]
    assert match_columns(["a", name], [DeclaredColumn(name)], "a.csv") == ["a", name]


@pytest.mark.parametrize(
    ("names", "wanted", "expected"),
    [
        (["402", "40.2"], ["402", "40_2"], ["402", "40_2"]),
        (["40.2", "400"], ["402", "400"], ["40_2", "400"]),
        (["x1_1", "x11"], ["x11"], ["x1_1", "x11"]),
        (["X1 1", "X11"], ["x11"], ["x1_1", "x11"]),
        (["Inf", "a"], ["a", "inf"], ["inf", "a"]),
        (["pH", "ph"], ["ph"], ["p_h", "ph"]),
    ],
)
def test_the_nearest_spelling_counts_and_numbers_mean_themselves(names, wanted, expected):
    assert match_names(names, wanted) == expected


def test_nothing_alike_gives_no_hint():
    assert did_you_mean("latitude", ["zip", "x"]) == ""
