"""Parquet files that claim what they are not, by a writer of our own.

The format: https://parquet.apache.org/docs/file-format/ and parquet.thrift of the format's
repository; its headers are structs of Thrift's compact protocol.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import parquet

MEGABYTE = 2**20
CODECS = {"snappy": 1, "gzip": 2, "brotli": 4, "zstd": 6, "lz4_raw": 7}
INT64, DOUBLE, BYTE_ARRAY = 2, 5, 6
PLAIN, RLE_DICTIONARY = 0, 8
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
_INT, _LONG, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12


def varint(number: int) -> bytes:
    """Seven bits a byte, least first."""
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def _value(kind: int, value) -> bytes:
    if kind in (_INT, _LONG):
        return varint(value << 1 if value >= 0 else (-value << 1) - 1)
    if kind == _BINARY:
        return varint(len(value.encode())) + value.encode()
    if kind == _LIST:
        inner, values = value
        size = len(values)
        head = bytes([size << 4 | inner]) if size < 15 else bytes([0xF0 | inner]) + varint(size)
        return head + b"".join(_value(inner, one) for one in values)
    return value


def thrift(*fields: tuple[int, int, object]) -> bytes:
    """A struct of (number, kind, value), in the order of the numbers."""
    encoded, before = b"", 0
    for number, kind, value in fields:
        encoded += bytes([(number - before) << 4 | kind]) + _value(kind, value)
        before = number
    return encoded + b"\0"


def page(data: bytes, values: int, claimed: int, *, encoding=PLAIN, kind=_DATA) -> bytes:
    """A page with its header.

    Args:
        data: As it is stored, perhaps compressed.
        values: How many it claims to hold.
        claimed: Bytes that it claims to unpack to.
        encoding: Of the values.
        kind: Of the page.
    """
    if kind == _DATA:
        counts = ((1, values), (2, encoding), (3, 3), (4, 3))
        inner = (5, _STRUCT, thrift(*((n, _INT, v) for n, v in counts)))
    elif kind == _DICTIONARY:
        inner = (7, _STRUCT, thrift((1, _INT, values), (2, _INT, PLAIN)))
    else:
        counts = ((1, values), (2, 0), (3, values), (4, encoding), (5, 0), (6, 0))
        inner = (8, _STRUCT, thrift(*((n, _INT, v) for n, v in counts)))
    return thrift((1, _INT, kind), (2, _INT, claimed), (3, _INT, len(data)), inner) + data


@dataclass
class Chunk:
    """A column of the only row group.

    Attributes:
        name: Of the column.
        pages: With headers; a dictionary first.
        type: Physical.
        codec: Number of the codec.
        values: How many the footer claims.
        dictionary: Bytes of the dictionary's page, which comes first.
    """

    name: str
    pages: bytes
    type: int = DOUBLE
    codec: int = 0
    values: int = 1
    dictionary: int = 0

    def metadata(self, offset: int) -> bytes:
        data = offset + self.dictionary
        fields = [
            (1, _INT, self.type),
            (2, _LIST, (_INT, [PLAIN, RLE_DICTIONARY, 3])),
            (3, _LIST, (_BINARY, [self.name])),
            (4, _INT, self.codec),
            (5, _LONG, self.values),
            (6, _LONG, 100),  # bytes unpacked: the lie
            (7, _LONG, len(self.pages)),
            (9, _LONG, data),
        ]
        if self.dictionary:
            fields.append((11, _LONG, offset))
        return thrift((2, _LONG, offset), (3, _STRUCT, thrift(*fields)))

    def schema(self) -> bytes:
        text = [(6, _INT, 0)] if self.type == BYTE_ARRAY else []  # UTF8
        return thrift((1, _INT, self.type), (3, _INT, 0), (4, _BINARY, self.name), *text)


def write(*chunks: Chunk, rows: int = 1) -> bytes:
    """A file with these columns, all required."""
    content, metadata = b"PAR1", []
    for chunk in chunks:
        metadata.append(chunk.metadata(len(content)))
        content += chunk.pages
    root = thrift((4, _BINARY, "schema"), (5, _INT, len(chunks)))
    group = thrift((1, _LIST, (_STRUCT, metadata)), (2, _LONG, 100), (3, _LONG, rows))
    footer = thrift(
        (1, _INT, 1),
        (2, _LIST, (_STRUCT, [root, *(chunk.schema() for chunk in chunks)])),
        (3, _LONG, rows),
        (4, _LIST, (_STRUCT, [group])),
    )
    return content + footer + struct.pack("<I", len(footer)) + b"PAR1"


def one(name: str, value: float = 1.0) -> Chunk:
    """A column that is what it says, of one number."""
    return Chunk(name, page(struct.pack("<d", value), 1, 8))


def compressed(codec: str, size: int, most: int, kind: int = _DATA) -> Chunk:
    """A column that unpacks to `size` bytes a page, as many pages as fit into `most` bytes."""
    data = pa.Codec(codec).compress(bytes(size), asbytes=True)
    first = page(data, 1, size, kind=kind)
    count = min(max(most // len(first), 1), 20)
    return Chunk("a", first * count, codec=CODECS[codec], values=count)


def _run_of(values: int) -> bytes:
    """The first entry of a dictionary, so many times: some bytes."""
    return b"\x01" + varint(values << 1) + b"\0"


def repeated(values: int, pages: int) -> Chunk:
    """A number of a dictionary, in a few bytes as often as an integer can say, and that often."""
    dictionary = page(struct.pack("<d", 1.0), 1, 8, kind=_DICTIONARY)
    run = _run_of(values)
    rest = page(run, values, len(run), encoding=RLE_DICTIONARY) * pages
    return Chunk("a", dictionary + rest, values=values * pages, dictionary=len(dictionary))


def long_text(size: int, values: int) -> Chunk:
    """A text in a dictionary, many times."""
    text = struct.pack("<I", size) + bytes(size)
    data = pa.Codec("zstd").compress(text, asbytes=True)
    dictionary = page(data, 1, len(text), kind=_DICTIONARY)
    run = _run_of(values)
    packed = pa.Codec("zstd").compress(run, asbytes=True)
    rest = page(packed, values, len(run), encoding=RLE_DICTIONARY)
    return Chunk(
        "t", dictionary + rest, type=BYTE_ARRAY, codec=6, values=values, dictionary=len(dictionary)
    )


def front_coded(size: int, values: int, groups: int) -> bytes:
    """Texts that are stored as what they have in common with the one before, by pyarrow."""
    buffer = io.BytesIO()
    texts = pa.array(["x" * size] * values)
    table = pa.table({"a": [1.0] * values, "t": texts})
    options = {"use_dictionary": False, "column_encoding": {"t": "DELTA_BYTE_ARRAY", "a": "PLAIN"}}
    with parquet.ParquetWriter(buffer, table.schema, compression="zstd", **options) as writer:
        for _ in range(groups):
            writer.write_table(table)
    return buffer.getvalue()


def nested(depth: int, values: int) -> bytes:
    """Lists in lists instead of a number."""
    inner: object = pa.array([0.0] * values)
    for _ in range(depth):
        inner = pa.ListArray.from_arrays(pa.array([0, len(inner)], pa.int32()), inner)
    buffer = io.BytesIO()
    table = pa.table({"a": inner, "b": [1.0]})
    parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def of_codecs(most: int) -> dict[str, bytes]:
    """Files of at most so many bytes whose pages unpack to much more than any footer says."""
    size = 400 * MEGABYTE
    sizes = {**dict.fromkeys(CODECS, size), "snappy": 100 * MEGABYTE}
    files = {codec: write(compressed(codec, sizes[codec], most), one("b")) for codec in CODECS}
    dictionary = compressed("zstd", size, 0, _DICTIONARY).pages
    return {
        **files,
        "zstd, version 2": write(compressed("zstd", size, most, _DATA_V2), one("b")),
        "zstd, dictionary": write(Chunk("a", dictionary, codec=6, dictionary=1), one("b")),
    }


def of_claims() -> dict[str, bytes]:
    """Files of some kilobytes whose headers claim what is not there."""
    number, most = struct.pack("<d", 1), 2**31 - 1
    return {
        "page's bytes": write(Chunk("a", page(b"x" * 100, 1, most), codec=2), one("b")),
        "page's values": write(Chunk("a", page(number, most, 8), values=most), one("b")),
        "column's values": write(Chunk("a", page(number, 1, 8), values=2**40), one("b")),
        "rows": write(one("a"), one("b"), rows=2**40),
        "runs": write(repeated(most, 1), one("b")),
        "many runs": write(repeated(most, 1000), one("b")),
        "runs in rows": write(repeated(2**20, 1000), one("b"), rows=2**20),
        "lists": nested(40, 10**7),
    }


def of_time(size: int = 100 * MEGABYTE, pages: int = 1900) -> bytes:
    """A file with so many pages that each is small enough, and all take minutes."""
    one_page = page(pa.Codec("zstd").compress(bytes(size), asbytes=True), 1, size)
    number = Chunk("b", page(bytes(8 * pages), pages, 8 * pages), values=pages)
    return write(Chunk("a", one_page * pages, codec=6, values=pages), number, rows=pages)


def of_texts() -> dict[str, bytes]:
    """Files for a table with the number `a` and the text `t`."""
    rows = 10_000
    number = Chunk("a", page(bytes(8 * rows), rows, 8 * rows), values=rows)
    return {
        "text": write(number, long_text(1000 * MEGABYTE, rows), rows=rows),
        "front-coded texts": front_coded(100_000, 100, 60),
    }
