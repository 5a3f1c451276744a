"""CSV in: what is read, and what a client is told about what is not."""

from __future__ import annotations

import numpy as np
import pytest

from sagetabular.serving.formats import fast_csv

ROWS = "1,2,3\n-4.5,1e2,6\n"


def test_rows_without_a_header_are_in_the_order_of_the_model(client) -> None:
    assert client.post(ROWS).values.shape == (2,)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("1,2,3\n-4.5,1e2,6", "text/csv"),
        ("1,2,3\r\n-4.5,1e2,6\r\n", "text/csv; charset=utf-8"),
        ("\ufeff" + ROWS, 'TEXT/CSV;charset="UTF-8"'),
        ('"1","2",3\n"-4.5",1e2,"6"', "text/csv"),
        (" 1, 2,3\n-4.5,+100.,06", "text/csv"),
        ("rooms,área,age\n" + ROWS, "text/csv"),
        ("age,label,rooms,área\n3,x,1,2\n6,,-4.5,100\n", "text/csv"),
        ("age,rooms,label,área\n3,1,9,2\n6,-4.5,9,100\n", "text/csv"),
        ('"age", rooms ,"área"\n3,1,2\n6,-4.5,100\n', "text/csv"),
        ("rooms,área,age\n1,2,3\n-4.5,1e2,6".encode("iso-8859-1"), "text/csv; charset=latin-1"),
        ("rooms,área,age\n1,2,3\n-4.5,1e2,6".encode("utf-16"), "text/csv; charset=utf-16"),
        (ROWS.encode("utf-16-le"), "text/csv; charset=utf-16le"),
    ],
)
def test_dialects_give_the_same_numbers(client, body, content_type) -> None:
    np.testing.assert_array_equal(client.post(body, content_type).values, client.post(ROWS).values)


@pytest.mark.parametrize("body", ["1,2,\n", '1,2,""\n', "1,2,nan", "1,2,NaN\r\n"])
def test_an_empty_field_is_a_missing_value(client, body) -> None:
    frame = client.app.model._frame(np.array([[1.0, 2.0, np.nan]]))
    expected = client.app.model.code.predict(client.app.model.model, frame)
    np.testing.assert_array_equal(client.post(body).values, expected)


def test_categories_are_text_and_may_be_missing(town_client) -> None:
    answers = town_client.post('1,2,"in,land",3\n1,2,,3\n1,2,"î""le",3\n1,2,new\n,3\n')
    assert answers.status == 400, "a line break outside of quotes is the end of a line"
    answers = town_client.post('1,2,"in,land",3\n1,2,,3\n1,2,"î""le",3\n1,2,"new\ntown",3\n')
    assert answers.values.shape == (4,)
    assert answers.values[0] > answers.values[2] + 1000, "the town counts"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("1,2,3\n1,x,3\n", "line 2, column 'área': 'x' is not a number."),
        ("rooms,área,age\n1,2,3\n1,2,3x\n", "line 3, column 'age': '3x' is not a number."),
        ("1,2,3\r\n1,2\r\n", "line 2: must have 3 fields, got 2."),
        ("1,2,3\n1,2,3,4\n1,2\n", "line 2: must have 3 fields, got 4."),
        ("1,2,3\n1,inf,3", "line 2, column 'área': 'inf' is not a number."),
        ("1,2,1e39", "line 1, column 'age': '1e39' is not a number up to 3.4e38."),
        ("1,2,1e999", "line 1, column 'age': '1e999' is not a number up to 3.4e38."),
        ("1_0,2,3", "line 1, column 'rooms': '1_0' is not a number."),
        ("\u0661,2,3", "line 1, column 'rooms': '\u0661' is not a number."),
        ("[1,2],3", "line 1, column 'rooms': '[1' is not a number."),
        ("1;2", "line 1: must have 3 fields, got 2."),
        ("1 2 3", "line 1: must have 3 fields, got 1."),
        ("a,b,c\n1,2,3\n", "line 1: 3 columns are missing: rooms, área, age."),
        ("Rooms,Ages\n1,2\n", "line 1: 2 columns are missing: área, age (did you mean Ages?)."),
        ("1,2,3,\n1,2,3,4\n", "line 2: must have 3 fields, got 4."),
        ('1,2,"3', "line 1: unexpected end of data."),
        ('"1\n",2,3\n1,2,x', "line 3, column 'age': 'x' is not a number."),
        ("", "The body holds no row."),
        ("rooms,área,age\n", "The body holds no row."),
        ("rooms,age\n1,2\n", "line 1: the column 'área' is missing."),
        ("rooms,age,área,age\n1,2,3,4\n", "line 1: the column 'age' stands there twice."),
        (b"1,2,3\n1,\xff,3", "line 2: byte 0xff is not UTF-8."),
        ("1,2," + "9" * 200000, "line 1: field larger than field limit (131072)."),
    ],
)
def test_a_bad_line_is_named(client, body, message) -> None:
    reply = client.post(body)
    assert (reply.status, reply.text.splitlines()[0]) == (400, message)
    assert len(reply.text.splitlines()) == 2, "a rule and a remedy"
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"


def test_bytes_that_are_not_in_the_charset_are_refused(client) -> None:
    assert client.post(b"1,2,3\n1", "text/csv; charset=utf-16").status == 400


@pytest.mark.parametrize("reader", ["simdjson", "numpy"])
@pytest.mark.parametrize(
    ("body", "matrix"),
    [
        (b"1,2\n3,4", [[1, 2], [3, 4]]),
        (b",2\n,\n1,\n", [[np.nan, 2], [np.nan, np.nan], [1, np.nan]]),
        (b"-0,0.1\n", [[0.0, 0.1]]),
        (b"9007199254740993,1e-400\n", [[9007199254740992, 0]]),
        (b"1,2,3,4", None),
        (b"1,2,3\n4\n", None),
        (b"1,2\n\n3,4\n", None),
        (b"1,2\n3,4\n\n", None),
        (b"1 2,3", None),
        (b"1,1e39", None),
        (b"1,--2", None),
        (b"1,\r2", None),
        (b"", None),
        (b"\n", None),
        (b",", [[np.nan, np.nan]]),
    ],
)
def test_both_fast_readers_agree(monkeypatch, reader, body, matrix) -> None:
    if reader == "numpy":
        monkeypatch.setattr(fast_csv, "_read", fast_csv._read_with_numpy)
    numbers = fast_csv.read_numbers(body, 2)
    if matrix is None:
        assert numbers is None
    else:
        np.testing.assert_array_equal(numbers, np.array(matrix, dtype=float))
        assert not np.signbit(numbers).any()


@pytest.mark.parametrize("reader", ["simdjson", "numpy"])
def test_an_empty_line_is_a_missing_value_of_a_model_with_one_column(monkeypatch, reader) -> None:
    if reader == "numpy":
        monkeypatch.setattr(fast_csv, "_read", fast_csv._read_with_numpy)
    numbers = fast_csv.read_numbers(b"1\n\n3\n", 1)
    np.testing.assert_array_equal(numbers, [[1], [np.nan], [3]])


def test_numpy_reads_where_simdjson_has_no_wheel(monkeypatch) -> None:
    monkeypatch.setattr(fast_csv, "find_spec", lambda name: None)
    assert fast_csv._reader() is fast_csv._read_with_numpy
