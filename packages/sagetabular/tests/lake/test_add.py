from __future__ import annotations

import datetime as dt
import decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sagetabular.errors import UserError
from sagetabular.lake.add import read_files
from sagetabular.reading.names import DeclaredColumn

DECLARED = [
    DeclaredColumn("total_rooms"),
    DeclaredColumn("city", "category"),
    DeclaredColumn("sold", "time", required=False),
]


@pytest.fixture
def csv_file(tmp_path):
    def write(content, name="a.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def parquet_file(tmp_path):
    def write(columns, name="a.parquet"):
        pq.write_table(pa.table(columns), tmp_path / name)
        return tmp_path / name

    return write


def refusal(*paths, declared=DECLARED):
    with pytest.raises(UserError) as caught:
        read_files(list(paths), declared)
    text = str(caught.value)
    assert len(text.splitlines()) == 2
    return text


def test_columns_get_the_declared_names_and_types(csv_file):
    added = read_files(
        [csv_file('totalRooms,City,SOLD\n3,"x, y",2026-01-31\n+2.5,"two\nlines",\n')], DECLARED
    )
    assert added.table.to_pydict() == {
        "total_rooms": [3.0, 2.5],
        "city": ["x, y", "two\nlines"],
        "sold": [dt.datetime(2026, 1, 31), None],
    }
    assert added.renamed == {"totalRooms": "total_rooms", "City": "city", "SOLD": "sold"}
    assert added.undeclared == []


def test_the_order_of_rows_is_kept_over_several_files(csv_file):
    numbers = [(17 * n) % 1000 for n in range(1000)]
    halves = ["".join(f"{number},c\n" for number in numbers[start::2]) for start in (0, 1)]
    first = csv_file(f"total_rooms,city\n{halves[0]}")
    second = csv_file(f"total_rooms,city\n{halves[1]}", "b.csv")
    added = read_files([first, second], DECLARED)
    assert added.table["total_rooms"].to_pylist() == numbers[0::2] + numbers[1::2]


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_the_usual_delimiters_and_a_byte_order_mark_are_understood(csv_file, delimiter):
    text = "\ufefftotal rooms,city\n\n1.5,x\n".replace(",", delimiter)
    assert read_files([csv_file(text)], DECLARED).table.to_pydict() == {
        "total_rooms": [1.5],
        "city": ["x"],
    }


@pytest.mark.parametrize("missing", ["", " ", "NA", " NA ", "NaN", "null", "N/A", "None"])
def test_missing_numbers_are_null(csv_file, missing):
    cells = read_files([csv_file(f"total_rooms,city\n{missing},x\n7,y\n")], DECLARED).table
    assert cells["total_rooms"].to_pylist() == [None, 7]


def test_whole_numbers_stay_whole(csv_file):
    cells = read_files([csv_file("total_rooms,city\n+2,x\n-3,y\n,z\n")], DECLARED).table
    assert str(cells.schema.field("total_rooms").type) == "int64"
    assert cells["total_rooms"].to_pylist() == [2, -3, None]


def test_undeclared_csv_columns_are_kept_as_numbers_where_all_cells_are(csv_file):
    text = 'total_rooms,city,"a""b",code\n1,x,1,7\n2,y,2.5,A7\n'
    added = read_files([csv_file(text)], DECLARED)
    assert added.undeclared == ["a_b", "code"]
    assert added.table.select(["a_b", "code"]).to_pydict() == {
        "a_b": [1.0, 2.5],
        "code": ["7", "A7"],
    }


def test_parquet_types_become_the_declared_ones(parquet_file):
    path = parquet_file(
        {
            "TotalRooms": pa.array([decimal.Decimal("1.50"), None]),
            "city": pa.array(["x", "y"]).dictionary_encode(),
            "sold": pa.array([dt.date(2026, 1, 31), None]),
            "zip": pa.array(["01234", "56789"]),
        }
    )
    assert read_files([path], DECLARED).table.to_pydict() == {
        "total_rooms": [1.5, None],
        "city": ["x", "y"],
        "sold": [dt.datetime(2026, 1, 31), None],
        "zip": ["01234", "56789"],
    }


def test_times_finer_than_a_microsecond_are_cut(csv_file):
    text = "total_rooms,city,sold\n1,x,2026-01-31T10:00:00.123456789\n"
    rows = read_files([csv_file(text)], DECLARED).table
    assert rows["sold"].to_pylist() == [dt.datetime(2026, 1, 31, 10, 0, 0, 123456)]


@pytest.mark.parametrize("word", ["now", "today"])
def test_a_word_that_means_another_time_every_day_is_refused(csv_file, word):
    with pytest.raises(UserError, match=f"sold must hold dates or times .* got '{word}' at line 2"):
        read_files([csv_file(f"total_rooms,city,sold\n1,x,{word}\n")], DECLARED)


def test_csv_and_parquet_mix(csv_file, parquet_file):
    first = csv_file("total_rooms,city\n1,7\n")
    second = parquet_file({"city": [8], "total_rooms": [float("nan")]})
    assert read_files([first, second], DECLARED).table.to_pydict() == {
        "total_rooms": [1.0, None],
        "city": ["7", "8"],
    }


def test_text_in_a_number_column_is_named_with_file_column_value_and_line(csv_file):
    path = csv_file('total_rooms,city\n1,"a\nb"\n\n"1,234","c\nd"\nx,e\n')
    assert refusal(path).startswith(
        f"{path}: total_rooms must hold numbers (with a decimal point, no thousands "
        "separators), got '1,234' at line 5."
    )


def test_a_bad_cell_in_the_last_line_is_found_there(csv_file):
    rows = "".join(f"{number},c\n" for number in range(5000))
    assert "got 'oops' at line 5002." in refusal(csv_file(f"total_rooms,city\n{rows}oops,c\n"))


def test_a_bad_value_in_parquet_is_named_with_its_row(parquet_file):
    path = parquet_file({"total_rooms": ["1", "x"], "city": ["a", "b"]})
    assert "total_rooms must hold numbers" in refusal(path)
    assert "got 'x' at row 2." in refusal(path)


@pytest.mark.parametrize("value", ["inf", "-Infinity", "1e999", "0x10", "1_000", "1 000", "1,5"])
def test_what_is_no_finite_number_is_refused(csv_file, value):
    assert "at line 2" in refusal(csv_file(f'total_rooms,city\n"{value}",x\n'))


def test_dates_in_other_orders_are_refused(csv_file):
    text = refusal(csv_file("total_rooms,city,sold\n1,x,2026-01-31\n1,x,31.01.2026\n"))
    assert "sold must hold dates or times as in 2026-01-31" in text
    assert "got '31.01.2026' at line 3." in text


@pytest.mark.parametrize("column", ["total_rooms", "city", "sold"])
def test_nested_parquet_columns_are_refused_where_declared(parquet_file, column):
    columns = {"total_rooms": [1], "city": ["x"], column: [[1, 2]]}
    assert f"{column} must hold" in refusal(parquet_file(columns))
    assert "got 'list<element: int64>'." in refusal(parquet_file(columns))


@pytest.mark.parametrize("content", ["", "\n\n", "total_rooms,city\n", "\ufeff"])
def test_a_file_without_rows_is_refused(csv_file, content):
    assert "has no rows." in refusal(csv_file(content))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("total_rooms,city\n1,x\n2\n", "line 3 must have 2 cells as line 1 has, got 1: 2."),
        ("total_rooms,city\n1,x,y\n", "line 2 must have 2 cells as line 1 has, got 3: 1, x, y."),
        ('total_rooms,city\n1,"x\n', "line 2: unexpected end of data."),
        ('total_rooms,city\n1,"x"y\n', "line 2: ',' expected after '\"'."),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(csv_file, content, reason):
    path = csv_file(content)
    assert refusal(path).startswith(f"{path} is not a table: {reason}")


@pytest.mark.parametrize(
    ("content", "place", "charset"),
    [
        ("total_rooms,city\n1,café\n".encode("latin-1"), "line 2 has the byte 0xe9", "cp1252"),
        (("x" * 100_000 + "\n" + "é").encode("latin-1"), "line 2 has the byte 0xe9", "cp1252"),
        ("total_rooms,city\n1,x\n".encode("utf-16"), "line 1 has the byte 0xff", "utf-16"),
    ],
)
def test_text_of_another_encoding_is_refused_with_line_byte_and_remedy(
    csv_file, content, place, charset
):
    path = csv_file(content)
    assert refusal(path).splitlines() == [
        f"{path} is not UTF-8 text: {place}.",
        f"Say what it is, under data.files in conf/pipeline.yaml: encoding: {charset}; or convert "
        f"it: iconv -f {charset} -t utf8 FILE > NEW_FILE.",
    ]


@pytest.mark.parametrize("content", [b"x", b"PAR1", b"PAR1" * 9, b""])
def test_a_parquet_file_that_is_none_is_refused(csv_file, content):
    assert "a.parquet is not a table: " in refusal(csv_file(content, "a.parquet"))


def test_other_kinds_of_files_are_refused(csv_file, tmp_path):
    assert "a.sav is neither a .csv, an .xlsx nor a .parquet file" in refusal(
        csv_file("x", "a.sav")
    )
    assert "a.xls is a spreadsheet that is not read" in refusal(csv_file("x", "a.xls"))
    assert "Save it as an Excel workbook (.xlsx)" in refusal(csv_file("x", "a.ods"))
    assert "absent.csv does not exist" in refusal(tmp_path / "absent.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "folder.csv is a folder" in refusal(tmp_path / "folder.csv")


def test_files_with_other_columns_than_the_first_are_refused(csv_file):
    first = csv_file("total_rooms,city,k\n1,x,1\n")
    second = csv_file("city,total_rooms,m\ny,2,3\n", "b.csv")
    assert f"{second} lacks k; {first} lacks m." in refusal(first, second)
    more = csv_file("city,total_rooms,k,m\ny,2,3,4\n", "c.csv")
    assert f"same columns: {first} lacks m." in refusal(first, more)


def test_undeclared_columns_that_differ_in_type_are_refused(csv_file, parquet_file):
    first = csv_file("total_rooms,city,k\n1,x,one\n")
    second = parquet_file({"total_rooms": [1], "city": ["y"], "k": [1]})
    assert "The files' columns differ in type" in refusal(first, second)
