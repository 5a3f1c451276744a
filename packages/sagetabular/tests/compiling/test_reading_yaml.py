"""What YAML reads as something else than it says, and what would keep it busy for ever."""

from __future__ import annotations

import time

import pytest
import yaml

from sagetabular.errors import UserError
from sagetabular.settings.reading import read_mapping

PIPELINE, BOOST, RIDGE = "conf/pipeline.yaml", "models/boost/model.yaml", "models/ridge/model.yaml"
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefg", "bcdefgh", strict=True)
)

# What YAML 1.1 makes of it stands in its types: yaml.org/type/bool.html, int.html, null.html.
MISREAD = {
    "a column No": ("columns: {", "columns: {no: number, ", "the key no is read as false."),
    "a column of a year": (
        "columns: {", "columns: {2019: number, ", "the key 2019 is read as a number.",
    ),
    "a column Null": ("columns: {", "columns: {null: number, ", "the key null is read as null."),
    "a column of a date": (
        "columns: {", "columns: {2019-01-02: number, ",
        "the key 2019-01-02 is read as the date 2019-01-02.",
    ),
    "a column of a date that does not exist": (
        "columns: {", "columns: {2026-02-30: number, ",
        "the key 2026-02-30 is read as a timestamp.",
    ),
    "a column to drop": ("drop: [area]", "drop: [area, no]", "no is read as false."),
    "one-hot columns": ("one_hot: []", "one_hot: [yes, no]", "yes is read as true."),
    "an octal number": ("seed: 5", "seed: 010", "010 is read as 8."),
    "a number to the base of 60": ("seed: 5", "seed: 1:30", "1:30 is read as 90."),
}  # fmt: skip


@pytest.fixture
def written(example):
    """The small project's settings in text that a test may edit."""
    document = yaml.safe_load((example.root / PIPELINE).read_text(encoding="utf-8"))
    document["own"] = {"one_hot": []}
    document["split"]["seed"] = 5
    return yaml.safe_dump(document, sort_keys=False, default_flow_style=True, width=10**6)


@pytest.mark.parametrize("case", MISREAD)
def test_what_is_read_as_something_else_is_refused_as_it_is_written(
    example, mistake_of, written, case
):
    before, after, message = MISREAD[case]
    assert before in written
    example.write(PIPELINE, written.replace(before, after))
    rule, remedy = mistake_of(example)
    assert rule.startswith(f"{PIPELINE}: line 1, column ")
    assert rule.endswith(f": {message}")
    assert f'"{message.split(" is read")[0].removeprefix("the key ")}"' in remedy
    assert remedy.startswith("Put it in quotes")


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("no", "False for no"), ("NULL", "None for NULL"), ("2019-01-02", "datetime.date(2019"),
        ("1_000", "1000 for 1_000"), ("3.10", "3.1 for 3.10"), ("0x10", "16 for 0x10"),
    ],
)  # fmt: skip
def test_text_that_is_read_as_something_else_is_shown_as_it_is_written(
    example, mistake_of, written, text, got
):
    example.write(PIPELINE, written.replace("target: price", f"target: {text}"))
    rule, remedy = mistake_of(example)
    assert rule.startswith(f"{PIPELINE}: data.target must be a valid string, got {got}")
    assert remedy == f'Put it in quotes: "{text}".'


def test_values_of_a_range_are_words_only_in_quotes(example, mistake_of):
    example.load()
    values = "tuning:\n  ranges:\n    booster: {type: categorical, values: [%s]}\n"
    head = 'title: Boost\nimage: {framework: xgboost, version: "3.2-0"}\n'
    example.write(BOOST, head + values % "yes, no")
    rule, remedy = mistake_of(example)
    assert rule == f"{BOOST}: line 5, column 43: yes is read as true."
    assert remedy == 'Put it in quotes, "yes", or write true.'
    for words, meant in (('"yes", "no"', ["yes", "no"]), ("true, false", [True, False])):
        example.write(BOOST, head + values % words)
        found = example.load().models["boost"].tuning.ranges["booster"].values
        assert [*found] == meant


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LAUGHS, "must hold at most 200,000 values, got "),
        ("a: &a [1, *a]\n", "an alias stands inside of what it names"),
        ("a: &a {b: *a}\n", "an alias stands inside of what it names"),
        ("seed: !!int ''\n", "'' is no int"),
        ("seed: !!float ''\n", "'' is no float"),
        ("seed: !!int [1]\n", "expected a scalar node"),
        ("seed: !!timestamp x\n", "'x' is no timestamp"),
        ("seed: !!bool x\n", "'x' is no bool"),
        ("seed: 0x" + "f" * 4000 + "\n", "is no int, but 4002 signs"),
        ("seed: " + "9" * 5000 + "\n", "is no int, but 5000 signs"),
        ("seed: " + ":".join(["1"] * 3000) + "\n", "signs"),
        ("a: " + "[" * 20_000 + "\n", "is nested too deeply"),
        ("a: " + "{a: " * 20_000 + "\n", "is nested too deeply"),
        ("? [1, 2]\n: 3\n", "a key must be text"),
        ("? {a: 1}\n: 3\n", "a key must be text"),
        ("a: *b\n", "undefined alias"),
        ("a: !!omap [1]\n", "expected a mapping of length 1"),
        ("--- a\n--- b\n", "expected a single document"),
        ("a: \x07\n", "special characters are not allowed"),
    ],
    ids=lambda value: value[:20],
)
def test_what_would_break_the_reader_is_two_lines_at_once(tmp_path, text, words):
    (tmp_path / "file.yaml").write_text(text, encoding="utf-8")
    started = time.process_time()
    with pytest.raises(UserError) as caught:
        read_mapping(tmp_path / "file.yaml", "file.yaml")
    assert time.process_time() - started < 2
    rule, _remedy = str(caught.value).splitlines()
    assert rule.startswith("file.yaml: ") and words in rule
    assert len(rule) < 400


def test_anchors_that_help_are_read(tmp_path):
    text = "base: &base {a: 1, b: [1, 2]}\nother: {<<: *base, a: 3}\nlist: [*base, *base]\n"
    (tmp_path / "file.yaml").write_text(text, encoding="utf-8")
    base = {"a": 1, "b": [1, 2]}
    assert read_mapping(tmp_path / "file.yaml", "file.yaml") == {
        "base": base, "other": {"a": 3, "b": [1, 2]}, "list": [base, base]
    }  # fmt: skip


def test_ten_thousand_keys_take_no_time(tmp_path):
    """What a key is compared with must not grow with their number."""
    for count in (5_000, 10_000):
        (tmp_path / f"{count}.yaml").write_text("".join(f"c{n}: number\n" for n in range(count)))
    seconds = {}
    for count in (5_000, 10_000):
        started = time.process_time()
        assert len(read_mapping(tmp_path / f"{count}.yaml", "file.yaml")) == count
        seconds[count] = time.process_time() - started
    assert seconds[10_000] < 3 * seconds[5_000] + 0.1
